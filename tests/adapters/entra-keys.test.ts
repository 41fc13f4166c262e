// Verifying access tokens by the tenant's published keys over real HTTPS: the cache, its renewal when keys are
// rotated, and that a door without keys stays shut.

import { afterAll, afterEach, expect, test } from '@jest/globals';
import { entraKeys } from '../../lib/adapters/entra-keys.ts';
import { within } from '../support/trust.ts';
import { openTrusted, setDate } from './stage.ts';

const { tenant, forget, close } = await openTrusted();
afterEach(forget);
afterAll(close);

const audience = () => String(tenant.environment['ENTRA_AUDIENCE']);
const open = () =>
  entraKeys({
    audiences: [audience(), `api://${audience()}`],
    issuers: [
      `${tenant.origin}/${tenant.tenantId}/v2.0`,
      `https://sts.windows.net/${tenant.tenantId}/`,
    ],
    keysUrl: `${tenant.origin}/${tenant.tenantId}/discovery/v2.0/keys`,
  });
type Keys = ReturnType<typeof open>;
const verdict = async (keys: Keys, token: string, ms = 5_000): Promise<string> => {
  const verified = await keys.verify(token, within(ms));
  return verified.ok ? 'ok' : verified.failure;
};
const keySet = (key: object) => ({ kind: 'reply', status: 200, body: { keys: [key] } }) as const;
const reads = () => tenant.authorityRequests.length;
const day = 86_400;
const longLived = (seconds = 30 * day) => {
  const at = Math.floor(Date.now() / 1000);
  return tenant.mintToken({ iat: at, nbf: at - 60, exp: at + seconds });
};

test('the claims of a good token; the key set is read once, by one of many', async () => {
  const keys = open();
  const tokens = Array.from({ length: 10 }, () => tenant.mintToken({ oid: 'somebody' }));
  const all = await Promise.all(tokens.map((token) => keys.verify(token, within(5_000))));
  for (const verified of all) expect(verified.ok && verified.value['oid']).toBe('somebody');
  expect(reads()).toBe(1);
});

test.each([
  ['expired', { exp: 1_000_000_000, nbf: 999_999_000, iat: 999_999_000 }, 'expired-token'],
  ['another audience', { aud: 'https://graph.microsoft.com' }, 'bad-token'],
  [
    'another issuer',
    { iss: 'https://sts.windows.net/11111111-1111-4111-8111-111111111111/' },
    'bad-token',
  ],
  ['no end', { exp: undefined }, 'bad-token'],
  ['an end that is text', { exp: 'tomorrow' }, 'bad-token'],
  ['not yet valid', { nbf: 4_000_000_000 }, 'bad-token'],
])('%s', async (_what, claims, fault) => {
  expect(await verdict(open(), tenant.mintToken(claims))).toBe(fault);
});

test('not this tenant’s signature, no signature, another algorithm', async () => {
  const keys = open();
  expect(await verdict(keys, tenant.mintToken({}, { foreignKey: true }))).toBe('bad-token');
  expect(await verdict(keys, tenant.mintToken({}, { header: { alg: 'none' } }))).toBe('bad-token');
  expect(await verdict(keys, tenant.mintToken({}, { header: { alg: 'HS256' } }))).toBe('bad-token');
  expect(await verdict(keys, tenant.mintToken({}, { header: { alg: 'PS256' } }))).toBe('bad-token');
  expect(await verdict(keys, 'a.b.c')).toBe('bad-token');
});

test('an unknown key id reads the set again, but not more often than the cool-off allows', async () => {
  const start = Date.now();
  setDate(start);
  const keys = open();
  expect(await verdict(keys, longLived())).toBe('ok');
  for (let i = 0; i < 5; i += 1) {
    expect(await verdict(keys, tenant.mintToken({}, { header: { kid: `no-${i}` } }))).toBe(
      'bad-token',
    );
  }
  expect(reads()).toBe(2);
  setDate(start + 31_000);
  for (let i = 0; i < 5; i += 1) {
    expect(await verdict(keys, tenant.mintToken({}, { header: { kid: `no-${i}` } }))).toBe(
      'bad-token',
    );
  }
  expect(reads()).toBe(3);
  setDate(start - 86_400_000);
  await verdict(keys, tenant.mintToken({ nbf: 1 }, { header: { kid: 'no-clock' } }));
  expect(reads()).toBe(4);
});

test('a key that was rotated in just now opens at once, for all who come with it', async () => {
  const keys = open();
  expect(await verdict(keys, tenant.mintToken())).toBe('ok');
  tenant.rotateKeys();
  const tokens = Array.from({ length: 5 }, () => tenant.mintToken());
  expect(await Promise.all(tokens.map((token) => verdict(keys, token)))).toEqual(
    tokens.map(() => 'ok'),
  );
  expect(reads()).toBe(2);
});

test('rotated keys: the new one opens after the cool-off, a withdrawn one shuts', async () => {
  const start = Date.now();
  setDate(start);
  const keys = open();
  const old = longLived();
  expect(await verdict(keys, old)).toBe('ok');
  tenant.rotateKeys();
  const fresh = longLived();
  setDate(start + 31_000);
  expect([await verdict(keys, fresh), await verdict(keys, old)]).toEqual(['ok', 'ok']);
  tenant.rotateKeys(true);
  const newest = longLived();
  setDate(start + 62_000);
  expect([await verdict(keys, newest), await verdict(keys, old)]).toEqual(['ok', 'bad-token']);
});

test.each([
  ['is dead', { kind: 'reply', status: 503 } as const],
  ['gives an empty set', { kind: 'reply', status: 200, body: { keys: [] } } as const],
])(
  'a set that was read serves while its address %s; an unknown id is not known to be bad',
  async (_what, fault) => {
    const keys = open();
    expect(await verdict(keys, tenant.mintToken())).toBe('ok');
    tenant.faults.next({ path: /discovery/ }, fault, 99);
    expect(await keys.reachable(within(700))).toBe(false);
    for (let i = 0; i < 3; i += 1) {
      const unknown = tenant.mintToken({}, { header: { kid: `no-${i}` } });
      expect(await verdict(keys, unknown)).toBe('keys-unavailable');
      expect(await verdict(keys, tenant.mintToken())).toBe('ok');
    }
    expect(reads()).toBe(3);
  },
);

test.each([
  ['answers 503', { kind: 'reply', status: 503 } as const],
  ['answers 404', { kind: 'reply', status: 404 } as const],
  ['answers HTML', { kind: 'reply', status: 200, body: '<html>' } as const],
  ['answers no set', { kind: 'reply', status: 200, body: { keys: 'none' } } as const],
  ['answers an empty set', { kind: 'reply', status: 200, body: { keys: [] } } as const],
  ['answers no RSA key', keySet({ kty: 'EC', n: 'AQAB', e: 'AQAB' })],
  ['answers half a key', keySet({ kty: 'RSA', e: 'AQAB' })],
  ['answers a key for encryption', keySet({ kty: 'RSA', n: 'AQAB', e: 'AQAB', use: 'enc' })],
  [
    'leads elsewhere',
    { kind: 'reply', status: 302, headers: { Location: 'http://127.0.0.1:1/' } } as const,
  ],
  ['breaks off', { kind: 'resetBefore' } as const],
  ['is cut', { kind: 'truncate' } as const],
  ['never answers', { kind: 'hang' } as const],
])('no keys: an address that %s never opens the door, and holds nobody', async (_what, fault) => {
  tenant.faults.next({ path: /discovery/ }, fault, 50);
  const keys = open();
  const startedAt = performance.now();
  expect(await verdict(keys, tenant.mintToken(), 700)).toBe('keys-unavailable');
  expect(await keys.reachable(within(700))).toBe(false);
  expect(performance.now() - startedAt).toBeLessThan(3_000);
  tenant.faults.clear();
  if (fault.kind !== 'hang') {
    expect(await keys.reachable(within(5_000))).toBe(true);
    expect(await verdict(keys, tenant.mintToken())).toBe('ok');
  }
});
