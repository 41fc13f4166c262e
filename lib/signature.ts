// Is this body really from that sender? Profiles are data; one function verifies. Works on raw bytes,
// in constant time, with the clock passed in. Stands right after the length checks; nothing of the
// body has been decoded yet. Facts on each sender: Standard Webhooks specification; Zendesk "Verifying
// webhook authenticity"; GLPI 11 and Zammad source; WebSub (X-Hub-Signature).

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { SignatureProfile } from './callers-schema.ts';
import type { CredentialFault } from './failure.ts';
import type { Headers } from './headers.ts';
import { err, ok, type Result } from './result.ts';
import { reveal, type Secret } from './secret.ts';

export interface SignatureRule {
  readonly profile: SignatureProfile;
  readonly secrets: readonly Secret[];
  readonly toleranceSeconds: number;
}

/** What a verified signature proves: these bytes, and with Standard Webhooks this id. */
export interface Signed {
  /** SHA-256 (hex) of the signed bytes: one name of the delivery that no header can change. */
  readonly hash: string;
  readonly webhookId: string | undefined;
}

interface Profile {
  readonly algorithm: 'sha256' | 'sha1';
  /** Headers of which the first present one carries the signature. */
  readonly signatureHeaders: readonly string[];
  readonly encoding: 'base64' | 'hex';
  /** What stands before the encoded value. */
  readonly prefix: string;
  /** Several signatures in one header, separated by spaces; those of other versions are skipped. */
  readonly list: boolean;
  readonly timestamp?: { readonly header: string; readonly format: 'seconds' | 'iso' };
  readonly idHeader?: string;
  readonly signedParts: (id: string, timestamp: string) => readonly [before: string, after: string];
}

const profiles: Readonly<Record<SignatureProfile, Profile>> = {
  'standard-webhooks': {
    algorithm: 'sha256',
    signatureHeaders: ['webhook-signature'],
    encoding: 'base64',
    prefix: 'v1,',
    list: true,
    timestamp: { header: 'webhook-timestamp', format: 'seconds' },
    idHeader: 'webhook-id',
    signedParts: (id, timestamp) => [`${id}.${timestamp}.`, ''],
  },
  zendesk: {
    algorithm: 'sha256',
    signatureHeaders: ['x-zendesk-webhook-signature'],
    encoding: 'base64',
    prefix: '',
    list: false,
    timestamp: { header: 'x-zendesk-webhook-signature-timestamp', format: 'iso' },
    signedParts: (_id, timestamp) => [timestamp, ''],
  },
  glpi: {
    algorithm: 'sha256',
    signatureHeaders: ['x-glpi-signature'],
    encoding: 'hex',
    prefix: '',
    list: false,
    timestamp: { header: 'x-glpi-timestamp', format: 'seconds' },
    signedParts: (_id, timestamp) => ['', timestamp],
  },
  'hub-sha256': {
    algorithm: 'sha256',
    signatureHeaders: ['x-hub-signature-256', 'x-hub-signature'],
    encoding: 'hex',
    prefix: 'sha256=',
    list: false,
    signedParts: () => ['', ''],
  },
  'hub-sha1': {
    algorithm: 'sha1',
    signatureHeaders: ['x-hub-signature'],
    encoding: 'hex',
    prefix: 'sha1=',
    list: false,
    signedParts: () => ['', ''],
  },
};

/** Seconds by which a signed time may differ from ours, both ways, when the entry names none. */
export const defaultToleranceSeconds = (profile: SignatureProfile): number =>
  profile === 'glpi' ? 86_400 : 300; // GLPI signs when it queues and retries for hours

/** @param nowMs the time to judge by, in milliseconds since 1970. */
export function verifySignature(
  rule: SignatureRule,
  headers: Headers,
  body: Uint8Array,
  nowMs: number,
): Result<Signed, CredentialFault> {
  const profile = profiles[rule.profile];
  const header = firstPresent(headers, profile.signatureHeaders);
  const id = profile.idHeader === undefined ? '' : headers.get(profile.idHeader);
  const timestamp = profile.timestamp === undefined ? '' : headers.get(profile.timestamp.header);
  if (!header || id === null || timestamp === null) return err('no-signature');
  if (profile.idHeader !== undefined && !/^[!-~]{1,255}$/.test(id)) return err('bad-signature');

  const [before, after] = profile.signedParts(id, timestamp);
  const content = Buffer.concat([Buffer.from(before), body, Buffer.from(after)]);
  const offered = (profile.list ? header.split(' ') : [header.trim()])
    .map((value) => decodeSignature(value, profile))
    .filter((value) => value !== undefined);
  const expected = rule.secrets.map((secret) =>
    createHmac(profile.algorithm, secretBytes(rule.profile, reveal(secret)))
      .update(content)
      .digest(),
  );
  if (!expected.some((right) => offered.some((value) => sameBytes(right, value)))) {
    return err('bad-signature');
  }
  if (profile.timestamp !== undefined) {
    const signedAt = timeOf(timestamp, profile.timestamp.format);
    if (signedAt === undefined) return err('bad-signature');
    if (Math.abs(nowMs - signedAt) > rule.toleranceSeconds * 1000) return err('stale-signature');
  }
  return ok({
    hash: createHash('sha256').update(content).digest('hex'),
    webhookId: profile.idHeader === undefined ? undefined : id,
  });
}

const firstPresent = (headers: Headers, names: readonly string[]): string | null =>
  names.map((name) => headers.get(name)).find((value) => value !== null) ?? null;

/** Strict: Buffer.from forgives cut or odd text, so the round trip has to give the same text. */
function decodeSignature(value: string, profile: Profile): Buffer | undefined {
  if (!value.startsWith(profile.prefix)) return undefined;
  const encoded = value.slice(profile.prefix.length);
  const bytes = Buffer.from(encoded, profile.encoding);
  const same = profile.encoding === 'hex' ? encoded.toLowerCase() : encoded;
  return bytes.toString(profile.encoding) === same ? bytes : undefined;
}

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && timingSafeEqual(a, b);

function timeOf(text: string, format: 'seconds' | 'iso'): number | undefined {
  if (format === 'seconds') return /^\d{1,12}$/.test(text) ? Number(text) * 1000 : undefined;
  const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;
  const time = iso.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

const standardPrefix = 'whsec_';

/** The HMAC key: base64 after whsec_ for Standard Webhooks, else the text's own bytes. */
function secretBytes(profile: string | undefined, text: string): Buffer {
  return profile === 'standard-webhooks'
    ? Buffer.from(text.slice(standardPrefix.length), 'base64')
    : Buffer.from(text, 'utf8');
}

const fewestSecretBytes = 16;

/** The platform leaves a reference as it is when it cannot read the secret. */
export const isUnresolved = (text: string): boolean => /^\s*@Microsoft\.KeyVault\(/i.test(text);

/** Why a secret cannot be used, or undefined. Never repeats the secret. */
export function secretMistake(profile: string | undefined, text: string | undefined) {
  if (text === undefined || text.trim() === '') return 'is not set or empty';
  if (isUnresolved(text)) {
    return 'is a Key Vault reference that was not resolved: check the vault, the secret and the identity’s role';
  }
  const isStandard = profile === 'standard-webhooks';
  const bytes = secretBytes(profile, text);
  const roundTrip = standardPrefix + bytes.toString('base64');
  if (isStandard && roundTrip.replace(/=+$/, '') !== text.replace(/=+$/, '')) {
    return 'must be whsec_ followed by base64';
  }
  return bytes.length < fewestSecretBytes ? 'is shorter than 16 bytes' : undefined;
}
