// The dry run: every check, no write but its own records, and what would be done.

import { expect, test } from '@jest/globals';
import { err, ok } from '../../lib/result.ts';
import type { UserFacts } from '../../lib/target.ts';
import {
  aConfig,
  aJourney,
  calledBy,
  codeOf,
  type JourneyChanges,
  requestId,
  said,
  startedAt,
} from '../support/a-journey.ts';
import { aLedger } from '../support/a-ledger.ts';
import { aBody, aRequest } from '../support/a-valid-request.ts';
import { aTenant, aUser, userId } from '../support/a-valid-user.ts';

const dry = (changes: Readonly<Record<string, unknown>> = {}) =>
  aRequest({ body: aBody({ DryRun: true, ...changes }) });
const user = (changes: Partial<UserFacts>): JourneyChanges => ({
  directory: { user: async () => ok(aUser(changes)) },
});
const down = err({ code: 'LedgerUnavailable' } as const);

test('what would be done, without CompletedAt and Password', async () => {
  const { handle } = aJourney(user({ accountEnabled: false }));
  expect(said(await handle(dry({ RevokeSessions: true })))).toEqual({
    Status: 'DryRun',
    UserName: 'adele.vance@contoso.com',
    UserId: '11111111-aaaa-4bbb-8ccc-000000000001',
    AccountWasEnabled: false,
    AccountEnabled: false,
    ForceChangePasswordNextSignIn: true,
    SessionsRevoked: 'NotRequested',
    PasswordReturned: false,
    WouldEnable: true,
    WouldRevokeSessions: true,
    RequestId: requestId,
  });
});

test.each<[string, Partial<UserFacts>, object, object]>([
  [
    'an enabled account',
    {},
    {},
    { AccountEnabled: true, WouldEnable: false, WouldRevokeSessions: false },
  ],
  [
    'a disabled account, not to be enabled',
    { accountEnabled: false },
    { EnableUserIfNeeded: false },
    {
      WouldEnable: false,
      Warning: 'The account is disabled and would stay so: EnableUserIfNeeded was false.',
    },
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
  ['an unknown field', {}, { Colour: 1 }, { Warning: 'Unknown fields were ignored: Colour.' }],
])('%s', async (_what, facts, body, expected) => {
  const { handle } = aJourney(user(facts));
  expect(said(await handle(dry({ ...body })))).toMatchObject(expected);
});

test('it writes its outcome and its count, and nothing else: no claim, no lock, no intent', async () => {
  const { handle, calls, ledger, lines } = aJourney();
  await handle(dry());
  expect(calls.filter((call) => /setPassword|revokeSessions|open|forget/.test(call))).toEqual([]);
  expect([ledger.claims.size, ledger.names.size, ledger.locks.size]).toEqual([0, 0, 0]);
  expect(
    ledger.rows.map(({ partition, row }) => [partition, row.kind, row.code, row.dryRun]),
  ).toEqual([[userId, 'outcome', 'DryRun', true]]);
  expect(ledger.rows[0]?.row).toMatchObject({
    accountEnabled: undefined,
    passwordReturned: undefined,
  });
  expect(ledger.counts).toEqual([{ caller: 'function-key', at: startedAt, requestId }]);
  expect(lines.map(({ level, event }) => [level, event])).toEqual([['info', 'ResetRehearsed']]);
});

test('a well-formed key is ignored: the reset may follow with the same one, and vice versa', async () => {
  const { handle } = aJourney({ config: ok(aConfig({ cooldownSeconds: 0 })) });
  expect(said(await handle(dry()))).toMatchObject({ Status: 'DryRun' });
  expect(said(await handle(dry({ RevokeSessions: true })))).toMatchObject({ Status: 'DryRun' });
  expect(said(await handle(aRequest()))).toMatchObject({ Status: 'Completed' });
  expect(said(await handle(dry()))).toMatchObject({ Status: 'DryRun' });
});

test('a key that cannot be used is refused even so', async () => {
  const { handle } = aJourney();
  const request = aRequest({ body: aBody({ DryRun: true }), headers: { 'idempotency-key': ' ' } });
  expect(codeOf(await handle(request))).toBe('InvalidRequest');
});

// --- every check -----------------------------------------------------------------------------------

test.each<[string, JourneyChanges, object]>([
  ['CallerNotAllowed', { config: calledBy({ domains: ['fabrikam.com'] }) }, {}],
  ['CallerNotAllowed', { config: calledBy({ mayEnable: false }) }, { EnableUserIfNeeded: true }],
  ['UserNotFound', { directory: { user: async () => err({ code: 'UserNotFound' }) } }, {}],
  ['TargetProtected', user({ isManagementRestricted: true }), {}],
  ['DirectorySynced', user({ onPremisesSyncEnabled: true }), {}],
  ['GuestUser', user({ userType: 'Guest' }), {}],
  [
    'GraphUnavailable',
    { directory: { tenant: async () => err({ code: 'GraphUnavailable', retryAfterSeconds: 5 }) } },
    {},
  ],
])(
  '%s refuses it as it would the reset, with an outcome and a count',
  async (code, changes, body) => {
    const { handle, ledger } = aJourney(changes);
    expect(codeOf(await handle(dry({ ...body })))).toBe(code);
    expect(ledger.rows.map(({ row }) => [row.kind, row.code])).toEqual([['outcome', code]]);
    expect(ledger.counts).toHaveLength(1);
  },
);

test('a lock of the user refuses it', async () => {
  const ledger = aLedger();
  const lock = {
    state: 'held',
    requestId: 'r-other',
    caller: 'jira',
    at: startedAt - 30_000,
    recorded: false,
    completed: undefined,
  } as const;
  ledger.locks.set(userId, { lock, version: 7 });
  const { handle, clock } = aJourney({ ledger });
  expect(codeOf(await handle(dry()))).toBe('InProgress');
  expect(ledger.locks.get(userId)).toEqual({ lock, version: 7 });
  expect(ledger.counts).toHaveLength(1);
  clock.now += 1;
  expect(said(await handle(dry()))).toMatchObject({ Status: 'DryRun' });
});

test('the pause refuses it, for as long as it lasts and no longer', async () => {
  const { handle, clock } = aJourney();
  await handle();
  expect(codeOf(await handle(dry()))).toBe('RecentlyReset');
  clock.now += 119_999;
  expect(codeOf(await handle(dry()))).toBe('RecentlyReset');
  clock.now += 1;
  expect(said(await handle(dry()))).toMatchObject({ Status: 'DryRun' });
});

test('the pause after a withheld reset refuses only withholding callers', async () => {
  const withholding = aJourney({ config: calledBy({ password: 'withhold' }) });
  await withholding.handle();
  expect(codeOf(await withholding.handle(dry()))).toBe('RecentlyReset');
  const returning = aJourney({ ledger: withholding.ledger, config: calledBy({ name: 'jira' }) });
  expect(said(await returning.handle(dry()))).toMatchObject({ Status: 'DryRun' });
});

test('the hourly limit refuses it without a record, before the target is judged', async () => {
  const ledger = aLedger();
  ledger.counts.push({ caller: 'zendesk', at: startedAt, requestId: 'r-1' });
  const { handle } = aJourney({
    ledger,
    config: calledBy({ maxResetsPerHour: 1 }),
    directory: { user: async () => err({ code: 'UserNotFound' }) },
  });
  expect(codeOf(await handle(dry()))).toBe('TooManyRequests');
  expect([ledger.rows.length, ledger.counts.length]).toEqual([0, 1]);
});

// --- the rights ------------------------------------------------------------------------------------

const lacks = 'The identity seems to lack';

test.each<[string, JourneyChanges, object, string | undefined]>([
  [
    'no right at all',
    { identity: { rights: async () => ok({ objectId: 'oid-1', permissions: [] }) } },
    {},
    `${lacks} the directory role User Administrator: npm run grant -- --app NAME`,
  ],
  [
    'no right to revoke, and nobody asks',
    {
      identity: {
        rights: async () =>
          ok({
            objectId: 'oid-1',
            permissions: ['User-PasswordProfile.ReadWrite.All', 'User.EnableDisableAccount.All'],
          }),
      },
    },
    {},
    undefined,
  ],
  [
    'no right to revoke, and somebody asks',
    {
      identity: {
        rights: async () =>
          ok({
            objectId: 'oid-1',
            permissions: ['User-PasswordProfile.ReadWrite.All', 'User.EnableDisableAccount.All'],
          }),
      },
    },
    { RevokeSessions: true },
    `${lacks} User.RevokeSessions.All: npm run grant -- --app NAME`,
  ],
  [
    'rights that cannot be seen',
    { identity: { rights: async () => err({ code: 'IdentityUnavailable' }) } },
    {},
    undefined,
  ],
  [
    'a role',
    {
      identity: { rights: async () => ok({ objectId: 'oid-1', permissions: [] }) },
      directory: {
        tenant: async () =>
          ok(
            aTenant({
              assignments: [
                {
                  principalId: 'oid-1',
                  roleId: 'fe930be7-5e62-47db-91af-98c3a49a38b1',
                  scope: '/',
                },
              ],
            }),
          ),
      },
    },
    {},
    undefined,
  ],
])(
  'which right would be missing, as far as that can be seen: %s',
  async (_what, changes, body, warning) => {
    const { handle } = aJourney(changes);
    const { Status, Warning } = said(await handle(dry({ ...body })));
    expect([Status, Warning]).toEqual(['DryRun', warning]);
  },
);

test('role assignments that cannot be seen a second time leave nothing to say', async () => {
  let asked = 0;
  const { handle } = aJourney({
    directory: {
      tenant: async () => {
        asked += 1;
        return asked === 1
          ? ok(aTenant())
          : err({ code: 'GraphUnavailable', retryAfterSeconds: 5 });
      },
    },
    identity: { rights: async () => ok({ objectId: 'oid-1', permissions: [] }) },
  });
  const { Status, Warning } = said(await handle(dry()));
  expect([Status, Warning]).toEqual(['DryRun', undefined]);
});

// --- the ledger ------------------------------------------------------------------------------------

test.each<[string, JourneyChanges]>([
  ['count', { deliveries: { recent: async () => down } }],
  ['read the lock', { users: { read: async () => down } }],
  ['write the outcome', { users: { write: async () => down } }],
  ['write the count', { deliveries: { amend: async () => down } }],
])('a ledger that cannot %s: nothing is decided', async (_what, changes) => {
  expect(codeOf(await aJourney(changes).handle(dry()))).toBe('LedgerUnavailable');
});

test('the ports get the time up to the last moment of a first write', async () => {
  const times: unknown[] = [];
  const note =
    <T>(answer: T) =>
    (...args: unknown[]) => {
      times.push(args.at(-1));
      return Promise.resolve(answer);
    };
  const { handle } = aJourney({
    directory: { user: note(ok(aUser())), tenant: note(ok(aTenant())) },
    deliveries: { recent: note(ok([])) },
    users: { read: note(ok(undefined)) },
    identity: { rights: note(ok({ objectId: undefined, permissions: [] })) },
  });
  await handle(dry());
  expect(new Set(times)).toEqual(new Set([startedAt + 6_500]));
});
