// The story: what happens in which order, and what each port's trouble does to it. For each port: it
// works; it fails before, and nothing after it happens; it fails after; it hangs until its time is up.

import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import type { Failure } from '../../lib/failure.ts';
import { member } from '../../lib/member.ts';
import { err, ok } from '../../lib/result.ts';
import { reveal } from '../../lib/secret.ts';
import type { Directory, PasswordChange, UserFacts } from '../../lib/target.ts';
import {
  aConfig,
  aJourney,
  type JourneyChanges,
  passwords,
  requestId,
  said,
  startedAt,
} from '../support/a-journey.ts';
import { aLedger } from '../support/a-ledger.ts';
import { aBody, aRequest, functionKey } from '../support/a-valid-request.ts';
import { aCaller, aTenant, aUser, someGroup, userId } from '../support/a-valid-user.ts';

const down = err({ code: 'LedgerUnavailable' } as const);
const plain = (changes: Readonly<Record<string, unknown>> = {}) =>
  aRequest({ body: aBody(changes) });
const unsigned = aCaller({
  name: 'zendesk',
  keyHashes: [createHash('sha256').update(functionKey).digest()],
});
const calledBy = (changes: Parameters<typeof aCaller>[0]) =>
  ok(aConfig({ callers: [{ ...unsigned, ...changes }] }));

const codeOf = (answer: { readonly headers: Readonly<Record<string, string>> }) =>
  answer.headers['x-ms-error-code'];
const outcomes = (ledger: ReturnType<typeof aLedger>) =>
  ledger.rows.filter(({ row }) => row.kind === 'outcome').map(({ row }) => row.code);

// --- all well --------------------------------------------------------------------------------------

test('a reset: the answer, in full', async () => {
  const { handle } = aJourney();
  expect(await handle()).toEqual({
    status: 200,
    headers: {
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      'x-ms-request-id': '66666666-0000-4000-8000-000000000006',
      'Content-Type': 'application/json',
    },
    body:
      '{"Status":"Completed","UserName":"adele.vance@contoso.com",' +
      '"UserId":"11111111-aaaa-4bbb-8ccc-000000000001","AccountWasEnabled":true,"AccountEnabled":true,' +
      '"ForceChangePasswordNextSignIn":true,"SessionsRevoked":"NotRequested","PasswordReturned":true,' +
      '"CompletedAt":"2026-11-23T09:15:30Z","RequestId":"66666666-0000-4000-8000-000000000006",' +
      '"Password":"Cdfhj-Kmnpr-Tvwxc-934"}\n',
  });
});

test('what happens, in which order: two waits on Graph before the password is set', async () => {
  const { handle, calls } = aJourney();
  await handle(plain({ RevokeSessions: true }));
  expect(calls).toEqual([
    // side by side: the claim, the count, the look-up
    'deliveries.open',
    'deliveries.recent',
    'directory.user',
    'directory.tenant',
    // side by side: the lock with the intent, the mark of the claim
    'users.write',
    'deliveries.amend',
    // the one write, and then the sessions
    'directory.setPassword',
    'directory.revokeSessions',
    // side by side: the outcome with the lock, the settled claim with the count
    'users.write',
    'deliveries.amend',
  ]);
});

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
  const within = { start: startedAt + 6_500, end: startedAt + 8_300 };
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
const noKey = 'No Idempotency-Key was sent: a repetition of this request would reset again.';

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

test('one log line a reset, with a registered event and the fields of the outcome', async () => {
  const { handle, lines } = aJourney();
  await handle();
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({
    level: 'info',
    event: 'ResetCompleted',
    fields: {
      requestId,
      code: 'Completed',
      caller: 'function-key',
      userId,
      graphRequestId: 'graph-1',
    },
  });
  expect(lines[0]?.fields).not.toHaveProperty('kind');
});

// --- not configured, bugs --------------------------------------------------------------------------

test('not configured: authenticated and unauthenticated alike, no port is asked for', async () => {
  const { handle, calls } = aJourney({ config: err([{ setting: 'CALLERS', detail: 'x' }]) });
  const known = await handle();
  const unknown = await handle(aRequest({ headers: { 'x-functions-key': null } }));
  expect(known).toEqual(unknown);
  expect([known.status, codeOf(known), known.headers['Retry-After']]).toEqual([
    503,
    'NotConfigured',
    '59',
  ]);
  expect(known.body).not.toContain('CALLERS');
  expect(calls).toEqual([]);
});

const bugs: readonly [string, JourneyChanges][] = [
  ['directory.user', { directory: { user: () => Promise.reject(new Error('Adele is here')) } }],
  ['directory.tenant', { directory: { tenant: () => Promise.reject(new Error('Adele')) } }],
  [
    'directory.setPassword',
    { directory: { setPassword: () => Promise.reject(new Error('Adele')) } },
  ],
  [
    'directory.revokeSessions',
    { directory: { revokeSessions: () => Promise.reject(new Error('Adele')) } },
  ],
  ['deliveries.open', { deliveries: { open: () => Promise.reject(new Error('Adele')) } }],
  ['deliveries.recent', { deliveries: { recent: () => Promise.reject(new Error('Adele')) } }],
  ['deliveries.amend', { deliveries: { amend: () => Promise.reject(new Error('Adele')) } }],
  ['users.write', { users: { write: () => Promise.reject(new Error('Adele')) } }],
];

test.each(bugs)(
  'a bug in %s: a constant answer, and a log line without the message',
  async (_port, changes) => {
    const { handle, lines } = aJourney(changes);
    const answer = await handle(plain({ RevokeSessions: true }));
    expect(answer.status).toBe(500);
    expect(said(answer)).toEqual({
      type: 'about:blank',
      title: 'Internal error',
      status: 500,
      detail: 'Something went wrong here. The log has more under this request id.',
      requestId,
      error: {
        code: 'InternalError',
        message: 'Something went wrong here. The log has more under this request id.',
      },
    });
    const line = lines.find(({ event }) => event === 'InternalError');
    expect(line).toMatchObject({ level: 'error', fields: { requestId } });
    expect(String(line?.fields.error)).toMatch(/^Error +at /);
    expect(JSON.stringify(lines)).not.toContain('Adele');
  },
);

test('a message of several lines does not slip into the log with the place', async () => {
  const bug = new Error('first line\nfor adele.vance@contoso.com');
  const { handle, lines } = aJourney({ directory: { user: () => Promise.reject(bug) } });
  expect((await handle()).status).toBe(500);
  expect(JSON.stringify(lines)).not.toContain('adele.vance');
  expect(String(lines[0]?.fields.error)).toMatch(/^Error +at /);
});

test('something that is no error is named by its type only', async () => {
  const { handle, lines } = aJourney({ directory: { user: () => Promise.reject('Adele') } });
  expect((await handle()).status).toBe(500);
  expect(lines).toEqual([
    { level: 'error', event: 'InternalError', fields: { requestId, error: 'string' } },
  ]);
});

test('adapters that cannot be opened are a bug too', async () => {
  const { resetHandler } = await import('../../lib/reset-handler.ts');
  const handle = resetHandler(ok(aConfig()), () => Promise.reject(new Error('no module')));
  const answer = await handle(aRequest(), { requestId, startedAt, log: () => undefined });
  expect([answer.status, codeOf(answer)]).toEqual([500, 'InternalError']);
});

test('a look-up that breaks after the ledger has answered harms nobody', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  try {
    const later = () => new Promise<never>((_, reject) => setImmediate(reject, new Error('late')));
    const { handle } = aJourney({
      directory: { user: later },
      deliveries: { open: async () => down, recent: later },
    });
    expect(codeOf(await handle())).toBe('LedgerUnavailable');
    for (let turn = 0; turn < 5; turn += 1) await new Promise((done) => setImmediate(done));
    expect(unhandled).toEqual([]);
  } finally {
    process.off('unhandledRejection', note);
  }
});

// --- turned away at the door -----------------------------------------------------------------------

test('who is turned away at the door leaves a log line and no row', async () => {
  const { handle, calls, lines } = aJourney();
  expect((await handle(aRequest({ headers: { 'x-functions-key': null } }))).status).toBe(401);
  expect((await handle(plain({ UserName: 'nobody' }))).status).toBe(400);
  expect(calls).toEqual([]);
  expect(lines).toEqual([
    {
      level: 'warn',
      event: 'CallerUnauthenticated',
      fields: { requestId, code: 'Unauthenticated', door: 'function', because: 'no-key' },
    },
    {
      level: 'warn',
      event: 'RequestInvalid',
      fields: { requestId, code: 'InvalidRequest', door: 'function', because: undefined },
    },
  ]);
});

test('a final 400 stays final when storage is down', async () => {
  const { handle } = aJourney({
    deliveries: { open: async () => down, recent: async () => down, amend: async () => down },
    users: { write: async () => down, read: async () => down },
  });
  expect(codeOf(await handle(plain({ UserName: '' })))).toBe('InvalidRequest');
});

test('keys that cannot be had are the identity’s trouble, not the request’s', async () => {
  const { handle, lines } = aJourney({
    tokens: { verify: async () => err('keys-unavailable' as const) },
  });
  const answer = await handle(
    aRequest({ door: 'entra', headers: { authorization: 'Bearer aaa.bbb.ccc' } }),
  );
  expect(codeOf(answer)).toBe('IdentityUnavailable');
  expect(lines.map(({ event }) => event)).toEqual(['ResetFailed']);
});

// --- the caller's rights, before any look-up -------------------------------------------------------

test.each<[string, JourneyChanges, Parameters<typeof plain>[0]]>([
  ['another domain', { config: calledBy({ domains: ['fabrikam.com'] }) }, {}],
  ['an explicit enable', { config: calledBy({ mayEnable: false }) }, { EnableUserIfNeeded: true }],
])('not allowed: %s. No look-up, one outcome, and it counts', async (_what, changes, body) => {
  const { handle, calls, ledger } = aJourney(changes);
  expect(codeOf(await handle(plain(body)))).toBe('CallerNotAllowed');
  expect(calls).toEqual(['users.write', 'deliveries.amend']);
  expect(ledger.rows.map(({ partition, row }) => [partition, row.kind, row.code])).toEqual([
    ['caller~zendesk', 'outcome', 'CallerNotAllowed'],
  ]);
  expect(ledger.counts).toHaveLength(1);
});

test('a token without the role: 403, an outcome, and no count', async () => {
  const { handle, calls, ledger } = aJourney({
    tokens: { verify: async () => ok({ azp: 'app-1', oid: 'oid-1', roles: [] }) },
  });
  const answer = await handle(
    aRequest({ door: 'entra', headers: { authorization: 'Bearer aaa.bbb.ccc' } }),
  );
  expect([answer.status, codeOf(answer)]).toEqual([403, 'CallerNotAllowed']);
  expect(calls).toEqual(['users.write']);
  expect(outcomes(ledger)).toEqual(['CallerNotAllowed']);
  expect(ledger.rows[0]?.row).toMatchObject({
    caller: 'entra-app-1',
    callerAppId: 'app-1',
    callerObjectId: 'oid-1',
    because: 'appRole',
  });
  expect(ledger.counts).toEqual([]);
});

test('through the Entra door: app, object and user go to the audit', async () => {
  const { handle, ledger } = aJourney({
    tokens: {
      verify: async () =>
        ok({
          azp: 'app-1',
          oid: 'oid-1',
          scp: 'Reset',
          preferred_username: 'megan@contoso.com',
          roles: ['PasswordReset.Invoke'],
        }),
    },
  });
  const answer = await handle(
    aRequest({ door: 'entra', headers: { authorization: 'Bearer aaa.bbb.ccc' } }),
  );
  expect(said(answer)).toMatchObject({ Status: 'Completed', Password: passwords[0] });
  for (const { row } of ledger.rows) {
    expect(row).toMatchObject({
      caller: 'entra-app-1',
      door: 'entra',
      callerAppId: 'app-1',
      callerObjectId: 'oid-1',
      callerUser: 'megan@contoso.com',
    });
  }
});

// --- the hourly limit ------------------------------------------------------------------------------

test('over the limit: no row, no claim, no count; only a log line', async () => {
  const ledger = aLedger();
  ledger.counts.push({ caller: 'zendesk', at: startedAt - 1_800_000, requestId: 'r-1' });
  const { handle, lines } = aJourney({ ledger, config: calledBy({ maxResetsPerHour: 1 }) });
  const answer = await handle();
  expect([answer.status, codeOf(answer), answer.headers['Retry-After']]).toEqual([
    429,
    'TooManyRequests',
    '1800',
  ]);
  expect([ledger.claims.size, ledger.names.size, ledger.rows.length]).toEqual([0, 0, 0]);
  expect(ledger.counts).toHaveLength(1);
  expect(lines.map(({ level, event }) => [level, event])).toEqual([['warn', 'CallerLimited']]);
});

test('over the limit with a delivery that was refused before: it is free again at once', async () => {
  const config = calledBy({ maxResetsPerHour: 1 });
  const notFound: JourneyChanges = {
    config,
    directory: { user: async () => err({ code: 'UserNotFound' }) },
  };
  const first = aJourney(notFound);
  expect(codeOf(await first.handle())).toBe('UserNotFound');
  const second = aJourney({ config, ledger: first.ledger });
  expect(codeOf(await second.handle())).toBe('TooManyRequests');
  expect(codeOf(await second.handle())).toBe('TooManyRequests');
  expect(codeOf(await second.handle(plain({ RevokeSessions: true })))).toBe('TooManyRequests');
});

test('a delivery that was done is answered above the limit too', async () => {
  const config = calledBy({ maxResetsPerHour: 1 });
  const { handle, ledger } = aJourney({ config });
  await handle();
  expect(said(await handle())).toMatchObject({ Status: 'AlreadyCompleted' });
  expect(ledger.counts).toHaveLength(1);
});

test('the caller’s limit comes before the target', async () => {
  const ledger = aLedger();
  ledger.counts.push({ caller: 'zendesk', at: startedAt, requestId: 'r-1' });
  const { handle } = aJourney({
    ledger,
    config: calledBy({ maxResetsPerHour: 1 }),
    directory: { user: async () => err({ code: 'UserNotFound' }) },
  });
  expect(codeOf(await handle())).toBe('TooManyRequests');
});

// --- the target ------------------------------------------------------------------------------------

const refusals: readonly [string, Partial<Directory>][] = [
  ['UserNotFound', { user: async () => err({ code: 'UserNotFound' }) }],
  [
    'GraphDenied',
    { user: async () => err({ code: 'GraphDenied', step: 'read', right: 'User.Read.All' }) },
  ],
  [
    'GraphUnavailable',
    { user: async () => err({ code: 'GraphUnavailable', retryAfterSeconds: 5 }) },
  ],
  ['IdentityUnavailable', { user: async () => err({ code: 'IdentityUnavailable' }) }],
  [
    'TooManyRequests',
    { user: async () => err({ code: 'TooManyRequests', by: 'graph', retryAfterSeconds: 7 }) },
  ],
  [
    'GraphUnavailable',
    { tenant: async () => err({ code: 'GraphUnavailable', retryAfterSeconds: 5 }) },
  ],
  [
    'TargetProtected',
    { tenant: async () => err({ code: 'TargetProtected', because: 'unreadable' }) },
  ],
  ['TargetProtected', { user: async () => ok(aUser({ isManagementRestricted: true })) }],
  [
    'TargetProtected',
    { user: async () => ok(aUser({ userPrincipalName: 'x@contoso.com', id: 'x' })) },
  ],
  ['DirectorySynced', { user: async () => ok(aUser({ onPremisesSyncEnabled: true })) }],
  ['GuestUser', { user: async () => ok(aUser({ userType: 'Guest' })) }],
  [
    'FederatedUser',
    { tenant: async () => ok(aTenant({ domains: new Map([['contoso.com', 'Federated']]) })) },
  ],
];

test.each(refusals)(
  '%s: nothing is written, one outcome, and the delivery is free again',
  async (code, directory) => {
    const { handle, calls, ledger } = aJourney({ directory });
    expect(codeOf(await handle())).toBe(code);
    expect(calls).not.toContain('directory.setPassword');
    expect(outcomes(ledger)).toEqual([code]);
    expect(ledger.rows.filter(({ row }) => row.kind === 'intent')).toEqual([]);
    expect([...ledger.claims.values()].map(({ claim }) => claim.state)).toEqual(['free']);
    expect(ledger.locks.size).toBe(0);
    expect(ledger.counts).toHaveLength(1);
    // corrected meanwhile, the same delivery runs
    const again = aJourney({ ledger });
    expect(said(await again.handle())).toMatchObject({ Status: 'Completed' });
  },
);

test('the outcome says what was found, and why', async () => {
  const { handle, ledger } = aJourney({
    directory: {
      user: async () => ok(aUser({ isManagementRestricted: true, accountEnabled: false })),
    },
  });
  await handle();
  expect(ledger.rows).toMatchObject([
    {
      partition: userId,
      row: {
        code: 'TargetProtected',
        because: 'management-restricted',
        userId,
        accountWasEnabled: false,
        passwordReturned: undefined,
      },
    },
  ]);
});

test('the protected groups of the configuration protect', async () => {
  const { handle } = aJourney({
    config: ok(aConfig({ protectedGroupIds: [someGroup] })),
    directory: { user: async () => ok(aUser({ memberOf: [someGroup] })) },
  });
  expect(codeOf(await handle())).toBe('TargetProtected');
});

// --- the same delivery again -----------------------------------------------------------------------

test('done: AlreadyCompleted, no password, no write, and the first request id', async () => {
  const { handle, calls, ledger, clock, lines } = aJourney();
  await handle(plain({ RevokeSessions: true }));
  clock.now += 3_600_000;
  calls.length = 0;
  lines.length = 0;
  const answer = await handle(plain({ revokesessions: 'yes' }), 'second-request');
  expect(answer.status).toBe(200);
  expect(answer.headers).toMatchObject({
    'Idempotent-Replayed': 'true',
    'x-ms-request-id': 'second-request',
  });
  expect(said(answer)).toEqual({
    Status: 'AlreadyCompleted',
    UserName: 'adele.vance@contoso.com',
    UserId: userId,
    AccountEnabled: true,
    ForceChangePasswordNextSignIn: true,
    PasswordReturned: false,
    CompletedAt: '2026-11-23T09:15:30Z',
    RequestId: requestId,
    Detail:
      'This delivery was completed at 2026-11-23T09:15:30Z; its password is not kept and cannot be ' +
      'shown again. To set a new password, send a new Idempotency-Key.',
  });
  expect(calls).not.toContain('directory.setPassword');
  expect(outcomes(ledger)).toEqual(['Completed', 'AlreadyCompleted']);
  expect(ledger.counts).toHaveLength(1);
  expect(lines.map(({ event }) => event)).toEqual(['ResetReplayed']);
});

test.each(refusals)('done stays done whatever Graph says now: %s', async (_code, directory) => {
  const first = aJourney();
  await first.handle();
  const second = aJourney({ ledger: first.ledger, directory });
  expect(said(await second.handle())).toMatchObject({ Status: 'AlreadyCompleted' });
});

test('another request with the same key', async () => {
  const { handle, calls } = aJourney();
  await handle();
  calls.length = 0;
  const answer = await handle(plain({ RevokeSessions: true }));
  expect([answer.status, codeOf(answer)]).toEqual([422, 'KeyReused']);
  expect(calls).not.toContain('directory.setPassword');
});

test('the same key of another caller is another delivery', async () => {
  const one = aJourney();
  await one.handle();
  const other = aJourney({ ledger: one.ledger, config: calledBy({}) });
  expect(codeOf(await other.handle())).toBe('RecentlyReset');
});

test('two in parallel: one writes, one is in progress', async () => {
  const { handle, calls } = aJourney();
  const answers = await Promise.all([handle(), handle()]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  expect(answers.find(({ status }) => status === 409)?.headers['Retry-After']).toBe('5');
  expect(calls.filter((call) => call === 'directory.setPassword')).toHaveLength(1);
});

test('two without a key in parallel: one writes, one is in progress', async () => {
  const { handle, calls } = aJourney();
  const keyless = () => handle(aRequest({ headers: { 'idempotency-key': null } }));
  const answers = await Promise.all([keyless(), keyless()]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  expect(calls.filter((call) => call === 'directory.setPassword')).toHaveLength(1);
});

test('within the pause another request is RecentlyReset, for the life of its key', async () => {
  const { handle, clock, calls } = aJourney();
  await handle();
  clock.now += 119_000;
  const second = aRequest({ headers: { 'idempotency-key': 'ticket-2' } });
  const answer = await handle(second);
  expect([answer.status, codeOf(answer)]).toEqual([403, 'RecentlyReset']);
  expect(said(answer)['detail']).toContain('from 2026-11-23T09:17:30Z a new Idempotency-Key works');
  clock.now += 86_400_000;
  expect(codeOf(await handle(second))).toBe('RecentlyReset');
  expect(calls.filter((call) => call === 'directory.setPassword')).toHaveLength(1);
  const third = aRequest({ headers: { 'idempotency-key': 'ticket-3' } });
  expect(said(await handle(third))).toMatchObject({ Status: 'Completed' });
});

test('after RecentlyReset another request with that key runs', async () => {
  const { handle, clock } = aJourney();
  await handle();
  const headers = { 'idempotency-key': 'ticket-2' };
  expect(codeOf(await handle(aRequest({ headers })))).toBe('RecentlyReset');
  clock.now += 120_000;
  const other = aRequest({ headers, body: aBody({ RevokeSessions: true }) });
  expect(said(await handle(other))).toMatchObject({ Status: 'Completed' });
});

test('a withheld reset holds back only withholding callers', async () => {
  const withholding = aJourney({ config: calledBy({ password: 'withhold' }) });
  await withholding.handle();
  const other = aRequest({ headers: { 'idempotency-key': 'ticket-2' } });
  expect(codeOf(await withholding.handle(other))).toBe('RecentlyReset');
  const returning = aJourney({ ledger: withholding.ledger, config: calledBy({ name: 'jira' }) });
  expect(said(await returning.handle())).toMatchObject({ PasswordReturned: true });
});

test('COOLDOWN_SECONDS sets the pause', async () => {
  const { handle, clock } = aJourney({ config: ok(aConfig({ cooldownSeconds: 0 })) });
  await handle();
  clock.now += 1;
  const other = aRequest({ headers: { 'idempotency-key': 'ticket-2' } });
  expect(said(await handle(other))).toMatchObject({ Status: 'Completed' });
});

test('without a key the pause still holds, and Warning says what a repetition would do', async () => {
  const { handle, clock, ledger } = aJourney();
  const keyless = aRequest({ headers: { 'idempotency-key': null } });
  expect(said(await handle(keyless))['Warning']).toBe(noKey);
  expect(codeOf(await handle(keyless))).toBe('RecentlyReset');
  clock.now += 120_000;
  expect(said(await handle(keyless))).toMatchObject({ Status: 'Completed' });
  expect(ledger.claims.size).toBe(0);
  expect(ledger.counts).toHaveLength(3);
});

// --- the write -------------------------------------------------------------------------------------

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

const unanswered: Partial<Directory> = {
  setPassword: async () => ({ kind: 'unknown', graphRequestId: undefined }),
};

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
  expect(outcomes(ledger)).toEqual(['OutcomeUnknown']);
  expect(lines.map(({ level, event }) => [level, event])).toEqual([
    ['warn', 'ResetOutcomeUnknown'],
  ]);
});

test('a retry with the same key settles it: the rest of the 30 s, then a new password', async () => {
  const first = aJourney({ directory: unanswered });
  await first.handle();
  const { handle, clock, ledger } = aJourney({ ledger: first.ledger });
  clock.now = startedAt + 12_000;
  const soon = await handle();
  expect([codeOf(soon), soon.headers['Retry-After']]).toEqual(['OutcomeUnknown', '18']);
  const other = aRequest({ headers: { 'idempotency-key': 'ticket-2' } });
  expect(codeOf(await handle(other))).toBe('InProgress');
  expect(codeOf(await handle(plain({ RevokeSessions: true })))).toBe('KeyReused');
  clock.now = startedAt + 30_001;
  expect(said(await handle())).toMatchObject({ Status: 'Completed', PasswordReturned: true });
  // its outcome was recorded when it was given up: it is not recorded once more
  expect(outcomes(ledger).filter((code) => code === 'OutcomeUnknown')).toHaveLength(2);
});

test.each([
  ['two minutes after the sending', 120_000, 'Completed'],
  ['more than two minutes after it', 120_001, 'AlreadyCompleted'],
  ['before it', -1, 'Completed'],
  ['never', null, 'Completed'],
])('an unanswered write, and a password changed %s', async (_when, after, status) => {
  const first = aJourney({ directory: unanswered });
  await first.handle();
  const lastPasswordChangeAt = after === null ? null : startedAt + after;
  const { handle, clock, calls, ledger } = aJourney({
    ledger: first.ledger,
    directory: {
      user: async () => ok(aUser({ lastPasswordChangeAt, accountEnabled: false })),
    },
  });
  clock.now = startedAt + 600_000;
  const answer = said(await handle(aRequest(), 'second-request'));
  expect(answer['Status']).toBe(status);
  expect(calls.includes('directory.setPassword')).toBe(status === 'Completed');
  if (status !== 'AlreadyCompleted') return;
  expect(answer).toMatchObject({
    CompletedAt: '2026-11-23T09:15:30Z',
    RequestId: requestId,
    AccountEnabled: false,
    ForceChangePasswordNextSignIn: true,
    PasswordReturned: false,
  });
  expect([...ledger.claims.values()].map(({ claim }) => claim.state)).toEqual(['done']);
  expect(ledger.counts).toHaveLength(2);
});

test('an unanswered write stays known when its repetition is refused before writing', async () => {
  const first = aJourney({ directory: unanswered });
  await first.handle();
  const second = aJourney({
    ledger: first.ledger,
    directory: { user: async () => err({ code: 'GraphUnavailable', retryAfterSeconds: 5 }) },
  });
  second.clock.now = startedAt + 40_000;
  expect(codeOf(await second.handle())).toBe('GraphUnavailable');
  expect([...second.ledger.claims.values()].map(({ claim }) => claim)).toMatchObject([
    { state: 'sent', givenUp: true, at: startedAt, requestId },
  ]);
});

test('a worker that died after the mark: InProgress, then unknown, then taken over and accounted for', async () => {
  const dies = aJourney({ directory: { setPassword: () => new Promise(() => undefined) } });
  void dies.handle();
  for (let turn = 0; turn < 20; turn += 1) await new Promise((done) => setImmediate(done));
  expect(dies.calls.at(-1)).toBe('directory.setPassword');
  const { handle, clock, ledger } = aJourney({ ledger: dies.ledger });
  clock.now = startedAt + 9_999;
  expect(codeOf(await handle())).toBe('InProgress');
  clock.now = startedAt + 10_000;
  expect(codeOf(await handle())).toBe('OutcomeUnknown');
  clock.now = startedAt + 30_000;
  expect(codeOf(await handle())).toBe('OutcomeUnknown');
  clock.now = startedAt + 30_001;
  ledger.rows.length = 0;
  expect(said(await handle(aRequest(), 'later'))).toMatchObject({ Status: 'Completed' });
  expect(ledger.rows.map(({ row }) => [row.kind, row.code, row.requestId])).toEqual([
    ['outcome', 'OutcomeUnknown', requestId],
    ['intent', 'Intent', 'later'],
    ['outcome', 'Completed', 'later'],
  ]);
});

test('a worker that died before the mark: InProgress for 10 s, then it runs', async () => {
  const dies = aJourney({ directory: { user: () => new Promise(() => undefined) } });
  void dies.handle();
  for (let turn = 0; turn < 20; turn += 1) await new Promise((done) => setImmediate(done));
  const { handle, clock } = aJourney({ ledger: dies.ledger });
  clock.now = startedAt + 9_999;
  expect(codeOf(await handle())).toBe('InProgress');
  clock.now = startedAt + 10_000;
  expect(said(await handle())).toMatchObject({ Status: 'Completed' });
});

// --- the ledger fails ------------------------------------------------------------------------------

test('it cannot claim: nothing is decided, nothing is written', async () => {
  const { handle, calls, ledger } = aJourney({ deliveries: { open: async () => down } });
  expect(codeOf(await handle())).toBe('LedgerUnavailable');
  expect(calls).not.toContain('directory.setPassword');
  expect(calls).not.toContain('users.write');
  expect(ledger.rows).toEqual([]);
});

test('it cannot count: nothing is written', async () => {
  const { handle, calls } = aJourney({ deliveries: { recent: async () => down } });
  expect(codeOf(await handle())).toBe('LedgerUnavailable');
  expect(calls).not.toContain('directory.setPassword');
  expect(calls).not.toContain('users.write');
});

test('the ledger’s silence wins over what the look-up says', async () => {
  const { handle } = aJourney({
    deliveries: { recent: async () => down },
    directory: { user: async () => err({ code: 'UserNotFound' }) },
  });
  expect(codeOf(await handle())).toBe('LedgerUnavailable');
  const keyless = aJourney({
    deliveries: { recent: async () => down, amend: async () => down },
    users: { write: async () => down },
    directory: { user: async () => err({ code: 'UserNotFound' }) },
  });
  const request = aRequest({ headers: { 'idempotency-key': null } });
  expect(codeOf(await keyless.handle(request))).toBe('LedgerUnavailable');
});

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
  expect(outcomes(ledger)).toEqual(['InProgress']);
});

test.each([
  ['LedgerUnavailable', down],
  ['InProgress', err('lost' as const)],
])(
  'it cannot mark the claim as sent (%s): nothing is written, the user is given back',
  async (code, answer) => {
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
    expect(outcomes(base)).toEqual([code]);
  },
);

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

// --- ports that hang until their time is up --------------------------------------------------------

/** A port that answers `value` only when its time is up, on the clock that the test holds. */
const hangs =
  <T>(clock: { now: number }, value: T) =>
  (...args: readonly unknown[]): Promise<T> => {
    const until = typeof args.at(-1) === 'number' ? args.at(-1) : member(args.at(-1), 'end');
    if (typeof until !== 'number') throw new Error('A port was called without its time.');
    clock.now = Math.max(clock.now, until);
    return Promise.resolve(value);
  };

test.each<[string, (clock: { now: number }) => JourneyChanges, string]>([
  [
    'the look-up',
    (clock) => ({
      directory: { user: hangs(clock, err({ code: 'GraphUnavailable', retryAfterSeconds: 5 })) },
    }),
    'GraphUnavailable',
  ],
  [
    'the tenant',
    (clock) => ({
      directory: { tenant: hangs(clock, err({ code: 'GraphUnavailable', retryAfterSeconds: 5 })) },
    }),
    'GraphUnavailable',
  ],
  ['the claim', (clock) => ({ deliveries: { open: hangs(clock, down) } }), 'LedgerUnavailable'],
  ['the count', (clock) => ({ deliveries: { recent: hangs(clock, down) } }), 'LedgerUnavailable'],
  ['the lock', (clock) => ({ users: { write: hangs(clock, down) } }), 'LedgerUnavailable'],
  ['the mark', (clock) => ({ deliveries: { amend: hangs(clock, down) } }), 'LedgerUnavailable'],
  [
    'the write',
    (clock) => ({
      directory: {
        setPassword: hangs(clock, { kind: 'unknown' as const, graphRequestId: undefined }),
      },
    }),
    'OutcomeUnknown',
  ],
])('%s hangs: an answer within nine seconds', async (_what, changes, code) => {
  const clock = { now: startedAt };
  const { handle } = aJourney({ ...changes(clock), clock, startedAt });
  expect(codeOf(await handle())).toBe(code);
  expect(clock.now - startedAt).toBeLessThan(9_000);
});

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
  expect(clock.now - startedAt).toBe(8_300);
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
  expect(clock.now - startedAt).toBe(8_700);
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

// --- what an answer never says ---------------------------------------------------------------------

test('a client request id is echoed when it is visible ASCII of at most 128 characters', async () => {
  const { handle } = aJourney();
  const echoed = async (sent: string) =>
    (await handle(aRequest({ headers: { 'x-ms-client-request-id': sent } }))).headers[
      'x-ms-client-request-id'
    ];
  expect(await echoed('client-1')).toBe('client-1');
  expect(await echoed('c'.repeat(128))).toHaveLength(128);
  expect(await echoed('c'.repeat(129))).toBeUndefined();
  expect(await echoed('a b')).toBeUndefined();
});

test('X-MS-CLIENT-PRINCIPAL is never believed', async () => {
  const { handle, ledger } = aJourney();
  await handle(
    aRequest({
      headers: {
        'x-ms-client-principal-name': 'admin@contoso.com',
        'x-ms-client-principal': 'e30=',
      },
    }),
  );
  expect(JSON.stringify(ledger.rows)).not.toContain('admin@contoso.com');
});
