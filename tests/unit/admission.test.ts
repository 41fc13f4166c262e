// The way in: what is checked, in which order, and what each door looks at.

import { createHash, createHmac } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { authenticate, readIncoming, type TokenVerifier } from '../../lib/admission.ts';
import type { Config } from '../../lib/config.ts';
import type { Failure } from '../../lib/failure.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import { secret } from '../../lib/secret.ts';
import { aConfig } from '../support/a-journey.ts';
import {
  aBody,
  aReadRequest,
  aRequest,
  bytesOf,
  type Changes,
  functionKey,
} from '../support/a-valid-request.ts';
import { aCaller } from '../support/a-valid-user.ts';

const now = Date.parse('2026-11-23T09:15:30Z');
const until = now + 6_500;
const noTokens: TokenVerifier = { verify: () => Promise.reject(new Error('Nobody asked.')) };

async function enter(
  changes: Changes = {},
  config: Partial<Config> = {},
  tokens?: TokenVerifier,
): Promise<Result<Readonly<Record<string, unknown>>, Failure>> {
  const incoming = { ...aRequest(changes), startedAt: now };
  const admitted = await authenticate(incoming, aConfig(config), tokens, until);
  if (!admitted.ok) return admitted;
  const read = readIncoming(incoming, admitted.value.caller);
  return read.ok ? ok({ admitted: admitted.value, ...read.value }) : read;
}
const codeOf = async (...args: Parameters<typeof enter>): Promise<string> => {
  const result = await enter(...args);
  return result.ok ? 'admitted' : result.failure.code;
};

const signing = aCaller({
  name: 'zammad',
  keyHashes: [createHash('sha256').update(functionKey).digest()],
  signature: {
    profile: 'hub-sha1',
    secrets: [secret('signing-secret-of-16+')],
    toleranceSeconds: 300,
  },
});
const signatureOf = (body: Uint8Array) =>
  `sha1=${createHmac('sha1', 'signing-secret-of-16+').update(body).digest('hex')}`;

test('a good request', async () => {
  expect(await enter()).toEqual(
    ok({
      admitted: { caller: aCaller({ name: 'function-key' }), holder: undefined },
      signed: undefined,
      request: aReadRequest(),
    }),
  );
});

// --- length ----------------------------------------------------------------------------------------

const empty = bytesOf('');
const padded = (length: number) => {
  const body = '{"UserName":"adele.vance@contoso.com"}';
  return bytesOf(`${body}${' '.repeat(length - body.length)}`);
};

test.each<[string, Changes, string]>([
  [
    'empty, without Content-Length',
    { body: empty, headers: { 'content-length': null } },
    'LengthRequired',
  ],
  [
    'empty, chunked',
    { body: empty, headers: { 'content-length': null, 'transfer-encoding': 'chunked' } },
    'LengthRequired',
  ],
  [
    'empty, chunked with a length',
    { body: empty, headers: { 'content-length': '0', 'transfer-encoding': 'chunked' } },
    'LengthRequired',
  ],
  [
    'empty, Content-Length 0',
    { body: empty, headers: { 'content-length': '0' } },
    'InvalidRequest',
  ],
  ['a body without Content-Length', { headers: { 'content-length': null } }, 'admitted'],
  [
    'a body that came chunked after all',
    { headers: { 'transfer-encoding': 'chunked' } },
    'admitted',
  ],
  ['16 KiB', { body: padded(16_384) }, 'admitted'],
  ['16 KiB and a byte', { body: padded(16_385) }, 'PayloadTooLarge'],
])('%s', async (_what, changes, code) => {
  expect(await codeOf(changes)).toBe(code);
});

// --- media type ------------------------------------------------------------------------------------

test.each<[string, Readonly<Record<string, string | null>>, string]>([
  ['application/json', { 'content-type': 'application/json' }, 'admitted'],
  ['in capitals', { 'content-type': 'Application/JSON' }, 'admitted'],
  ['with a charset', { 'content-type': 'application/json; charset=utf-8' }, 'admitted'],
  [
    'with a charset, without a blank',
    { 'content-type': 'application/json;charset=UTF-8' },
    'admitted',
  ],
  ['none', { 'content-type': null }, 'admitted'],
  ['none, from a browser', { 'content-type': null, origin: 'https://example.com' }, 'type'],
  ['JSON, from a browser', { origin: 'https://example.com' }, 'admitted'],
  ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'type'],
  ['text', { 'content-type': 'text/plain' }, 'type'],
  ['text/json', { 'content-type': 'text/json' }, 'type'],
  ['another JSON', { 'content-type': 'application/problem+json' }, 'type'],
  ['a longer name', { 'content-type': 'application/jsonx' }, 'type'],
  ['a name before', { 'content-type': 'xapplication/json' }, 'type'],
  ['two at once', { 'content-type': 'application/json, text/plain' }, 'type'],
  [
    'two at once behind a parameter',
    { 'content-type': 'application/json; a=b, text/plain' },
    'type',
  ],
  ['identity', { 'content-encoding': 'identity' }, 'admitted'],
  ['Identity', { 'content-encoding': ' Identity ' }, 'admitted'],
  ['an empty encoding', { 'content-encoding': '' }, 'admitted'],
  ['gzip', { 'content-encoding': 'gzip' }, 'encoding'],
  ['br', { 'content-encoding': 'br' }, 'encoding'],
  ['identity and gzip', { 'content-encoding': 'identity, gzip' }, 'encoding'],
])('content: %s', async (_what, headers, expected) => {
  const result = await enter({ headers });
  expect(result.ok ? 'admitted' : result.failure).toEqual(
    expected === 'admitted' ? expected : { code: 'UnsupportedMediaType', what: expected },
  );
});

// --- signature -------------------------------------------------------------------------------------

test('a caller with a signature has to sign; the key alone is 401', async () => {
  const config = { callers: [signing] };
  const fault = (name: string) => err({ code: 'Unauthenticated', fault: name, door: 'function' });
  expect(await enter({}, config)).toEqual(fault('no-signature'));
  expect(
    await enter({ headers: { 'x-hub-signature': signatureOf(bytesOf('x')) } }, config),
  ).toEqual(fault('bad-signature'));
  expect(
    await enter({ headers: { 'x-hub-signature': signatureOf(aBody()) } }, config),
  ).toMatchObject({
    ok: true,
    value: { admitted: { caller: { name: 'zammad' } }, signed: { webhookId: undefined } },
  });
});

test('the clock of a signature is the one at which the request came', async () => {
  const glpi = aCaller({
    ...signing,
    signature: {
      profile: 'glpi',
      secrets: [secret('signing-secret-of-16+')],
      toleranceSeconds: 60,
    },
  });
  const at = async (seconds: number) => {
    const timestamp = String(now / 1000 - seconds);
    const signature = createHmac('sha256', 'signing-secret-of-16+')
      .update(Buffer.concat([aBody(), Buffer.from(timestamp)]))
      .digest('hex');
    const headers = { 'x-glpi-signature': signature, 'x-glpi-timestamp': timestamp };
    const result = await enter({ headers }, { callers: [glpi] });
    return result.ok ? 'admitted' : result.failure;
  };
  expect(await at(60)).toBe('admitted');
  expect(await at(61)).toEqual({
    code: 'Unauthenticated',
    fault: 'stale-signature',
    door: 'function',
  });
});

test('the signature is over the bytes that came, a byte order mark included', async () => {
  const body = bytesOf('\uFEFF{"UserName":"adele.vance@contoso.com"}');
  const changes = { body, headers: { 'x-hub-signature': signatureOf(body) } };
  expect(await codeOf(changes, { callers: [signing] })).toBe('admitted');
});

// --- the order -------------------------------------------------------------------------------------

test('key, 411, 413, signature, 415, 400: the first that fails answers', async () => {
  const config = { callers: [signing] };
  let changes: Changes = {
    body: empty,
    headers: { 'x-functions-key': 'wrong', 'content-type': 'text/plain', 'content-length': null },
  };
  expect(await codeOf(changes, config)).toBe('Unauthenticated');
  changes = { ...changes, headers: { ...changes.headers, 'x-functions-key': functionKey } };
  expect(await codeOf(changes, config)).toBe('LengthRequired');
  changes = { ...changes, body: padded(16_385) };
  expect(await codeOf(changes, config)).toBe('PayloadTooLarge');
  changes = { ...changes, body: bytesOf('nonsense') };
  expect(await codeOf(changes, config)).toBe('Unauthenticated');
  const signature = signatureOf(bytesOf('nonsense'));
  changes = { ...changes, headers: { ...changes.headers, 'x-hub-signature': signature } };
  expect(await codeOf(changes, config)).toBe('UnsupportedMediaType');
  changes = { ...changes, headers: { ...changes.headers, 'content-type': 'application/json' } };
  expect(await codeOf(changes, config)).toBe('InvalidRequest');
});

test('an unusable key is a problem of the request', async () => {
  expect(await enter({ headers: { 'idempotency-key': ' ' } })).toEqual(
    err({
      code: 'InvalidRequest',
      problems: [
        {
          pointer: '/Idempotency-Key',
          detail:
            'The Idempotency-Key header must be 1 to 255 visible ASCII characters, sent once.',
        },
      ],
    }),
  );
});

test('the default of EnableUserIfNeeded is the caller’s', async () => {
  const caller = aCaller({ ...signing, signature: undefined, mayEnable: false });
  expect(await enter({}, { callers: [caller] })).toMatchObject({
    value: { request: { enableUserIfNeeded: false } },
  });
});

// --- the Entra door --------------------------------------------------------------------------------

const entra = (headers: Changes['headers'] = {}): Changes => ({
  door: 'entra',
  headers: { 'x-functions-key': null, authorization: 'Bearer aaa.bbb.ccc', ...headers },
});
const claims = { azp: 'app-1', oid: 'oid-1', roles: ['PasswordReset.Invoke'] };

test('a verified token: what is asked for, and for how long', async () => {
  const asked: unknown[] = [];
  const tokens: TokenVerifier = {
    verify: async (...args) => {
      asked.push(args);
      return ok(claims);
    },
  };
  expect(await enter(entra(), {}, tokens)).toMatchObject({
    ok: true,
    value: { admitted: { caller: { name: 'entra-app-1' }, holder: { hasRole: true } } },
  });
  expect(asked).toEqual([['aaa.bbb.ccc', until]]);
});

const unauthenticated = (fault: string): Failure =>
  ({ code: 'Unauthenticated', fault, door: 'entra' }) as Failure;

test.each<[string, Awaited<ReturnType<TokenVerifier['verify']>>, Failure]>([
  ['not valid', err('bad-token'), unauthenticated('bad-token')],
  ['expired', err('expired-token'), unauthenticated('expired-token')],
  ['without an app', ok({ oid: 'x' }), unauthenticated('bad-token')],
  ['that cannot be checked', err('keys-unavailable'), { code: 'IdentityUnavailable' }],
])('a token %s', async (_what, verified, failure) => {
  expect(await enter(entra(), {}, { verify: async () => verified })).toEqual(err(failure));
});

test('a token whose app no entry knows', async () => {
  expect(await enter(entra(), { callers: [signing] }, { verify: async () => ok(claims) })).toEqual(
    err(unauthenticated('unknown-app')),
  );
});

test('no token: a function key does not open the Entra door', async () => {
  const changes = entra({ authorization: null, 'x-functions-key': functionKey });
  expect(await enter({ ...changes, codeInQuery: functionKey }, {}, noTokens)).toEqual(
    err(unauthenticated('no-token')),
  );
});

test('a token does not open the function door', async () => {
  const headers = { 'x-functions-key': null, authorization: 'Bearer aaa.bbb.ccc' };
  expect(await enter({ headers }, {}, noTokens)).toEqual(
    err({ code: 'Unauthenticated', fault: 'no-key', door: 'function' }),
  );
});

test('the function door never asks for a token', async () => {
  const headers = { authorization: 'Bearer aaa.bbb.ccc' };
  expect(await codeOf({ headers }, {}, noTokens)).toBe('admitted');
});

test('through the Entra door nobody signs: the token is the credential', async () => {
  const caller = aCaller({ ...signing, appIds: ['app-1'] });
  expect(await codeOf(entra(), { callers: [caller] }, { verify: async () => ok(claims) })).toBe(
    'admitted',
  );
});

test('401 comes before a word on the body', async () => {
  const changes = { ...entra(), body: padded(16_385) };
  expect(await codeOf(changes, {}, { verify: async () => err('bad-token') })).toBe(
    'Unauthenticated',
  );
});

test('a door without anybody to verify tokens stays shut', async () => {
  expect(await codeOf(entra())).toBe('NotConfigured');
});
