// A right signature is verified; after any change of one bit or one sign, anywhere, it is refused.

import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import type { SignatureProfile } from '../../lib/callers-schema.ts';
import { secret } from '../../lib/secret.ts';
import { verifySignature } from '../../lib/signature.ts';

interface Message {
  readonly profile: SignatureProfile;
  readonly secretText: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

const now = Date.parse('2026-11-23T09:15:30Z');

interface Parts {
  readonly key: Uint8Array;
  readonly id: string;
  readonly at: number;
  readonly body: Uint8Array;
}

/** Signs as each sender's documentation says (reference implementations; not the code under test). */
const signers: Readonly<Record<SignatureProfile, (parts: Parts) => Message>> = {
  'standard-webhooks': ({ key, id, at, body }) => {
    const seconds = String(Math.floor(at / 1000));
    const mac = createHmac('sha256', key).update(`${id}.${seconds}.`).update(body);
    return {
      profile: 'standard-webhooks',
      secretText: `whsec_${Buffer.from(key).toString('base64')}`,
      headers: {
        'webhook-id': id,
        'webhook-timestamp': seconds,
        'webhook-signature': `v1,${mac.digest('base64')}`,
      },
      body,
    };
  },
  zendesk: ({ key, at, body }) => {
    const secretText = Buffer.from(key).toString('hex');
    const time = `${new Date(at).toISOString().slice(0, 19)}Z`;
    const mac = createHmac('sha256', secretText).update(time).update(body);
    return {
      profile: 'zendesk',
      secretText,
      headers: {
        'x-zendesk-webhook-signature': mac.digest('base64'),
        'x-zendesk-webhook-signature-timestamp': time,
      },
      body,
    };
  },
  glpi: ({ key, at, body }) => {
    const secretText = Buffer.from(key).toString('hex');
    const seconds = String(Math.floor(at / 1000));
    const mac = createHmac('sha256', secretText).update(body).update(seconds);
    return {
      profile: 'glpi',
      secretText,
      headers: { 'x-glpi-signature': mac.digest('hex'), 'x-glpi-timestamp': seconds },
      body,
    };
  },
  'hub-sha256': ({ key, body }) => {
    const secretText = Buffer.from(key).toString('hex');
    const mac = createHmac('sha256', secretText).update(body).digest('hex');
    return {
      profile: 'hub-sha256',
      secretText,
      headers: { 'x-hub-signature': `sha256=${mac}` },
      body,
    };
  },
  'hub-sha1': ({ key, body }) => {
    const secretText = Buffer.from(key).toString('hex');
    const mac = createHmac('sha1', secretText).update(body).digest('hex');
    return { profile: 'hub-sha1', secretText, headers: { 'x-hub-signature': `sha1=${mac}` }, body };
  },
};

const verifies = ({ profile, secretText, headers, body }: Message): boolean =>
  verifySignature(
    { profile, secrets: [secret(secretText)], toleranceSeconds: 300 },
    { get: (name) => headers[name] ?? null },
    body,
    now,
  ).ok;

const message = fc
  .record({
    profile: fc.constantFrom(...(Object.keys(signers) as SignatureProfile[])),
    key: fc.uint8Array({ minLength: 16, maxLength: 64 }),
    id: fc.string({ unit: fc.constantFrom(...'msg_0aZ.-~!'), minLength: 1, maxLength: 40 }),
    at: fc.integer({ min: now - 299_000, max: now + 299_000 }),
    body: fc.uint8Array({ minLength: 1, maxLength: 200 }),
  })
  .map(({ profile, ...parts }) => signers[profile](parts));

/** Another printable sign in place of one of a header; letter case of hex means nothing. */
function changeHeader(sent: Message, which: number, at: number, sign: string): Message {
  const names = Object.keys(sent.headers);
  const name = names[which % names.length] ?? '';
  const old = sent.headers[name] ?? '';
  const index = at % old.length;
  const changed = old.slice(0, index) + sign + old.slice(index + 1);
  return { ...sent, headers: { ...sent.headers, [name]: changed } };
}

function changeBody(sent: Message, at: number, bit: number): Message {
  const index = at % sent.body.length;
  const body = sent.body.map((byte, i) => (i === index ? byte ^ (1 << bit) : byte));
  return { ...sent, body };
}

const same = (a: Message, b: Message): boolean => {
  const hex = a.profile === 'glpi' || a.profile.startsWith('hub-');
  const text = (headers: Message['headers']) => JSON.stringify(headers);
  return hex
    ? text(a.headers).toLowerCase() === text(b.headers).toLowerCase()
    : text(a.headers) === text(b.headers);
};

/** One byte more; not a zero, which HMAC would pad anyway. */
function otherSecret({ profile, secretText }: Message): string {
  if (profile !== 'standard-webhooks') return `${secretText}1`;
  const key = Buffer.from(secretText.slice('whsec_'.length), 'base64');
  return `whsec_${Buffer.concat([key, Buffer.of(1)]).toString('base64')}`;
}

export const signatures = fc.property(
  message,
  fc.nat(),
  fc.nat(),
  fc.nat(7),
  fc.constantFrom(...'ABCXYZabcxyz019+/=.,-_:TZ !~'),
  (sent, which, at, bit, sign) => {
    if (!verifies(sent)) throw new Error('A right signature was refused.');
    if (verifies(changeBody(sent, at, bit))) throw new Error('Another body was accepted.');
    const other = changeHeader(sent, which, at, sign);
    if (!same(other, sent) && verifies(other)) throw new Error('Another header was accepted.');
    if (verifies({ ...sent, secretText: otherSecret(sent) })) {
      throw new Error('Another secret was accepted.');
    }
  },
);
