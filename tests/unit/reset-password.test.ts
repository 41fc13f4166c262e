// The act: which passwords are tried, how long, and what each outcome of the write means.

import { expect, test } from '@jest/globals';
import { deadlineFrom } from '../../lib/deadline.ts';
import type { Failure } from '../../lib/failure.ts';
import { enablesAccount, resetPassword } from '../../lib/reset-password.ts';
import { err } from '../../lib/result.ts';
import { reveal } from '../../lib/secret.ts';
import type { UserFacts, WriteOutcome } from '../../lib/target.ts';
import { aJourney, passwords, requestId, startedAt } from '../support/a-journey.ts';
import { aReadRequest } from '../support/a-valid-request.ts';
import { aUser } from '../support/a-valid-user.ts';

async function reset(
  outcomes: readonly WriteOutcome[],
  user: Partial<UserFacts> = {},
  msPerWrite = 0,
) {
  const tried: string[] = [];
  const times: unknown[] = [];
  const { ports, clock } = aJourney({
    directory: {
      setPassword: async (_id, { password }, _requestId, within) => {
        times.push(within);
        tried.push(reveal(password));
        clock.now += msPerWrite;
        return outcomes[tried.length - 1] ?? { kind: 'done', graphRequestId: undefined };
      },
    },
  });
  const asked = { requestId, caller: 'zendesk', startedAt };
  const deadline = deadlineFrom(startedAt);
  const result = await resetPassword(
    { ports, request: aReadRequest(), asked, deadline },
    aUser(user),
  );
  return { result, tried, times };
}

const policy = { kind: 'policy', graphRequestId: 'graph-1' } as const;

test('done at the first attempt', async () => {
  const { result, tried } = await reset([{ kind: 'done', graphRequestId: 'graph-1' }]);
  expect(result).toMatchObject({ ok: true, value: { graphRequestId: 'graph-1' } });
  expect(result.ok && reveal(result.value.password)).toBe(passwords[0]);
  expect(tried).toEqual(passwords.slice(0, 1));
});

test('a write has the time up to its last start, and the time in which it may be repeated', async () => {
  const { times } = await reset([policy]);
  const within = { start: startedAt + 6_500, end: startedAt + 8_000 };
  expect(times).toEqual([within, within]);
});

test('done at the third, with the third password', async () => {
  const { result, tried } = await reset([policy, policy, { kind: 'done', graphRequestId: 'g-3' }]);
  expect(result).toMatchObject({ ok: true, value: { graphRequestId: 'g-3' } });
  expect(result.ok && reveal(result.value.password)).toBe(passwords[2]);
  expect(tried).toEqual(passwords);
});

test('three refused passwords are the end', async () => {
  const { result, tried } = await reset([policy, policy, policy]);
  expect(result).toEqual(err({ failure: { code: 'PasswordRejected' }, graphRequestId: 'graph-1' }));
  expect(tried).toHaveLength(3);
});

test.each([
  ['unknown', { code: 'OutcomeUnknown', retryAfterSeconds: 30 }],
  ['unknown after a policy refusal', { code: 'OutcomeUnknown', retryAfterSeconds: 30 }],
] as const)('%s', async (what, failure) => {
  const unknown = { kind: 'unknown', graphRequestId: 'g-9' } as const;
  const { result } = await reset(what === 'unknown' ? [unknown] : [policy, unknown]);
  expect(result).toEqual(err({ failure, graphRequestId: 'g-9' }));
});

test('a refusal is handed on with its request id, and draws no other password', async () => {
  const failure: Failure = { code: 'GraphRejected' };
  const { result, tried } = await reset([{ kind: 'refused', failure, graphRequestId: 'g-2' }]);
  expect(result).toEqual(err({ failure, graphRequestId: 'g-2' }));
  expect(tried).toHaveLength(1);
});

test.each([
  [6_500, 2],
  [6_501, 1],
])('after a policy refusal at %i ms: %i writes', async (ms, writes) => {
  const { result, tried } = await reset([policy], {}, ms);
  expect(tried).toHaveLength(writes);
  expect(result.ok).toBe(writes === 2);
  if (writes === 1) {
    expect(result).toEqual(
      err({
        failure: { code: 'GraphUnavailable', retryAfterSeconds: 3 },
        graphRequestId: 'graph-1',
      }),
    );
  }
});

test.each<[string, Partial<UserFacts>]>([
  ['the part before the @', { userPrincipalName: 'kmnp@contoso.com', displayName: null }],
  ['the display name', { userPrincipalName: 'x@contoso.com', displayName: 'Tvwx Vance' }],
])('never a part of the user’s name: %s', async (_what, user) => {
  expect((await reset([], user)).tried).not.toContain(passwords[0]);
});

test('the domain is no part of the name', async () => {
  const user = { userPrincipalName: 'x@kmnp.com', displayName: null };
  expect((await reset([], user)).tried).toEqual(passwords.slice(0, 1));
});

test.each([
  [true, true, false],
  [true, false, false],
  [false, true, true],
  [false, false, false],
])('enabled before: %s, asked: %s, enables: %s', (accountEnabled, enableUserIfNeeded, enables) => {
  expect(enablesAccount(aUser({ accountEnabled }), aReadRequest({ enableUserIfNeeded }))).toBe(
    enables,
  );
});
