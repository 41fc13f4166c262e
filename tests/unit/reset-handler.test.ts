// The story: what happens in which order, and what each port's trouble does to it before the user is
// taken. What comes after that: carry-out.test.ts; deliveries that come again: reset-handler-again.test.ts.

import { createHmac } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { resetHandler } from '../../lib/reset-handler.ts';
import { err, ok } from '../../lib/result.ts';
import { secret } from '../../lib/secret.ts';
import {
  aConfig,
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
import { aBody, aRequest, plain } from '../support/a-valid-request.ts';
import { aUser, someGroup, userId } from '../support/a-valid-user.ts';
import { hangs, refusals } from '../support/troubles.ts';

const down = err({ code: 'LedgerUnavailable' } as const);

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

test('settings that pass and cannot be opened: not configured, to everybody', async () => {
  const handle = resetHandler(ok(aConfig()), async () => undefined);
  const answer = await handle(plain(), () => undefined);
  expect([answer.status, codeOf(answer)]).toEqual([503, 'NotConfigured']);
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
  const bug = new Error('first line\nfor adele.vance@contoso.com\nlook at adele.vance');
  const { handle, lines } = aJourney({ directory: { user: () => Promise.reject(bug) } });
  expect((await handle()).status).toBe(500);
  expect(JSON.stringify(lines)).not.toContain('adele.vance');
  expect(String(lines[0]?.fields.error)).toMatch(/^Error +at /);
});

test.each([
  [
    'Error: x\n    at one (a.ts:1)\n    at two\n  at three\n    at four\n    at five',
    'TypeError at one (a.ts:1) at two at three at four',
  ],
  [undefined, 'TypeError'],
])('of a bug the log gets the name and the first four places', async (stack, described) => {
  const bug = new TypeError('x');
  Object.defineProperty(bug, 'stack', { value: stack });
  const { handle, lines } = aJourney({ directory: { user: () => Promise.reject(bug) } });
  await handle();
  expect(lines[0]?.fields.error).toBe(described);
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
  const answer = await handle(aRequest(), () => undefined);
  expect([answer.status, codeOf(answer)]).toEqual([500, 'InternalError']);
});

/** In `ticks` turns of the loop; as a bug would. */
const breaksAfter = (ticks: number) => async (): Promise<never> => {
  for (let turn = 0; turn < ticks; turn += 1) await new Promise((done) => setImmediate(done));
  throw new Error('a bug');
};

test.each([
  ['after the ledger has answered', 1, async () => down, 'LedgerUnavailable'],
  ['while the ledger is still asked', 0, breaksAfter(3), 'InternalError'],
] as const)('a look-up that breaks %s ends no process', async (_when, ticks, open, code) => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  try {
    const broken = breaksAfter(ticks);
    const { handle } = aJourney({
      directory: { user: broken },
      deliveries: { open, recent: broken },
    });
    expect(codeOf(await handle())).toBe(code);
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
      fields: {
        requestId,
        code: 'InvalidRequest',
        caller: 'function-key',
        door: 'function',
        because: undefined,
      },
    },
  ]);
});

test('who signs wrongly is named in the log line', async () => {
  const signature = {
    profile: 'hub-sha256',
    secrets: [secret('a-secret-of-sixteen')],
    toleranceSeconds: 300,
  } as const;
  const { handle, lines } = aJourney({ config: calledBy({ name: 'zammad', signature }) });
  expect((await handle()).status).toBe(401);
  expect(lines).toMatchObject([
    { event: 'CallerUnauthenticated', fields: { caller: 'zammad', because: 'no-signature' } },
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

test('a dry run takes the other way: nothing is claimed and nobody is taken', async () => {
  const { handle, calls } = aJourney();
  const answer = await handle(plain({ DryRun: true }));
  expect(said(answer)).toMatchObject({ Status: 'DryRun' });
  expect(calls).not.toContain('deliveries.open');
  expect(calls).not.toContain('directory.setPassword');
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
  expect(outcomesIn(ledger)).toEqual(['CallerNotAllowed']);
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

const signingCaller = calledBy({
  maxResetsPerHour: 1,
  signature: {
    profile: 'hub-sha1',
    secrets: [secret('signing-secret-of-16+')],
    toleranceSeconds: 300,
  },
});
const signed = (key: string | null) => {
  const signature = createHmac('sha1', 'signing-secret-of-16+').update(aBody()).digest('hex');
  return aRequest({
    headers: { 'idempotency-key': key, 'x-hub-signature': `sha1=${signature}` },
  });
};

test('over the limit with a signed attempt: its names stay tied, and it does not become new', async () => {
  const ledger = aLedger();
  ledger.counts.push({ caller: 'zendesk', at: startedAt - 3_599_999, requestId: 'r-1' });
  const { handle, clock } = aJourney({ ledger, config: signingCaller });
  expect(codeOf(await handle(signed('ticket-1')))).toBe('TooManyRequests');
  expect([...ledger.claims.values()].map(({ claim }) => claim.state)).toEqual(['free']);
  clock.now += 10;
  expect(said(await handle(signed('ticket-1')))).toMatchObject({ Status: 'Completed' });
  // captured on its way, and sent without the key
  clock.now += 3_600_000;
  expect(said(await handle(signed(null)))).toMatchObject({ Status: 'AlreadyCompleted' });
});

test('over the limit with one signed name it is deleted like any other', async () => {
  const ledger = aLedger();
  ledger.counts.push({ caller: 'zendesk', at: startedAt, requestId: 'r-1' });
  const { handle } = aJourney({ ledger, config: signingCaller });
  expect(codeOf(await handle(signed(null)))).toBe('TooManyRequests');
  expect([ledger.claims.size, ledger.names.size]).toEqual([0, 0]);
});

test('over the limit with a delivery taken over: it is given back, not deleted', async () => {
  const first = aJourney({
    config: calledBy({ maxResetsPerHour: 1 }),
    directory: { user: async () => err({ code: 'UserNotFound' }) },
  });
  await first.handle();
  const second = aJourney({ config: calledBy({ maxResetsPerHour: 1 }), ledger: first.ledger });
  await second.handle();
  expect([...first.ledger.claims.values()].map(({ claim }) => claim.state)).toEqual(['free']);
  expect(second.calls).not.toContain('deliveries.forget');
});

test('what the ledger alone answers does not count', async () => {
  const { handle, ledger } = aJourney({ config: calledBy() });
  await handle();
  expect(codeOf(await handle(plain({ RevokeSessions: true })))).toBe('KeyReused');
  expect(said(await handle())).toMatchObject({ Status: 'AlreadyCompleted' });
  expect(ledger.counts).toHaveLength(1);
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
test.each(refusals)(
  '%s: nothing is written, one outcome, and the delivery is free again',
  async (code, directory) => {
    const { handle, calls, ledger } = aJourney({ directory });
    expect(codeOf(await handle())).toBe(code);
    expect(calls).not.toContain('directory.setPassword');
    expect(outcomesIn(ledger)).toEqual([code]);
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

// --- the ledger fails ------------------------------------------------------------------------------

test('it cannot claim: nothing is decided, nothing is written', async () => {
  const { handle, calls, ledger } = aJourney({ deliveries: { open: async () => down } });
  expect(codeOf(await handle())).toBe('LedgerUnavailable');
  expect(calls).not.toContain('directory.setPassword');
  expect(calls).not.toContain('users.write');
  expect(ledger.rows).toEqual([]);
});

test('it cannot count: nothing is written', async () => {
  const { handle, calls, ledger } = aJourney({ deliveries: { recent: async () => down } });
  expect(codeOf(await handle())).toBe('LedgerUnavailable');
  expect(calls).not.toContain('directory.setPassword');
  expect(calls).not.toContain('users.write');
  // what was not decided does not count, even where the ledger takes the claim back
  expect([...ledger.claims.values()].map(({ claim }) => claim.state)).toEqual(['free']);
  expect(ledger.counts).toEqual([]);
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

// --- ports that hang until their time is up --------------------------------------------------------

/** A port that answers `value` only when its time is up, on the clock that the test holds. */ test.each<
  [string, (clock: { now: number }) => JourneyChanges, string]
>([
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
