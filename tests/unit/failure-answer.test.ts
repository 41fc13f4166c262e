// What each failure says on the wire: status, title, detail, and the headers that
// some of them carry. The sentences stand here in full: they are what callers read and act on.

import { expect, test } from '@jest/globals';
import type { CallerRule, CredentialFault, Failure } from '../../lib/failure.ts';
import { wireOf, wireTime } from '../../lib/failure-answer.ts';

const problem = { pointer: '/UserName', detail: 'UserName is required.' };

test.each<[Failure, object]>([
  [
    { code: 'InvalidRequest', problems: [problem] },
    { status: 400, title: 'Invalid request', detail: 'UserName is required.' },
  ],
  [
    { code: 'UnsupportedPayload', problems: [problem] },
    { status: 400, title: 'Unsupported payload', detail: 'UserName is required.' },
  ],
  [
    { code: 'TargetProtected', because: 'role' },
    {
      status: 403,
      title: 'Target protected',
      detail:
        'This user is privileged, protected, or could not be checked, so nothing was changed. A ' +
        'Privileged Authentication Administrator can reset the user in the Entra admin centre; the ' +
        'reason is in the audit under this request id.',
    },
  ],
  [
    { code: 'GraphDenied', step: 'read', right: 'User.Read.All' },
    {
      status: 403,
      title: 'Graph denied',
      detail:
        'Microsoft Graph refused the read; nothing was changed. The identity likely lacks ' +
        'User.Read.All. Grant it: npm run grant -- --app NAME (the platform can take hours until it ' +
        'hands out a token with it). /api/ready shows what the identity holds.',
    },
  ],
  [
    { code: 'GraphDenied', step: 'write', right: 'the directory role User Administrator' },
    {
      status: 403,
      title: 'Graph denied',
      detail:
        'Microsoft Graph refused the write; nothing was changed. The identity likely lacks the ' +
        'directory role User Administrator. Grant it: npm run grant -- --app NAME (the platform can ' +
        'take hours until it hands out a token with it). /api/ready shows what the identity holds.',
    },
  ],
  [
    { code: 'UserNotFound' },
    {
      status: 404,
      title: 'User not found',
      detail:
        'No such user. An e-mail address need not be the user principal name: check the name in the ' +
        'Entra admin centre. A deleted user must be restored first.',
    },
  ],
  [
    { code: 'InProgress' },
    {
      status: 409,
      title: 'In progress',
      detail:
        'This delivery, or another reset of this user, is being worked on now. Repeat the same ' +
        'request with the same Idempotency-Key in a few seconds.',
      retryAfterSeconds: 5,
    },
  ],
  [
    { code: 'LengthRequired' },
    {
      status: 411,
      title: 'Length required',
      detail:
        'The body came chunked or without a length, and the platform does not deliver such bodies. ' +
        'Send a Content-Length header (curl: --json or --data-binary; no Transfer-Encoding).',
    },
  ],
  [
    { code: 'PayloadTooLarge' },
    {
      status: 413,
      title: 'Payload too large',
      detail: 'The body is over 16 KiB. Send only the fields needed.',
    },
  ],
  [
    { code: 'UnsupportedMediaType', what: 'type' },
    {
      status: 415,
      title: 'Unsupported media type',
      detail:
        `Send JSON. With curl: --json '{"UserName":"name@domain"}', or -H 'Content-Type: ` +
        "application/json' beside --data-binary.",
    },
  ],
  [
    { code: 'KeyReused' },
    {
      status: 422,
      title: 'Key reused',
      detail:
        'This key was used for another request. Send the first request again unchanged, or a new ' +
        'Idempotency-Key for this one.',
    },
  ],
  [
    { code: 'DirectorySynced' },
    {
      status: 422,
      title: 'Directory synced',
      detail:
        'This user comes from an on-premises Active Directory, which would overwrite a reset in the ' +
        'cloud. Reset the password there (Active Directory Users and Computers), or in the Entra ' +
        'admin centre when password writeback is on.',
    },
  ],
  [
    { code: 'GuestUser' },
    {
      status: 422,
      title: 'Guest user',
      detail:
        'This user is a guest; the password belongs to the home organisation. The guest has to reset ' +
        'it there, with the home organisation’s help desk or its "forgot my password" page.',
    },
  ],
  [
    { code: 'FederatedUser' },
    {
      status: 422,
      title: 'Federated user',
      detail:
        'The domain of this user is federated: sign-in happens at another identity provider (such as ' +
        'AD FS or Okta). Reset the password there.',
    },
  ],
  [
    { code: 'PasswordRejected' },
    {
      status: 422,
      title: 'Password rejected',
      detail:
        'The password policy of the tenant refused three generated passwords; nothing was changed. ' +
        'Check the custom banned password list (Entra admin centre, Password protection).',
    },
  ],
  [
    { code: 'GraphRejected' },
    {
      status: 422,
      title: 'Graph rejected',
      detail:
        'Microsoft Graph refused the write for a reason that is not known here; nothing was changed. ' +
        'Its request id is in the log under this request id.',
    },
  ],
  [
    { code: 'TooManyRequests', by: 'caller', retryAfterSeconds: 1_800 },
    {
      status: 429,
      title: 'Too many requests',
      detail:
        'This caller has reached its hourly limit (maxResetsPerHour). Wait as long as Retry-After ' +
        'says; in an emergency use another caller or raise the limit.',
      retryAfterSeconds: 1_800,
    },
  ],
  [
    { code: 'TooManyRequests', by: 'graph', retryAfterSeconds: 7 },
    {
      status: 429,
      title: 'Too many requests',
      detail: 'Microsoft Graph throttles; nothing was changed. Repeat the same request later.',
      retryAfterSeconds: 7,
    },
  ],
  [
    { code: 'InternalError' },
    {
      status: 500,
      title: 'Internal error',
      detail: 'Something went wrong here. The log has more under this request id.',
    },
  ],
  [
    { code: 'NotConfigured' },
    {
      status: 503,
      title: 'Not configured',
      detail: 'The service is not configured. Its operator finds the reason at /api/ready.',
      retryAfterSeconds: 59,
    },
  ],
  [
    { code: 'GraphUnavailable', retryAfterSeconds: 7 },
    {
      status: 503,
      title: 'Graph unavailable',
      detail:
        'Microsoft Graph did not answer in time, or too many requests came at once; nothing was ' +
        'changed. Repeat the same request.',
      retryAfterSeconds: 7,
    },
  ],
  [
    { code: 'IdentityUnavailable' },
    {
      status: 503,
      title: 'Identity unavailable',
      detail:
        'No token could be had or checked; nothing was changed. Repeat the same request; if it stays ' +
        'so, /api/ready names the cause.',
      retryAfterSeconds: 10,
    },
  ],
  [
    { code: 'LedgerUnavailable' },
    {
      status: 503,
      title: 'Ledger unavailable',
      detail:
        'The ledger in table storage did not answer; nothing was changed. Repeat the same request.',
      retryAfterSeconds: 10,
    },
  ],
  [
    { code: 'OutcomeUnknown', retryAfterSeconds: 30 },
    {
      status: 503,
      title: 'Outcome unknown',
      detail:
        'The reset was sent to Microsoft Graph and its result was not seen. Repeat the same request ' +
        'with the same Idempotency-Key after Retry-After: that settles it.',
      retryAfterSeconds: 30,
    },
  ],
])('$code', (failure, wire) => {
  expect(wireOf(failure)).toEqual(wire);
});

test('a body with an encoding: the detail says what to type with curl', () => {
  const wire = wireOf({ code: 'UnsupportedMediaType', what: 'encoding' });
  expect(wire).toMatchObject({ status: 415, title: 'Unsupported media type' });
  expect(wire.detail).toContain('Content-Encoding');
  expect(wire.detail).toMatch(/curl/i);
});

test('a pause says from when a new key works, never too early', () => {
  const until = (time: string) => wireOf({ code: 'RecentlyReset', until: new Date(time) });
  expect(until('2026-11-23T09:17:30.000Z')).toEqual({
    status: 403,
    title: 'Recently reset',
    detail:
      'Another reset of this user was done moments ago; nothing was changed. This delivery stays ' +
      'refused; from 2026-11-23T09:17:30Z a new Idempotency-Key works.',
  });
  expect(until('2026-11-23T09:17:30.001Z').detail).toContain(
    'from 2026-11-23T09:17:31Z a new Idempotency-Key works',
  );
});

test('one sentence for those who read no list', () => {
  const of = (count: number) =>
    wireOf({ code: 'InvalidRequest', problems: Array.from({ length: count }, () => problem) })
      .detail;
  expect(of(1)).toBe('UserName is required.');
  expect(of(2)).toBe('UserName is required. (and 1 more, see errors)');
  expect(of(20)).toBe('UserName is required. (and 19 more, see errors)');
});

// --- Retry-After -----------------------------------------------------------------------------------

test.each([
  [-5, 1],
  [0, 1],
  [0.2, 1],
  [1, 1],
  [58.1, 59],
  [59, 59],
  [60, 59],
  [9_999, 59],
])('%s seconds from Graph are %i on the wire', (retryAfterSeconds, shown) => {
  const codes = [
    { code: 'GraphUnavailable', retryAfterSeconds },
    { code: 'TooManyRequests', by: 'graph', retryAfterSeconds },
    { code: 'OutcomeUnknown', retryAfterSeconds },
  ] as const;
  for (const failure of codes) expect(wireOf(failure).retryAfterSeconds).toBe(shown);
});

test.each([
  [0, 1],
  [60, 60],
  [3_599.5, 3_600],
  [3_600, 3_600],
  [3_601, 3_600],
])('%s seconds of the caller’s own limit are %i', (retryAfterSeconds, shown) => {
  const failure = { code: 'TooManyRequests', by: 'caller', retryAfterSeconds } as const;
  expect(wireOf(failure).retryAfterSeconds).toBe(shown);
});

// --- 401 -------------------------------------------------------------------------------------------

const az = 'az account get-access-token --resource api://CLIENT_ID';

test.each<[CredentialFault, string]>([
  ['no-key', 'Send the function key in the header x-functions-key.'],
  ['unknown-key', 'This function key belongs to no caller of this service.'],
  ['no-token', 'Send an Entra ID access token: Authorization: Bearer TOKEN.'],
  ['bad-token', `The access token is not valid here. Get one for this service: ${az}`],
  ['expired-token', `The access token is not valid at this time. Get a new one: ${az}`],
  ['unknown-app', 'The app of this access token belongs to no caller of this service.'],
  ['no-signature', 'This caller has to sign its requests, and the signature headers are missing.'],
  ['bad-signature', 'The signature does not match the body and the secret.'],
  ['stale-signature', 'The signature is too old or too new. Check the clock of the sender.'],
])('401 %s', (fault, detail) => {
  expect(wireOf({ code: 'Unauthenticated', fault, door: 'function' })).toEqual({
    status: 401,
    title: 'Unauthenticated',
    detail,
    authenticate: 'FunctionKey realm="password-reset"',
  });
});

test.each<[CredentialFault, string]>([
  ['no-token', 'Bearer realm="password-reset"'],
  ['bad-token', 'Bearer realm="password-reset", error="invalid_token"'],
  ['expired-token', 'Bearer realm="password-reset", error="invalid_token"'],
  ['unknown-app', 'Bearer realm="password-reset", error="invalid_token"'],
])('401 of the Entra door, %s', (fault, authenticate) => {
  expect(wireOf({ code: 'Unauthenticated', fault, door: 'entra' }).authenticate).toBe(authenticate);
});

// --- 403 CallerNotAllowed --------------------------------------------------------------------------

test.each<[CallerRule, string]>([
  ['domains', 'This caller may not name users of this domain (domains).'],
  ['groups', 'This caller may reach only members of its groups (groups).'],
  [
    'mayEnable',
    'This caller may not ask for an account to be enabled (mayEnable). Leave out EnableUserIfNeeded.',
  ],
  [
    'appRole',
    'The access token carries no app role PasswordReset.Invoke. Assign it: npm run grant -- --app ' +
      'NAME --allow-caller USER_OR_CLIENT_ID, then get a new token.',
  ],
])('403 %s', (rule, detail) => {
  expect(wireOf({ code: 'CallerNotAllowed', rule })).toEqual({
    status: 403,
    title: 'Caller not allowed',
    detail,
  });
});

test('whole seconds, UTC', () => {
  expect(wireTime(Date.parse('2026-11-23T10:15:30.000+01:00'))).toBe('2026-11-23T09:15:30Z');
  expect(wireTime(Date.parse('2026-11-23T09:15:30.999Z'))).toBe('2026-11-23T09:15:30Z');
});
