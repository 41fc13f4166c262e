// Once the user is free to be reset: the write, the sessions, the records, and what becomes of claim and
// lock on every way out.

import { expect, test } from '@jest/globals';
import type { Failure } from '../../lib/failure.ts';
import { err, ok } from '../../lib/result.ts';
import { reveal } from '../../lib/secret.ts';
import type { PasswordChange, UserFacts } from '../../lib/target.ts';
import {
  aJourney,
  calledBy,
  codeOf,
  type JourneyChanges,
  outcomesIn,
  passwords,
  requestId,
  said,
  startedAt,
} from '../support/a-journey.ts';
import { aLedger } from '../support/a-ledger.ts';
import { aBody, aRequest, functionKey, plain } from '../support/a-valid-request.ts';
import { aUser, userId } from '../support/a-valid-user.ts';
import { hangs, unanswered } from '../support/troubles.ts';

const down = err({ code: 'LedgerUnavailable' } as const);

// --- the write that is done ------------------------------------------------------------------------

test('the write: password, force change, and enabling only where it is needed and asked for', async () => {
  const written: unknown[] = [];
  const write = async (user: Partial<UserFacts>, body: Parameters<typeof plain>[0]) => {
    const { handle } = aJourney({
      directory: {
        user: async () => ok(aUser(user)),
        setPassword: async (id, { password, ...change }, asked, within) => {
          written.push([id, reveal(password), change, asked, within]);
          return { kind: 'done', graphRequestId: undefined };
        },
      },
    });
    return said(await handle(plain(body)));
  };
  await write({}, {});
  await write({ accountEnabled: false }, {});
  await write({ accountEnabled: false }, { EnableUserIfNeeded: false });
  await write({}, { ForceChangePasswordNextSignIn: false });
  await write({}, { ForceChangePasswordNextSignInWithMfa: true });
  const change = { forceChange: true, forceChangeWithMfa: false, enable: false };
  const within = { start: startedAt + 6_500, end: startedAt + 8_000 };
  expect(written).toEqual([
    [userId, 'Cdfhj-Kmnpr-Tvwxc-934', change, requestId, within],
    [userId, 'Cdfhj-Kmnpr-Tvwxc-934', { ...change, enable: true }, requestId, within],
    [userId, 'Cdfhj-Kmnpr-Tvwxc-934', change, requestId, within],
    [userId, 'Cdfhj-Kmnpr-Tvwxc-934', { ...change, forceChange: false }, requestId, within],
    [userId, 'Cdfhj-Kmnpr-Tvwxc-934', { ...change, forceChangeWithMfa: true }, requestId, within],
  ]);
});

const noSessions = 'The sign-in sessions were not revoked; revoke them in the Entra admin centre.';
const staysDisabled = 'The account is disabled and stays so: EnableUserIfNeeded was false.';
const withheld =
  'This caller does not receive passwords. To hand one to the user, reset again through a caller ' +
  'that returns it; that can follow at once.';
const noKey =
  'No Idempotency-Key was sent, so a repetition is not recognised: only the lock and the cooldown of this user hold it off.';

test.each<[string, JourneyChanges, Parameters<typeof plain>[0], object]>([
  [
    'a disabled account is enabled',
    { directory: { user: async () => ok(aUser({ accountEnabled: false })) } },
    {},
    { AccountWasEnabled: false, AccountEnabled: true, Warning: undefined },
  ],
  [
    'a disabled account stays disabled when nobody asks',
    { directory: { user: async () => ok(aUser({ accountEnabled: false })) } },
    { EnableUserIfNeeded: 'no' },
    { AccountWasEnabled: false, AccountEnabled: false, Warning: staysDisabled },
  ],
  [
    'a caller that may not enable does not do so by default',
    {
      config: calledBy({ mayEnable: false }),
      directory: { user: async () => ok(aUser({ accountEnabled: false })) },
    },
    {},
    { AccountWasEnabled: false, AccountEnabled: false, Warning: staysDisabled },
  ],
  [
    'no forced change',
    {},
    { ForceChangePasswordNextSignIn: false },
    { ForceChangePasswordNextSignIn: false },
  ],
  [
    'a change with MFA',
    {},
    { ForceChangePasswordNextSignInWithMfa: true },
    { ForceChangePasswordNextSignIn: true },
  ],
  ['sessions revoked', {}, { RevokeSessions: true }, { SessionsRevoked: 'Revoked' }],
  [
    'sessions not revoked: the reset still counts',
    { directory: { revokeSessions: async () => false } },
    { RevokeSessions: true },
    {
      Status: 'Completed',
      SessionsRevoked: 'Failed',
      Password: passwords[0],
      Warning: noSessions,
    },
  ],
  [
    'a caller that withholds',
    { config: calledBy({ password: 'withhold' }) },
    {},
    { Status: 'Completed', PasswordReturned: false, Password: undefined, Warning: withheld },
  ],
  [
    'an unknown field',
    {},
    { Colour: 'red' },
    { Status: 'Completed', Warning: 'Unknown fields were ignored: Colour.' },
  ],
])('%s', async (_what, changes, body, expected) => {
  const answer = await aJourney(changes).handle(plain(body));
  expect(answer.status).toBe(200);
  // A member that is expected to be absent stands as undefined.
  const members = Object.keys(expected).map((name) => [name, said(answer)[name]]);
  expect(Object.fromEntries(members)).toEqual(expected);
});

test('several warnings are one text', async () => {
  const { handle } = aJourney({
    config: calledBy({ password: 'withhold' }),
    directory: {
      user: async () => ok(aUser({ accountEnabled: false })),
      revokeSessions: async () => false,
    },
  });
  const body = aBody({ Colour: 1, EnableUserIfNeeded: false, RevokeSessions: true });
  const answer = await handle(aRequest({ body, headers: { 'idempotency-key': null } }));
  expect(said(answer)['Warning']).toBe(
    `Unknown fields were ignored: Colour. ${staysDisabled} ${noSessions} ${withheld} ${noKey}`,
  );
});

test('the password of the answer is the one that was written, and no other place shows it', async () => {
  let written: PasswordChange | undefined;
  const { handle, ledger, lines } = aJourney({
    directory: {
      setPassword: async (_id, change) => {
        written = change;
        return { kind: 'done', graphRequestId: 'graph-1' };
      },
    },
  });
  const answer = await handle();
  expect(said(answer)['Password']).toBe('Cdfhj-Kmnpr-Tvwxc-934');
  expect(written && reveal(written.password)).toBe('Cdfhj-Kmnpr-Tvwxc-934');
  const kept = JSON.stringify([[...ledger.claims], [...ledger.locks], ledger.rows, lines]);
  expect(kept).not.toContain('Cdfhj');
  expect(kept).not.toContain(functionKey);
  expect(kept).not.toContain('ticket-4711');
});

test('the ledger afterwards: a done claim, a free lock with its pause, intent and outcome, one count', async () => {
  const { handle, ledger, clock } = aJourney({
    directory: {
      setPassword: async () => {
        clock.now += 700;
        return { kind: 'done', graphRequestId: 'graph-1' };
      },
    },
  });
  const body = aBody({ TicketId: 'INC1', CallerName: 'Megan', Reason: 'Locked out' });
  await handle(aRequest({ body, headers: { 'x-ms-client-request-id': 'client-1' } }));
  const completedAt = startedAt + 700;
  expect([...ledger.claims.values()].map(({ claim }) => claim)).toEqual([
    {
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
      requestId,
      at: startedAt,
      state: 'done',
      receipt: {
        userName: 'adele.vance@contoso.com',
        userId,
        accountEnabled: true,
        forceChange: true,
        completedAt,
        requestId,
      },
    },
  ]);
  expect([...ledger.locks].map(([user, { lock }]) => [user, lock])).toEqual([
    [
      userId,
      {
        state: 'free',
        requestId,
        caller: 'function-key',
        at: startedAt,
        recorded: true,
        completed: { at: completedAt, requestId, passwordReturned: true },
      },
    ],
  ]);
  expect(ledger.counts).toEqual([{ caller: 'function-key', at: startedAt, requestId }]);
  const who = {
    caller: 'function-key',
    door: 'function',
    callerAppId: undefined,
    callerObjectId: undefined,
    callerUser: undefined,
    claimedTicketId: 'INC1',
    claimedCallerName: 'Megan',
    claimedReason: 'Locked out',
    clientRequestId: 'client-1',
    askedUserName: 'adele.vance@contoso.com',
    enableUserIfNeeded: true,
    forceChange: true,
    forceChangeWithMfa: false,
    revokeSessions: false,
    dryRun: false,
    requestId,
    userName: 'adele.vance@contoso.com',
    userId,
    accountWasEnabled: true,
  };
  expect(ledger.rows).toEqual([
    {
      partition: userId,
      row: { kind: 'intent', at: '2026-11-23T09:15:30.000Z', code: 'Intent', ...who },
    },
    {
      partition: userId,
      row: {
        kind: 'outcome',
        at: '2026-11-23T09:15:30.700Z',
        code: 'Completed',
        ...who,
        accountEnabled: true,
        passwordReturned: true,
        sessionsRevoked: 'NotRequested',
        because: undefined,
        graphRequestId: 'graph-1',
        elapsedMs: 700,
      },
    },
  ]);
});

// --- the write that is not -------------------------------------------------------------------------

test('a policy refusal draws again, three passwords in all', async () => {
  const tried: string[] = [];
  const policy = (times: number): JourneyChanges => ({
    directory: {
      setPassword: async (_id, { password }) => {
        tried.push(reveal(password));
        const kind = tried.length > times ? 'done' : 'policy';
        return { kind, graphRequestId: `graph-${tried.length}` };
      },
    },
  });
  const answer = await aJourney(policy(2)).handle();
  expect(tried).toEqual(passwords);
  expect(said(answer)['Password']).toBe('Prtvw-Xcdfh-Jkmnp-934');

  tried.length = 0;
  const { handle, ledger } = aJourney(policy(9));
  expect(codeOf(await handle())).toBe('PasswordRejected');
  expect(tried).toHaveLength(3);
  expect([...ledger.claims.values()].map(({ claim }) => claim.state)).toEqual(['free']);
  expect(ledger.locks.get(userId)?.lock).toMatchObject({ state: 'free', completed: undefined });
  expect(ledger.rows.map(({ row }) => [row.kind, row.code, row.graphRequestId])).toEqual([
    ['intent', 'Intent', undefined],
    ['outcome', 'PasswordRejected', 'graph-3'],
  ]);
});

test.each<[string, Failure]>([
  [
    'GraphDenied',
    { code: 'GraphDenied', step: 'write', right: 'the directory role User Administrator' },
  ],
  ['GraphRejected', { code: 'GraphRejected' }],
  ['GraphUnavailable', { code: 'GraphUnavailable', retryAfterSeconds: 5 }],
  ['TooManyRequests', { code: 'TooManyRequests', by: 'graph', retryAfterSeconds: 30 }],
  ['UserNotFound', { code: 'UserNotFound' }],
])('%s to the write: nothing was changed, claim and user are free', async (code, failure) => {
  const { handle, ledger, calls } = aJourney({
    directory: {
      setPassword: async () => ({ kind: 'refused', failure, graphRequestId: 'graph-9' }),
    },
  });
  expect(codeOf(await handle(plain({ RevokeSessions: true })))).toBe(code);
  expect(calls).not.toContain('directory.revokeSessions');
  expect([...ledger.claims.values()].map(({ claim }) => claim.state)).toEqual(['free']);
  expect(ledger.locks.get(userId)?.lock).toMatchObject({ state: 'free', recorded: true });
  expect(ledger.rows.map(({ row }) => [row.kind, row.code, row.graphRequestId])).toEqual([
    ['intent', 'Intent', undefined],
    ['outcome', code, 'graph-9'],
  ]);
});
test('a write without an answer: OutcomeUnknown; claim and user stay taken', async () => {
  const { handle, ledger, calls, lines } = aJourney({ directory: unanswered });
  const answer = await handle(plain({ RevokeSessions: true }));
  expect([answer.status, codeOf(answer), answer.headers['Retry-After']]).toEqual([
    503,
    'OutcomeUnknown',
    '30',
  ]);
  expect(calls).not.toContain('directory.revokeSessions');
  expect([...ledger.claims.values()].map(({ claim }) => claim)).toMatchObject([
    { state: 'sent', givenUp: true, at: startedAt },
  ]);
  expect(ledger.locks.get(userId)?.lock).toMatchObject({ state: 'held', recorded: true });
  expect(outcomesIn(ledger)).toEqual(['OutcomeUnknown']);
  expect(lines.map(({ level, event }) => [level, event])).toEqual([
    ['warn', 'ResetOutcomeUnknown'],
  ]);
});

// --- the ledger fails ------------------------------------------------------------------------------

test('it cannot take the user or write the intent: the reset is not done, the mark is taken back', async () => {
  const { handle, calls, ledger } = aJourney({ users: { write: async () => down } });
  expect(codeOf(await handle())).toBe('LedgerUnavailable');
  expect(calls).not.toContain('directory.setPassword');
  expect([...ledger.claims.values()].map(({ claim }) => claim.state)).toEqual(['free']);
});

test('the user is taken by somebody else: the mark is taken back', async () => {
  const ledger = aLedger();
  ledger.locks.set(userId, {
    lock: {
      state: 'held',
      requestId: 'r-other',
      caller: 'jira',
      at: startedAt - 5_000,
      recorded: false,
      completed: undefined,
    },
    version: 7,
  });
  const { handle, calls } = aJourney({ ledger });
  expect(codeOf(await handle())).toBe('InProgress');
  expect(calls).not.toContain('directory.setPassword');
  expect([...ledger.claims.values()].map(({ claim }) => claim.state)).toEqual(['free']);
  expect(outcomesIn(ledger)).toEqual(['InProgress']);
});

test.each([
  ['LedgerUnavailable', down, 'free'],
  ['InProgress', err('lost' as const), 'claimed'],
])(
  'it cannot mark the claim as sent (%s): nothing is written, the user is given back',
  async (code, answer, state) => {
    const base = aLedger();
    let amends = 0;
    const { handle, calls } = aJourney({
      ledger: base,
      deliveries: {
        amend: (...args) => {
          amends += 1;
          return amends === 1 ? Promise.resolve(answer) : base.deliveries.amend(...args);
        },
      },
    });
    expect(codeOf(await handle())).toBe(code);
    expect(calls).not.toContain('directory.setPassword');
    expect(base.locks.get(userId)?.lock).toMatchObject({ state: 'free', recorded: true });
    expect(outcomesIn(base)).toEqual([code]);
    // one that was taken over by somebody else is not ours to touch
    expect([...base.claims.values()].map(({ claim }) => claim.state)).toEqual([state]);
    expect(base.counts).toHaveLength(1);
  },
);

test.each<[string, JourneyChanges]>([
  ['done', {}],
  ['unknown', { directory: unanswered }],
  ['refused by the lock', { users: { write: async () => err('lost' as const) } }],
])('without a key there is no claim to write, only the count: %s', async (_what, changes) => {
  const amended: unknown[] = [];
  const { handle } = aJourney({
    ...changes,
    deliveries: {
      amend: async (_caller, amendment) => {
        amended.push(amendment);
        return ok(undefined);
      },
    },
  });
  await handle(aRequest({ headers: { 'idempotency-key': null } }));
  expect(amended).toStrictEqual([{ counted: { at: startedAt, requestId } }]);
});

const repeats = 'The reset was not recorded; repeating this request resets again.';

test('a done reset that cannot be recorded: the password is returned, and Warning says what to know', async () => {
  const base = aLedger();
  const written = { users: 0, claims: 0 };
  const { handle, lines } = aJourney({
    ledger: base,
    users: {
      write: (...args) => {
        written.users += 1;
        return written.users === 1 ? base.users.write(...args) : Promise.resolve(down);
      },
    },
    deliveries: {
      amend: (...args) => {
        written.claims += 1;
        return written.claims === 1 ? base.deliveries.amend(...args) : Promise.resolve(down);
      },
    },
  });
  const answer = said(await handle());
  expect(answer).toMatchObject({ Status: 'Completed', Password: passwords[0], Warning: repeats });
  expect(lines.map(({ level, event }) => [level, event])).toEqual([
    ['info', 'ResetCompleted'],
    ['error', 'RecordNotWritten'],
  ]);
  // the claim is still marked as sent: the 30 s of an unknown outcome stand
  const again = aJourney({ ledger: base, clock: { now: startedAt + 10_000 } });
  expect(codeOf(await again.handle())).toBe('OutcomeUnknown');
});

test('a refusal that cannot be recorded is no decision: LedgerUnavailable', async () => {
  const { handle, lines } = aJourney({
    users: { write: async () => down },
    directory: { user: async () => err({ code: 'UserNotFound' }) },
  });
  expect(codeOf(await handle())).toBe('LedgerUnavailable');
  expect(lines.map(({ event }) => event)).toEqual(['ResetRefused', 'RecordNotWritten']);
});

test('a replay that cannot be recorded is no decision either', async () => {
  const { ledger, handle } = aJourney();
  await handle();
  const second = aJourney({ ledger, users: { write: async () => down } });
  expect(codeOf(await second.handle())).toBe('LedgerUnavailable');
});

test('an unknown outcome stays unknown when it cannot be recorded', async () => {
  const base = aLedger();
  let writes = 0;
  const { handle } = aJourney({
    ledger: base,
    directory: unanswered,
    users: {
      write: (...args) => {
        writes += 1;
        return writes === 1 ? base.users.write(...args) : Promise.resolve(down);
      },
    },
  });
  expect(codeOf(await handle())).toBe('OutcomeUnknown');
});

// --- time ------------------------------------------------------------------------------------------

test('revoking hangs: two seconds, then Failed', async () => {
  const clock = { now: startedAt };
  const { handle } = aJourney({ clock, directory: { revokeSessions: hangs(clock, false) } });
  expect(said(await handle(plain({ RevokeSessions: true })))).toMatchObject({
    Status: 'Completed',
    SessionsRevoked: 'Failed',
    CompletedAt: '2026-11-23T09:15:30Z',
  });
  expect(clock.now - startedAt).toBe(2_000);
});

test('revoking after a slow write ends with Graph’s time', async () => {
  const clock = { now: startedAt };
  const { handle } = aJourney({
    clock,
    startedAt,
    directory: {
      setPassword: async () => {
        clock.now = startedAt + 8_000;
        return { kind: 'done', graphRequestId: undefined };
      },
      revokeSessions: hangs(clock, false),
    },
  });
  await handle(plain({ RevokeSessions: true }));
  expect(clock.now - startedAt).toBe(8_000);
});

test('the records hang: the password is returned within nine seconds', async () => {
  const clock = { now: startedAt };
  const base = aLedger();
  let writes = 0;
  const late = hangs(clock, down);
  const { handle } = aJourney({
    clock,
    startedAt,
    ledger: base,
    users: {
      write: (...args) => {
        writes += 1;
        return writes === 1 ? base.users.write(...args) : late(...args);
      },
    },
  });
  expect(said(await handle())).toMatchObject({ Password: passwords[0] });
  expect(clock.now - startedAt).toBe(8_500);
});

test.each([
  [6_500, 'Completed'],
  [6_501, 'GraphUnavailable'],
])(
  'no first write with less than 2.5 s of the nine left: at %i ms, %s',
  async (after, expected) => {
    const clock = { now: startedAt };
    const { handle, calls, ledger } = aJourney({
      clock,
      startedAt,
      directory: {
        user: async () => {
          clock.now = startedAt + after;
          return ok(aUser());
        },
      },
    });
    const answer = await handle();
    expect(said(answer)['Status'] ?? codeOf(answer)).toBe(expected);
    expect(calls.includes('directory.setPassword')).toBe(expected === 'Completed');
    expect(ledger.locks.get(userId)?.lock.state).toBe('free');
    expect([...ledger.claims.values()].map(({ claim }) => claim.state)).toEqual([
      expected === 'Completed' ? 'done' : 'free',
    ]);
  },
);
