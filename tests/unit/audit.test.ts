// What is said to log and trail: registered events, and rows that keep the claimed apart.

import { expect, test } from '@jest/globals';
import { auditEvents, auditFields, becauseOf, eventOf, whoAsksWhat } from '../../lib/audit.ts';
import type { Failure } from '../../lib/failure.ts';
import { aReadRequest } from '../support/a-valid-request.ts';
import { aCaller } from '../support/a-valid-user.ts';

test.each<[Failure | 'Completed' | 'AlreadyCompleted' | 'DryRun', keyof typeof auditEvents]>([
  ['Completed', 'ResetCompleted'],
  ['AlreadyCompleted', 'ResetReplayed'],
  ['DryRun', 'ResetRehearsed'],
  [{ code: 'OutcomeUnknown', retryAfterSeconds: 30 }, 'ResetOutcomeUnknown'],
  [{ code: 'Unauthenticated', fault: 'no-key', door: 'function' }, 'CallerUnauthenticated'],
  [{ code: 'NotConfigured' }, 'NotConfigured'],
  [{ code: 'InternalError' }, 'InternalError'],
  [{ code: 'TooManyRequests', by: 'caller', retryAfterSeconds: 1 }, 'CallerLimited'],
  [{ code: 'TooManyRequests', by: 'graph', retryAfterSeconds: 1 }, 'ResetRefused'],
  [{ code: 'GraphUnavailable', retryAfterSeconds: 1 }, 'ResetFailed'],
  [{ code: 'IdentityUnavailable' }, 'ResetFailed'],
  [{ code: 'LedgerUnavailable' }, 'ResetFailed'],
  [{ code: 'InvalidRequest', problems: [] }, 'RequestInvalid'],
  [{ code: 'UnsupportedPayload', problems: [] }, 'RequestInvalid'],
  [{ code: 'LengthRequired' }, 'RequestInvalid'],
  [{ code: 'PayloadTooLarge' }, 'RequestInvalid'],
  [{ code: 'UnsupportedMediaType', what: 'type' }, 'RequestInvalid'],
  [{ code: 'TargetProtected', because: 'role' }, 'ResetRefused'],
  [{ code: 'UserNotFound' }, 'ResetRefused'],
  [{ code: 'InProgress' }, 'ResetRefused'],
  [{ code: 'KeyReused' }, 'ResetRefused'],
  [{ code: 'PasswordRejected' }, 'ResetRefused'],
  [{ code: 'GraphDenied', step: 'read', right: 'x' }, 'ResetRefused'],
])('%j is logged as %s', (outcome, event) => {
  expect(eventOf(outcome)).toBe(event);
  expect(Object.keys(auditEvents)).toContain(event);
});

test.each<[Failure, string | undefined]>([
  [{ code: 'TargetProtected', because: 'protected-group' }, 'protected-group'],
  [{ code: 'CallerNotAllowed', rule: 'domains' }, 'domains'],
  [{ code: 'GraphDenied', step: 'write', right: 'User.Read.All' }, 'write: User.Read.All'],
  [{ code: 'Unauthenticated', fault: 'stale-signature', door: 'function' }, 'stale-signature'],
  [{ code: 'UserNotFound' }, undefined],
  [{ code: 'InvalidRequest', problems: [{ pointer: '/x', detail: 'y' }] }, undefined],
])('the evidence in %j', (failure, because) => {
  expect(becauseOf(failure)).toBe(because);
});

test('who asks for what: the verified and the claimed under names of their own', () => {
  const admitted = {
    caller: aCaller({ name: 'flows' }),
    holder: { appId: 'app-1', objectId: 'oid-1', name: 'megan@contoso.com', hasRole: true },
  };
  const request = aReadRequest({
    forceChangeWithMfa: true,
    claimed: { TicketId: 'INC1', CallerName: 'Admin', Reason: 'Locked out' },
  });
  expect(whoAsksWhat(admitted, 'entra', request, 'client-1')).toEqual({
    caller: 'flows',
    door: 'entra',
    callerAppId: 'app-1',
    callerObjectId: 'oid-1',
    callerUser: 'megan@contoso.com',
    claimedTicketId: 'INC1',
    claimedCallerName: 'Admin',
    claimedReason: 'Locked out',
    clientRequestId: 'client-1',
    askedUserName: 'adele.vance@contoso.com',
    enableUserIfNeeded: true,
    forceChange: true,
    forceChangeWithMfa: true,
    revokeSessions: false,
    dryRun: false,
  });
});

test('without a token and without claims nothing is made up', () => {
  const said = whoAsksWhat(
    { caller: aCaller(), holder: undefined },
    'function',
    aReadRequest(),
    undefined,
  );
  expect(said).toMatchObject({ callerAppId: undefined, callerUser: undefined });
  expect(said).toMatchObject({ claimedTicketId: undefined, clientRequestId: undefined });
});

test('every field of a row is a registered one', () => {
  const admitted = { caller: aCaller(), holder: undefined };
  const fields: readonly string[] = auditFields;
  for (const name of Object.keys(whoAsksWhat(admitted, 'function', aReadRequest(), undefined))) {
    expect(fields).toContain(name);
  }
  expect(fields.filter((name) => /password|key|token|signature|body/i.test(name))).toEqual([
    'passwordReturned',
  ]);
});
