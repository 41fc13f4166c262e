// The wire: bodies to the byte, headers, what Accept chooses, and what no answer ever says.

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type Answer,
  type Asking,
  answerDocument,
  answerFailure,
  answerSuccess,
  askingOf,
  type Success,
} from '../../lib/answer.ts';
import type { CredentialFault, Failure } from '../../lib/failure.ts';
import { secret } from '../../lib/secret.ts';

const asking = (changes: Partial<Asking> = {}): Asking => ({
  requestId: '66666666-0000-4000-8000-000000000006',
  accept: null,
  clientRequestId: undefined,
  ...changes,
});

const base = {
  userName: 'adele.vance@contoso.com',
  userId: '11111111-aaaa-4bbb-8ccc-000000000001',
  accountEnabled: true,
  forceChange: true,
  requestId: '66666666-0000-4000-8000-000000000006',
};
const completedAt = Date.parse('2026-11-23T09:15:30.987Z');

type Completed = Extract<Success, { status: 'Completed' }>;
const completed = (changes: Partial<Completed> = {}): Success => ({
  ...base,
  status: 'Completed',
  accountWasEnabled: false,
  sessionsRevoked: 'Revoked',
  completedAt,
  warnings: [],
  password: secret('Kmtxd-Wxhtf-Pdrnk-497'),
  ...changes,
});
const already: Success = { ...base, status: 'AlreadyCompleted', completedAt, warnings: [] };
type DryRun = Extract<Success, { status: 'DryRun' }>;
const dryRun = (changes: Partial<DryRun> = {}): Success => ({
  ...base,
  status: 'DryRun',
  accountWasEnabled: false,
  accountEnabled: false,
  wouldEnable: true,
  wouldRevokeSessions: true,
  warnings: [],
  ...changes,
});

const own = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'x-ms-request-id': '66666666-0000-4000-8000-000000000006',
};

// --- success, to the byte --------------------------------------------------------------------------

test('Completed: flat, PascalCase, Password last, one trailing newline', () => {
  expect(answerSuccess(completed({ warnings: ['One.', 'Two.'] }), asking())).toEqual({
    status: 200,
    headers: { ...own, 'Content-Type': 'application/json' },
    body:
      '{"Status":"Completed","UserName":"adele.vance@contoso.com",' +
      '"UserId":"11111111-aaaa-4bbb-8ccc-000000000001","AccountWasEnabled":false,' +
      '"AccountEnabled":true,"ForceChangePasswordNextSignIn":true,"SessionsRevoked":"Revoked",' +
      '"PasswordReturned":true,"CompletedAt":"2026-11-23T09:15:30Z",' +
      '"RequestId":"66666666-0000-4000-8000-000000000006","Warning":"One. Two.",' +
      '"Password":"Kmtxd-Wxhtf-Pdrnk-497"}\n',
  });
});

test('Completed, withheld: Warning and Password are absent, not null', () => {
  expect(answerSuccess(completed({ password: undefined }), asking()).body).toBe(
    '{"Status":"Completed","UserName":"adele.vance@contoso.com",' +
      '"UserId":"11111111-aaaa-4bbb-8ccc-000000000001","AccountWasEnabled":false,' +
      '"AccountEnabled":true,"ForceChangePasswordNextSignIn":true,"SessionsRevoked":"Revoked",' +
      '"PasswordReturned":false,"CompletedAt":"2026-11-23T09:15:30Z",' +
      '"RequestId":"66666666-0000-4000-8000-000000000006"}\n',
  );
});

test('AlreadyCompleted: what the record knows, and Idempotent-Replayed', () => {
  expect(answerSuccess({ ...already, warnings: ['One.'] }, asking())).toEqual({
    status: 200,
    headers: { ...own, 'Idempotent-Replayed': 'true', 'Content-Type': 'application/json' },
    body:
      '{"Status":"AlreadyCompleted","UserName":"adele.vance@contoso.com",' +
      '"UserId":"11111111-aaaa-4bbb-8ccc-000000000001","AccountEnabled":true,' +
      '"ForceChangePasswordNextSignIn":true,"PasswordReturned":false,' +
      '"CompletedAt":"2026-11-23T09:15:30Z","RequestId":"66666666-0000-4000-8000-000000000006",' +
      '"Detail":"This delivery was completed at 2026-11-23T09:15:30Z; its password is not kept and ' +
      'cannot be shown again. To set a new password, send a new Idempotency-Key.","Warning":"One."}\n',
  });
  expect(answerSuccess(already, asking()).body).not.toContain('Warning');
});

test('DryRun: what would be done, without CompletedAt and Password', () => {
  expect(answerSuccess(dryRun({ warnings: ['One.'] }), asking())).toEqual({
    status: 200,
    headers: { ...own, 'Content-Type': 'application/json' },
    body:
      '{"Status":"DryRun","UserName":"adele.vance@contoso.com",' +
      '"UserId":"11111111-aaaa-4bbb-8ccc-000000000001","AccountWasEnabled":false,' +
      '"AccountEnabled":false,"ForceChangePasswordNextSignIn":true,' +
      '"SessionsRevoked":"NotRequested","PasswordReturned":false,"WouldEnable":true,' +
      '"WouldRevokeSessions":true,"RequestId":"66666666-0000-4000-8000-000000000006",' +
      '"Warning":"One."}\n',
  });
  expect(answerSuccess(dryRun(), asking()).body).not.toContain('Warning');
});

// --- text/plain ------------------------------------------------------------------------------------

const asText = (success: Success): Answer =>
  answerSuccess(success, asking({ accept: 'text/plain' }));

test('for a person at a terminal: the status line, the password, and how to say it', () => {
  expect(asText(completed())).toEqual({
    status: 200,
    headers: { ...own, 'Content-Type': 'text/plain; charset=utf-8' },
    body:
      'Completed: adele.vance@contoso.com, account enabled, change at next sign-in\n' +
      'Kmtxd-Wxhtf-Pdrnk-497\n' +
      'capital KILO mike tango x-ray delta dash capital WHISKEY x-ray hotel tango foxtrot dash ' +
      'capital PAPA delta romeo november kilo dash four nine seven\n',
  });
});

test.each<[string, Success, string]>([
  [
    'an account that was enabled',
    completed({ accountWasEnabled: true, forceChange: false, password: undefined }),
    'Completed: adele.vance@contoso.com\n',
  ],
  [
    'an account that stays disabled, withheld, with warnings',
    completed({ accountEnabled: false, password: undefined, warnings: ['One.', 'Two.'] }),
    'Completed: adele.vance@contoso.com, account still disabled, change at next sign-in\n' +
      'Warning: One.\nWarning: Two.\n',
  ],
  [
    'a replay',
    { ...already, warnings: ['One.'] },
    'AlreadyCompleted: adele.vance@contoso.com\n' +
      'This delivery was completed at 2026-11-23T09:15:30Z; its password is not kept and cannot be ' +
      'shown again. To set a new password, send a new Idempotency-Key.\nWarning: One.\n',
  ],
  [
    'a dry run of everything',
    dryRun(),
    'DryRun: adele.vance@contoso.com\nWould set a new password, force a change at the next sign-in, ' +
      'enable the account, revoke the sign-in sessions. Nothing was changed.\n',
  ],
  [
    'a dry run of the least',
    dryRun({
      forceChange: false,
      wouldEnable: false,
      wouldRevokeSessions: false,
      warnings: ['One.'],
    }),
    'DryRun: adele.vance@contoso.com\nWould set a new password. Nothing was changed.\nWarning: One.\n',
  ],
])('text/plain: %s', (_what, success, body) => {
  expect(asText(success).body).toBe(body);
});

test('a replay in text is marked as one too', () => {
  expect(asText(already).headers).toMatchObject({ 'Idempotent-Replayed': 'true' });
});

const textPlain = 'text/plain; charset=utf-8';
const json = 'application/json';

test.each<[string | null, string]>([
  [null, json],
  ['', json],
  ['*/*', json],
  ['text/*', json],
  ['text/plain', textPlain],
  ['TEXT/PLAIN', textPlain],
  ['text/plain, */*', textPlain],
  ['*/*, text/plain', textPlain],
  ['text/plain;q=0.9, */*;q=0.1', textPlain],
  ['text/plain, application/json;q=0.9', textPlain],
  ['application/json, text/plain', json],
  ['application/json, text/plain;q=0.9', json],
  ['text/plain;q=0.5, application/json', json],
  ['text/plain;q=0', json],
  ['text/plain; q=0', json],
  ['text/plain; q=0.1, application/json', json],
  ['text/plain; Q=0.1, application/json', json],
  ['text/plain;charset=utf-8;q=0.1, application/json', json],
  ['text/plain; charset=utf-8', textPlain],
  ['text/plain;charset=utf-8, application/json;q=0.9', textPlain],
  ['application/json;charset=utf-8, text/plain; q=0.9', json],
  ['text/plainest', json],
  ['application/xml', json],
  ['text/html', json],
  ['nonsense', json],
  [';;;,,,', json],
])('Accept %j: %s', (accept, type) => {
  expect(answerSuccess(completed(), asking({ accept })).headers['Content-Type']).toBe(type);
});

// --- failure ---------------------------------------------------------------------------------------

test('a failure, to the byte', () => {
  expect(answerFailure({ code: 'InProgress' }, asking())).toStrictEqual({
    status: 409,
    headers: {
      ...own,
      'Content-Type': 'application/json',
      'x-ms-error-code': 'InProgress',
      'Retry-After': '5',
    },
    body:
      '{"type":"about:blank","title":"In progress","status":409,"detail":"This delivery, or another ' +
      'reset of this user, is being worked on now. Repeat the same request with the same ' +
      'Idempotency-Key in a few seconds.","requestId":"66666666-0000-4000-8000-000000000006",' +
      '"error":{"code":"InProgress","message":"This delivery, or another reset of this user, is ' +
      'being worked on now. Repeat the same request with the same Idempotency-Key in a few ' +
      'seconds."}}\n',
  });
});

test('an invalid request carries its problems', () => {
  const problems = [
    { pointer: '/UserName', detail: 'UserName is required.' },
    { pointer: '/DryRun', detail: 'DryRun must be true or false.' },
  ];
  const answer = answerFailure({ code: 'InvalidRequest', problems }, asking());
  expect(JSON.parse(answer.body)).toEqual({
    type: 'about:blank',
    title: 'Invalid request',
    status: 400,
    detail: 'UserName is required. (and 1 more, see errors)',
    requestId: '66666666-0000-4000-8000-000000000006',
    error: {
      code: 'InvalidRequest',
      message: 'UserName is required. (and 1 more, see errors)',
    },
    errors: problems,
  });
  expect(answer.headers).not.toHaveProperty('Retry-After');
});

test('401 carries WWW-Authenticate, and no other answer does', () => {
  const answer = answerFailure(
    { code: 'Unauthenticated', fault: 'no-key', door: 'function' },
    asking(),
  );
  expect(answer.headers).toEqual({
    ...own,
    'Content-Type': 'application/json',
    'x-ms-error-code': 'Unauthenticated',
    'WWW-Authenticate': 'FunctionKey realm="password-reset"',
  });
});

const problemJson = 'application/problem+json';

test.each<[string | null, string]>([
  [null, json],
  ['*/*', json],
  ['application/*', json],
  ['application/json', json],
  ['text/plain', json],
  ['application/problem+json', problemJson],
  ['Application/Problem+JSON', problemJson],
  ['application/json, application/problem+json', problemJson],
  ['application/problem+json;q=0.1, */*', problemJson],
  ['application/problem+json;q=0', json],
  ['application/problem+json; q=0', json],
  ['application/problem+json; charset=utf-8', problemJson],
  ['application/problem+jsonx', json],
])('a failure, Accept %j: %s', (accept, type) => {
  expect(answerFailure({ code: 'InProgress' }, asking({ accept })).headers['Content-Type']).toBe(
    type,
  );
});

test('a success is never a problem', () => {
  const answer = answerSuccess(completed(), asking({ accept: 'application/problem+json' }));
  expect(answer.headers['Content-Type']).toBe('application/json');
});

const faults: readonly CredentialFault[] = [
  'no-key',
  'unknown-key',
  'no-token',
  'bad-token',
  'expired-token',
  'unknown-app',
  'no-signature',
  'bad-signature',
  'stale-signature',
];
const everyFailure: readonly Failure[] = [
  ...faults.flatMap((fault) =>
    (['function', 'entra'] as const).map((door) => ({
      code: 'Unauthenticated' as const,
      fault,
      door,
    })),
  ),
  ...(['domains', 'groups', 'mayEnable', 'appRole'] as const).map((rule) => ({
    code: 'CallerNotAllowed' as const,
    rule,
  })),
  { code: 'TargetProtected', because: 'role' },
  { code: 'RecentlyReset', until: new Date(completedAt) },
  { code: 'GraphDenied', step: 'read', right: 'RoleEligibilitySchedule.Read.Directory' },
  { code: 'GraphDenied', step: 'write', right: 'the directory role User Administrator' },
  { code: 'UserNotFound' },
  { code: 'InProgress' },
  { code: 'LengthRequired' },
  { code: 'PayloadTooLarge' },
  { code: 'UnsupportedMediaType', what: 'type' },
  { code: 'UnsupportedMediaType', what: 'encoding' },
  { code: 'KeyReused' },
  { code: 'DirectorySynced' },
  { code: 'GuestUser' },
  { code: 'FederatedUser' },
  { code: 'PasswordRejected' },
  { code: 'GraphRejected' },
  { code: 'TooManyRequests', by: 'caller', retryAfterSeconds: 60 },
  { code: 'TooManyRequests', by: 'graph', retryAfterSeconds: 60 },
  { code: 'InternalError' },
  { code: 'NotConfigured' },
  { code: 'GraphUnavailable', retryAfterSeconds: 5 },
  { code: 'IdentityUnavailable' },
  { code: 'LedgerUnavailable' },
  { code: 'OutcomeUnknown', retryAfterSeconds: 30 },
];

test.each(everyFailure)('under 1 KiB, one newline, the same code three times: $code', (failure) => {
  const answer = answerFailure(failure, asking({ clientRequestId: 'c'.repeat(128) }));
  expect(Buffer.byteLength(answer.body)).toBeLessThan(1024);
  expect(answer.body.match(/\n/g)).toHaveLength(1);
  expect(answer.body.endsWith('}\n')).toBe(true);
  const body = JSON.parse(answer.body);
  expect(Object.keys(body)).toEqual(['type', 'title', 'status', 'detail', 'requestId', 'error']);
  expect(body.status).toBe(answer.status);
  expect(body.error).toEqual({ code: failure.code, message: body.detail });
  expect(answer.headers['x-ms-error-code']).toBe(failure.code);
  expect(answer.headers).not.toHaveProperty('Location');
});

test('a failure of many problems needs more than 1 KiB, and has it', () => {
  const problems = Array.from({ length: 20 }, () => ({ pointer: '/x', detail: 'y'.repeat(60) }));
  const { body } = answerFailure({ code: 'InvalidRequest', problems }, asking());
  expect(JSON.parse(body).errors).toHaveLength(20);
});

// --- headers of every answer -----------------------------------------------------------------------

test.each<[string, boolean]>([
  ['client-1', true],
  ['!~', true],
  ['c'.repeat(128), true],
  ['c'.repeat(129), false],
  ['', false],
  ['a b', false],
  ['a\tb', false],
  ['a\r\nSet-Cookie: x=1', false],
  ['\u00fc', false],
  ['a\u007f', false],
])('x-ms-client-request-id %j is echoed: %s', (sent, echoed) => {
  const asked = askingOf('r-1', new Headers());
  expect(asked).toEqual({ requestId: 'r-1', accept: null, clientRequestId: undefined });
  const headers = { get: (name: string) => (name === 'x-ms-client-request-id' ? sent : '*/*') };
  const clientRequestId = echoed ? sent : undefined;
  expect(askingOf('r-1', headers)).toEqual({ requestId: 'r-1', accept: '*/*', clientRequestId });
});

test('a client request id is on every answer', () => {
  const { headers } = answerDocument(200, '{}\n', asking({ clientRequestId: 'client-1' }));
  const type = { 'Content-Type': 'application/json' };
  expect(headers).toEqual({ ...own, ...type, 'x-ms-client-request-id': 'client-1' });
});

test('a document that is no outcome of a reset', () => {
  expect(answerDocument(503, '{}\n', asking())).toEqual({
    status: 503,
    headers: { ...own, 'Content-Type': 'application/json' },
    body: '{}\n',
  });
});

// --- properties ------------------------------------------------------------------------------------

test('whatever Accept says, an answer is one of the three types and never an error', () => {
  const accept = fc.oneof(
    fc.string(),
    fc
      .array(
        fc.constantFrom(
          'text/plain',
          'application/json',
          '*/*',
          ';q=',
          '0.5',
          ',',
          ' ',
          'q',
          '"',
          '/',
        ),
      )
      .map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(accept, (sent) => {
      expect([json, textPlain]).toContain(
        answerSuccess(completed(), asking({ accept: sent })).headers['Content-Type'],
      );
      expect([json, problemJson]).toContain(
        answerFailure({ code: 'InProgress' }, asking({ accept: sent })).headers['Content-Type'],
      );
    }),
    { numRuns: 300 },
  );
});
