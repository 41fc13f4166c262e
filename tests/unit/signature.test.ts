// Signatures: the published vectors, each profile, and everything that has to be refused.
// The values of our own vectors were computed with OpenSSL.

import { createHmac } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import type { SignatureProfile } from '../../lib/callers-schema.ts';
import { secret } from '../../lib/secret.ts';
import {
  defaultToleranceSeconds,
  sameBytes,
  secretMistake,
  verifySignature,
} from '../../lib/signature.ts';
import { bytesOf, headersOf } from '../support/a-valid-request.ts';

const now = Date.parse('2026-11-23T09:15:30Z'); // 1795425330 in seconds
const text = '{"UserName":"adele.vance@contoso.com"}';
const body = bytesOf(text);
const ownText = 'signing-secret-of-16+';

interface Sent {
  readonly profile: SignatureProfile;
  readonly secrets?: readonly string[];
  readonly toleranceSeconds?: number;
  readonly headers: Readonly<Record<string, string | null>>;
  readonly body?: Uint8Array;
  readonly nowMs?: number;
}

const verify = (sent: Sent) =>
  verifySignature(
    {
      profile: sent.profile,
      secrets: (sent.secrets ?? [ownText]).map(secret),
      toleranceSeconds: sent.toleranceSeconds ?? 300,
    },
    headersOf(sent.headers),
    sent.body ?? body,
    sent.nowMs ?? now,
  );

const refused = (failure: string) => ({ ok: false, failure });

// --- published vectors -----------------------------------------------------------------------------

const published = {
  profile: 'standard-webhooks',
  secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
  headers: {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  },
  body: bytesOf('{"test": 2432232314}'),
  nowMs: 1_614_265_330_000,
} as const satisfies Sent;

const hub = {
  profile: 'hub-sha256',
  secrets: ["It's a Secret to Everybody"],
  headers: {
    'x-hub-signature': 'sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9',
  },
  body: bytesOf('Hello World!'),
} as const satisfies Sent;

const zendesk = {
  profile: 'zendesk',
  headers: {
    'x-zendesk-webhook-signature': 'bAnINDnwCx5m2fXOyriIm8yAz/qTiSRGUJov2LMt48I=',
    'x-zendesk-webhook-signature-timestamp': '2026-11-23T09:15:30Z',
  },
} as const satisfies Sent;

const glpi = {
  profile: 'glpi',
  toleranceSeconds: 86_400,
  headers: {
    'x-glpi-signature': 'bd3f7da9d5cf8af9991c2a6ded49a0cdcaf98a8bdaa4e0a280e7893e2f7f7de1',
    'x-glpi-timestamp': '1795425330',
  },
} as const satisfies Sent;

const hubSha1 = {
  profile: 'hub-sha1',
  headers: { 'x-hub-signature': 'sha1=cf78116d4061a8d557237a5b9712ebb0489f2b19' },
} as const satisfies Sent;

const valid: readonly [string, Sent][] = [
  ['standard-webhooks', published],
  ['hub-sha256', hub],
  ['zendesk', zendesk],
  ['glpi', glpi],
  ['hub-sha1', hubSha1],
];

test('the example of the Standard Webhooks specification', () => {
  expect(verify(published)).toEqual({
    ok: true,
    value: {
      hash: 'fd94dd7335dc2af74a2c07ebe09e9b6c1035bf38997d424067b10d3f7c00297c',
      webhookId: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    },
  });
});

test('the example of WebSub, GitHub and Jira', () => {
  expect(verify(hub)).toEqual({
    ok: true,
    value: {
      hash: '7f83b1657ff1fc53b92dc18148a1d65dfc2d4b1fa3d677284addd200126d9069',
      webhookId: undefined,
    },
  });
});

test.each([
  ['zendesk', zendesk, '56a46d5215ed343506428859b430c64f6f2dccf90f96812c19016569ca027b8a'],
  ['glpi', glpi, 'e1a648d908fb1081af0484c937361d3c4b7034b01ca952db0aa3338032a15b29'],
  ['hub-sha1', hubSha1, 'bf08b375caaa279d3ffcd30affebadec17c5f72c5f0777895d32bc263a574c6d'],
  [
    'hub-sha256 in the newer header',
    {
      profile: 'hub-sha256',
      headers: {
        'x-hub-signature-256':
          'sha256=38f96847a0e0a4963154679b9f00af3426791cefd1744395255157cc6f9c65b1',
        'x-hub-signature': 'sha1=cf78116d4061a8d557237a5b9712ebb0489f2b19',
      },
    } as const,
    'bf08b375caaa279d3ffcd30affebadec17c5f72c5f0777895d32bc263a574c6d',
  ],
])('%s: the hash is that of the signed bytes, and no id is verified', (_profile, sent, hash) => {
  expect(verify(sent)).toEqual({ ok: true, value: { hash, webhookId: undefined } });
});

test("what the reference library signs is verified, with this product's clock", () => {
  const secretText = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const signature = new Webhook(secretText).sign('msg_1', new Date(now), text);
  const headers = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': '1795425330',
    'webhook-signature': signature,
  };
  expect(verify({ profile: 'standard-webhooks', secrets: [secretText], headers })).toMatchObject({
    ok: true,
    value: { webhookId: 'msg_1' },
  });
});

// --- spellings -------------------------------------------------------------------------------------

const right = published.headers['webhook-signature'];
const wrong = 'v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=';

test.each([
  ['second of two', `${wrong} ${right}`],
  ['first of two', `${right} ${wrong}`],
  [
    'beside an ed25519 one',
    `v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg== ${right}`,
  ],
  ['twice', `${right} ${right}`],
  ['beside nonsense', `nonsense v1, v2,x ${right}`],
])('several signatures in one header: %s', (_what, header) => {
  expect(
    verify({ ...published, headers: { ...published.headers, 'webhook-signature': header } }).ok,
  ).toBe(true);
});

test('a list is split at spaces only: a comma joins nothing', () => {
  const headers = { ...published.headers, 'webhook-signature': `${right},${right}` };
  expect(verify({ ...published, headers })).toEqual(refused('bad-signature'));
});

test('hex in capitals is the same signature', () => {
  const headers = {
    'x-hub-signature': `sha256=${'a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9'.toUpperCase()}`,
  };
  expect(verify({ ...hub, headers }).ok).toBe(true);
});

test.each<[string, Sent, string, string]>([
  ['base64 without its padding', published, 'webhook-signature', right.slice(0, -1)],
  ['base64url', published, 'webhook-signature', 'v1,g0hM9SsE-OTPJTGt_tmIKtSyZlE3uFJELVlNIOLJ1OE='],
  ['base64 with a stray sign', published, 'webhook-signature', right.replace('g0', 'g.0')],
  ['base64 with other spare bits', published, 'webhook-signature', right.replace('OE=', 'OF=')],
  ['base64 cut', published, 'webhook-signature', right.slice(0, 20)],
  ['a version without a value', published, 'webhook-signature', 'v1,'],
  ['no version', published, 'webhook-signature', right.slice(3)],
  ['another version', published, 'webhook-signature', right.replace('v1', 'v2')],
  ['v1a', published, 'webhook-signature', right.replace('v1', 'v1a')],
  ['a capital version', published, 'webhook-signature', right.replace('v1', 'V1')],
  [
    'base64 with rubbish behind',
    zendesk,
    'x-zendesk-webhook-signature',
    'bAnINDnwCx5m2fXOyriIm8yAz/qTiSRGUJov2LMt48I=!',
  ],
  [
    'two in one',
    zendesk,
    'x-zendesk-webhook-signature',
    'bAnINDnwCx5m2fXOyriIm8yAz/qTiSRGUJov2LMt48I= x',
  ],
  [
    'hex of odd length',
    glpi,
    'x-glpi-signature',
    'bd3f7da9d5cf8af9991c2a6ded49a0cdcaf98a8bdaa4e0a280e7893e2f7f7de',
  ],
  [
    'hex with rubbish behind',
    glpi,
    'x-glpi-signature',
    'bd3f7da9d5cf8af9991c2a6ded49a0cdcaf98a8bdaa4e0a280e7893e2f7f7de1zz',
  ],
  [
    'hex with a prefix',
    glpi,
    'x-glpi-signature',
    'sha256=bd3f7da9d5cf8af9991c2a6ded49a0cdcaf98a8bdaa4e0a280e7893e2f7f7de1',
  ],
  [
    'hex without its method',
    hubSha1,
    'x-hub-signature',
    'cf78116d4061a8d557237a5b9712ebb0489f2b19',
  ],
  [
    'another method',
    hubSha1,
    'x-hub-signature',
    'sha256=38f96847a0e0a4963154679b9f00af3426791cefd1744395255157cc6f9c65b1',
  ],
  [
    'the weaker method where the stronger is due',
    hub,
    'x-hub-signature',
    'sha1=c515f330a339e006a451ec24110648f028c87a11',
  ],
  ['a capital method', hubSha1, 'x-hub-signature', 'SHA1=cf78116d4061a8d557237a5b9712ebb0489f2b19'],
  ['two in one, hex', glpi, 'x-glpi-signature', `${glpi.headers['x-glpi-signature']} x`],
  ['two in one, SHA-256', hub, 'x-hub-signature', `${hub.headers['x-hub-signature']} x`],
  ['two in one, SHA-1', hubSha1, 'x-hub-signature', `${hubSha1.headers['x-hub-signature']} x`],
  ['a method without a value', hubSha1, 'x-hub-signature', 'sha1='],
])('refused: %s', (_what, sent, header, value) => {
  expect(verify({ ...sent, headers: { ...sent.headers, [header]: value } })).toEqual(
    refused('bad-signature'),
  );
});

// --- what is missing, what does not belong ---------------------------------------------------------

test.each<[string, string, Sent]>([
  ['standard-webhooks', 'webhook-signature', published],
  ['standard-webhooks', 'webhook-id', published],
  ['standard-webhooks', 'webhook-timestamp', published],
  ['zendesk', 'x-zendesk-webhook-signature', zendesk],
  ['zendesk', 'x-zendesk-webhook-signature-timestamp', zendesk],
  ['glpi', 'x-glpi-signature', glpi],
  ['glpi', 'x-glpi-timestamp', glpi],
  ['hub-sha256', 'x-hub-signature', hub],
  ['hub-sha1', 'x-hub-signature', hubSha1],
])('%s without %s is not signed', (_profile, header, sent) => {
  expect(verify({ ...sent, headers: { ...sent.headers, [header]: null } })).toEqual(
    refused('no-signature'),
  );
});

test.each(valid)('%s with an empty signature is not signed', (_profile, sent) => {
  const names = Object.keys(sent.headers).filter((name) => name.includes('signature'));
  const empty = names.filter((name) => !name.includes('timestamp')).map((name) => [name, '']);
  expect(verify({ ...sent, headers: { ...sent.headers, ...Object.fromEntries(empty) } })).toEqual(
    refused('no-signature'),
  );
});

test.each(valid)('%s: another body, another secret, no secret', (_profile, sent) => {
  expect(verify({ ...sent, body: bytesOf(`${text} `) })).toEqual(refused('bad-signature'));
  expect(verify({ ...sent, body: bytesOf('') })).toEqual(refused('bad-signature'));
  expect(verify({ ...sent, secrets: ['whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'] })).toEqual(
    refused('bad-signature'),
  );
  expect(verify({ ...sent, secrets: [] })).toEqual(refused('bad-signature'));
});

test.each(valid)('%s: two secrets at once, for rotation', (_profile, sent) => {
  const known = sent.secrets ?? [ownText];
  const other = 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
  expect(verify({ ...sent, secrets: [other, ...known] }).ok).toBe(true);
  expect(verify({ ...sent, secrets: [...known, other] }).ok).toBe(true);
});

test('blanks around a single signature mean nothing, also where the server left them', () => {
  const value = ` ${hub.headers['x-hub-signature']} `;
  const headers = { get: (name: string) => (name === 'x-hub-signature' ? value : null) };
  const rule = {
    profile: hub.profile,
    secrets: hub.secrets.map(secret),
    toleranceSeconds: 300,
  };
  expect(verifySignature(rule, headers, hub.body, now).ok).toBe(true);
});

test('the profile is the configuration’s, whatever headers come', () => {
  const everything = { ...zendesk.headers, ...glpi.headers, ...hubSha1.headers };
  expect(verify({ ...published, headers: everything })).toEqual(refused('no-signature'));
  expect(verify({ ...hub, headers: { ...everything, 'x-hub-signature': null } })).toEqual(
    refused('no-signature'),
  );
});

test('the secret of Standard Webhooks is what the base64 says, the others are their own text', () => {
  const asText = createHmac('sha256', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
    .update('msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}')
    .digest('base64');
  const headers = { ...published.headers, 'webhook-signature': `v1,${asText}` };
  expect(verify({ ...published, headers })).toEqual(refused('bad-signature'));
  const ownTextSigned = createHmac('sha256', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
    .update(body)
    .digest('hex');
  expect(
    verify({
      profile: 'hub-sha256',
      secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
      headers: { 'x-hub-signature': `sha256=${ownTextSigned}` },
    }).ok,
  ).toBe(true);
});

test('a signature is over bytes: a byte order mark and broken UTF-8 count', () => {
  const odd = Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0xff, 0x7d]);
  const signature = createHmac('sha1', ownText).update(odd).digest('hex');
  const headers = { 'x-hub-signature': `sha1=${signature}` };
  expect(verify({ ...hubSha1, headers, body: odd }).ok).toBe(true);
  expect(verify({ ...hubSha1, headers, body: odd.subarray(3) })).toEqual(refused('bad-signature'));
});

// --- the id ----------------------------------------------------------------------------------------

const signedId = (id: string) =>
  `v1,${createHmac('sha256', Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64'))
    .update(`${id}.1614265330.{"test": 2432232314}`)
    .digest('base64')}`;

test.each([
  ['255 characters', 'i'.repeat(255), true],
  ['256 characters', 'i'.repeat(256), false],
  ['a space', 'a b', false],
  ['an accent', 'a\u00fc', false],
  ['empty', '', false],
])('webhook-id: %s', (_what, id, accepted) => {
  const headers = { ...published.headers, 'webhook-id': id, 'webhook-signature': signedId(id) };
  expect(verify({ ...published, headers })).toMatchObject(
    accepted ? { ok: true, value: { webhookId: id } } : refused('bad-signature'),
  );
});

test('another id, another timestamp: the signature covers both', () => {
  expect(
    verify({ ...published, headers: { ...published.headers, 'webhook-id': 'msg_x' } }),
  ).toEqual(refused('bad-signature'));
  expect(
    verify({ ...published, headers: { ...published.headers, 'webhook-timestamp': '1614265331' } }),
  ).toEqual(refused('bad-signature'));
});

// --- the clock -------------------------------------------------------------------------------------

const timed: readonly [string, Sent, number, number][] = [
  ['standard-webhooks', published, 1_614_265_330_000, 300_000],
  ['zendesk', zendesk, now, 300_000],
  ['glpi', glpi, now, 86_400_000],
];

test.each(timed)(
  '%s: as old or as new as the tolerance, and not more',
  (_p, sent, at, toleranceMs) => {
    expect(verify({ ...sent, nowMs: at + toleranceMs }).ok).toBe(true);
    expect(verify({ ...sent, nowMs: at - toleranceMs }).ok).toBe(true);
    expect(verify({ ...sent, nowMs: at + toleranceMs + 1 })).toEqual(refused('stale-signature'));
    expect(verify({ ...sent, nowMs: at - toleranceMs - 1 })).toEqual(refused('stale-signature'));
  },
);

test('a signature that is wrong and old is wrong: nobody learns about clocks without the secret', () => {
  expect(
    verify({ ...published, body: bytesOf('{}'), nowMs: published.nowMs + 86_400_000 }),
  ).toEqual(refused('bad-signature'));
});

test.each([
  ['hub-sha256', hub],
  ['hub-sha1', hubSha1],
] as const)('%s has no time in it', (_profile, sent) => {
  expect(verify({ ...sent, nowMs: 0, toleranceSeconds: 1 }).ok).toBe(true);
});

test.each(['', 'now', '1614265330.5', '-1614265330', '0x6037bab2', '1e9', '1614265330123', ' '])(
  'seconds are digits, not %j',
  (timestamp) => {
    const signature = createHmac('sha256', ownText)
      .update(`${text}${timestamp.trim()}`)
      .digest('hex');
    const headers = { 'x-glpi-signature': signature, 'x-glpi-timestamp': timestamp };
    expect(verify({ ...glpi, headers })).toEqual(refused('bad-signature'));
  },
);

test.each([
  ['2026-11-23T09:15:30Z', true],
  ['2026-11-23T09:15:30.123Z', true],
  ['2026-11-23T09:15:30.123456789Z', true],
  ['2026-11-23T10:15:30+01:00', true],
  ['2026-11-23T09:15:30.Z', false],
  ['2026-11-23T09:15:30', false],
  ['2026-11-23 09:15:30Z', false],
  ['2026-11-23', false],
  ['1795425330', false],
  ['2026-13-23T09:15:30Z', false],
  ['Mon, 23 Nov 2026 09:15:30 GMT', false],
  ['2026-11-23T09:15:30Zx', false],
  ['x2026-11-23T09:15:30Z', false],
])('ISO 8601 with a zone: %s', (timestamp, accepted) => {
  const signature = createHmac('sha256', ownText).update(`${timestamp}${text}`).digest('base64');
  const headers = {
    'x-zendesk-webhook-signature': signature,
    'x-zendesk-webhook-signature-timestamp': timestamp,
  };
  expect(verify({ ...zendesk, headers })).toMatchObject(
    accepted ? { ok: true } : refused('bad-signature'),
  );
});

test('how far clocks may differ, when nobody says', () => {
  expect(
    (['standard-webhooks', 'zendesk', 'glpi', 'hub-sha256', 'hub-sha1'] as const).map(
      defaultToleranceSeconds,
    ),
  ).toEqual([300, 300, 86_400, 300, 300]);
});

// --- secrets ---------------------------------------------------------------------------------------

const unresolved =
  'is a Key Vault reference that was not resolved: check the vault, the secret and the identity’s role';
const short = 'is shorter than 16 bytes';
const notStandard = 'must be whsec_ followed by base64';

test.each<[SignatureProfile, string | undefined, string | undefined]>([
  ['zendesk', 'sixteen-bytes-16', undefined],
  ['zendesk', 'fifteen-bytes-1', short],
  ['zendesk', 'ü'.repeat(8), undefined],
  ['zendesk', undefined, 'is not set or empty'],
  ['zendesk', '', 'is not set or empty'],
  ['zendesk', '                    ', 'is not set or empty'],
  ['zendesk', '@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/x)', unresolved],
  ['standard-webhooks', '@Microsoft.KeyVault(VaultName=v;SecretName=x)', unresolved],
  ['zendesk', ' @microsoft.keyvault(VaultName=v;SecretName=x)', unresolved],
  ['zendesk', 'a text with @Microsoft.KeyVault( inside', undefined],
  ['standard-webhooks', undefined, 'is not set or empty'],
  ['standard-webhooks', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', undefined],
  ['standard-webhooks', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', notStandard],
  ['standard-webhooks', 'WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', notStandard],
  ['standard-webhooks', 'whsec_this is no base64, but long enough', notStandard],
  ['standard-webhooks', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa_-', notStandard],
  ['standard-webhooks', 'whsec_AAAAAAAAAAAAAAAAAAAAAA==', undefined],
  ['standard-webhooks', 'whsec_AAAAAAAAAAAAAAAAAAAAAA', undefined],
  ['standard-webhooks', 'whsec_AAAAAAAAAAAAAAAAAAAA', short],
  ['standard-webhooks', 'whsec_', short],
  ['glpi', 'fifteen-bytes-1', short],
  ['hub-sha1', 'fifteen-bytes-1', short],
  ['hub-sha256', 'whsec_', short],
])('%s, %j: %s', (profile, value, mistake) => {
  expect(secretMistake(profile, value)).toBe(mistake);
});

// --- properties ------------------------------------------------------------------------------------

test('any one-bit change of the body is refused', () => {
  fc.assert(
    fc.property(
      fc.nat(body.length * 8 - 1),
      fc.constantFrom(zendesk, glpi, hubSha1),
      (bit, sent) => {
        const changed = Uint8Array.from(body);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(verify({ ...sent, body: changed })).toEqual(refused('bad-signature'));
      },
    ),
    { numRuns: 300 },
  );
});

test('any one-character change of a signature is refused', () => {
  const signature = right.slice(3);
  const sign = fc.constantFrom(
    ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=.',
  );
  fc.assert(
    fc.property(fc.nat(signature.length - 1), sign, (index, other) => {
      fc.pre(signature[index] !== other);
      const changed = `v1,${signature.slice(0, index)}${other}${signature.slice(index + 1)}`;
      const headers = { ...published.headers, 'webhook-signature': changed };
      expect(verify({ ...published, headers })).toEqual(refused('bad-signature'));
    }),
    { numRuns: 300 },
  );
});

test('bytes are the same when they are as many and equal', () => {
  const bytes = (...values: number[]) => Uint8Array.from(values);
  expect(sameBytes(bytes(1, 2), bytes(1, 2))).toBe(true);
  expect(sameBytes(bytes(), bytes())).toBe(true);
  expect(sameBytes(bytes(1, 2), bytes(1, 3))).toBe(false);
  expect(sameBytes(bytes(1, 2), bytes(1))).toBe(false);
  expect(sameBytes(bytes(1), bytes(1, 2))).toBe(false);
});
