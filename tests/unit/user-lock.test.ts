// One reset per user at a time, and the pause after a done one.

import { expect, test } from '@jest/globals';
import type { AuditRow } from '../../lib/audit.ts';
import { err, ok } from '../../lib/result.ts';
import {
  abandonedReset,
  judgeLock,
  type LockWish,
  lockUser,
  type UserLedger,
  type UserLock,
} from '../../lib/user-lock.ts';
import { aLedger } from '../support/a-ledger.ts';
import { userId } from '../support/a-valid-user.ts';

const at = 1_000_000;
const wish = (changes: Partial<LockWish> = {}): LockWish => ({
  at,
  withholds: false,
  cooldownSeconds: 120,
  ...changes,
});
const lock = (changes: Partial<UserLock> = {}): UserLock => ({
  state: 'held',
  requestId: 'r-old',
  caller: 'jira',
  at,
  recorded: false,
  completed: undefined,
  ...changes,
});
const free = (completed?: UserLock['completed']): UserLock =>
  lock({ state: 'free', recorded: true, completed });

const inProgress = { code: 'InProgress' };
const recently = (until: number) => ({ code: 'RecentlyReset', until: new Date(until) });

test('nobody has ever taken the user', () => {
  expect(judgeLock(undefined, wish())).toBeUndefined();
});

test.each([
  [0, inProgress],
  [9_999, inProgress],
  [10_000, inProgress],
  [29_999, inProgress],
  [30_000, inProgress],
  [30_001, undefined],
])('held for %i ms', (age, refusal) => {
  expect(judgeLock(lock(), wish({ at: at + age }))).toEqual(refusal);
  expect(judgeLock(lock({ recorded: true }), wish({ at: at + age }))).toEqual(refusal);
});

test('a lock that was given back does not wait', () => {
  expect(judgeLock(free(), wish())).toBeUndefined();
});

test.each([
  [0, 120, recently(1_120_000)],
  [119_999, 120, recently(1_120_000)],
  [120_000, 120, undefined],
  [0, 0, undefined],
  [0, 1, recently(1_001_000)],
  [3_599_999, 3600, recently(4_600_000)],
  [3_600_000, 3600, undefined],
])('%i ms after a done reset, with a pause of %i s', (age, cooldownSeconds, refusal) => {
  const completed = { at, requestId: 'r-old', passwordReturned: true };
  expect(judgeLock(free(completed), wish({ at: at + age, cooldownSeconds }))).toEqual(refusal);
});

test.each([
  ['returned', true, 'returns', false, recently(1_120_000)],
  ['returned', true, 'withholds', true, recently(1_120_000)],
  ['withheld', false, 'withholds', true, recently(1_120_000)],
  ['withheld', false, 'returns', false, undefined],
])(
  'a password %s (%s), then a caller that %s (%s)',
  (_was, passwordReturned, _now, withholds, refusal) => {
    const completed = { at, requestId: 'r-old', passwordReturned };
    expect(judgeLock(free(completed), wish({ withholds }))).toEqual(refusal);
  },
);

test('the pause of its own earlier attempt does not refuse a delivery; the lock still does', () => {
  const completed = { at, requestId: 'r-old', passwordReturned: true };
  expect(judgeLock(free(completed), wish({ earlierRequestId: 'r-old' }))).toBeUndefined();
  expect(judgeLock(free(completed), wish({ earlierRequestId: 'r-other' }))).toEqual(
    recently(1_120_000),
  );
  expect(judgeLock(lock({ completed }), wish({ earlierRequestId: 'r-old' }))).toEqual(inProgress);
});

test('being worked on comes before the pause, and an abandoned lock does not end it', () => {
  const completed = { at, requestId: 'r-old', passwordReturned: true };
  expect(judgeLock(lock({ completed }), wish())).toEqual(inProgress);
  expect(judgeLock(lock({ completed }), wish({ at: at + 30_001 }))).toEqual(recently(1_120_000));
});

// --- taking the user -------------------------------------------------------------------------------

const intent: AuditRow = {
  kind: 'intent',
  at: '2026-11-23T09:15:30.000Z',
  requestId: 'r-new',
  code: 'Intent',
  caller: 'zendesk',
};
const mine: UserLock = {
  state: 'held',
  requestId: 'r-new',
  caller: 'zendesk',
  at,
  recorded: false,
  completed: undefined,
};

async function takeFrom(before: UserLock | undefined, changes: Partial<UserLedger> = {}) {
  const ledger = aLedger();
  if (before) ledger.locks.set(userId, { lock: before, version: 7 });
  const calls: unknown[][] = [];
  const users: UserLedger = { ...ledger.users, ...changes };
  const spy: UserLedger = {
    read: (...args) => {
      calls.push(['read', ...args]);
      return users.read(...args);
    },
    write: (...args) => {
      calls.push(['write', ...args]);
      return users.write(...args);
    },
  };
  const taken = await lockUser(spy, userId, wish(), intent, 9);
  return { taken, calls, ledger };
}

test('a user without a row costs one write, with the intent in it', async () => {
  const { taken, calls, ledger } = await takeFrom(undefined);
  expect(taken).toEqual(ok({ lock: mine, version: '1' }));
  expect(calls).toEqual([['write', userId, { next: mine, version: undefined }, [intent], 9]]);
  expect(ledger.rows).toEqual([{ partition: userId, row: intent }]);
});

test('a known user is read and taken; when the last reset was done stays known', async () => {
  const completed = { at: 800_000, requestId: 'r-old', passwordReturned: true };
  const { taken, calls, ledger } = await takeFrom(free(completed));
  expect(taken).toEqual(ok({ lock: { ...mine, completed }, version: '1' }));
  expect(calls.slice(1)).toEqual([
    ['read', userId, 9],
    ['write', userId, { next: { ...mine, completed }, version: '7' }, [intent], 9],
  ]);
  expect(ledger.rows).toEqual([{ partition: userId, row: intent }]);
});

test('an abandoned lock is accounted for first', async () => {
  const { taken, ledger } = await takeFrom(lock({ at: at - 30_001 }));
  expect(taken.ok).toBe(true);
  expect(ledger.rows.map(({ row }) => [row.kind, row.code, row.requestId, row.caller])).toEqual([
    ['outcome', 'OutcomeUnknown', 'r-old', 'jira'],
    ['intent', 'Intent', 'r-new', 'zendesk'],
  ]);
});

test.each([
  ['its outcome is in the audit', lock({ at: at - 30_001, recorded: true })],
  ['it was given back', lock({ state: 'free' })],
])('an old lock is not accounted for again: %s', async (_why, before) => {
  const { ledger } = await takeFrom(before);
  expect(ledger.rows.map(({ row }) => row.kind)).toEqual(['intent']);
});

test('a refused lock writes nothing', async () => {
  const { taken, ledger } = await takeFrom(lock({ at: at - 1 }));
  expect(taken).toEqual(err({ code: 'InProgress' }));
  expect(ledger.rows).toEqual([]);
  expect(ledger.locks.get(userId)?.version).toBe(7);
});

test('a lock that vanished between the write and the read is taken as new', async () => {
  let writes = 0;
  const { taken, calls } = await takeFrom(undefined, {
    write: async () => {
      writes += 1;
      return writes === 1 ? err('lost') : ok('v-2');
    },
  });
  expect(taken).toEqual(ok({ lock: mine, version: 'v-2' }));
  expect(calls[2]).toEqual(['write', userId, { next: mine, version: undefined }, [intent], 9]);
});

const down = err({ code: 'LedgerUnavailable' } as const);

test('two at the same moment: one has lost', async () => {
  const { taken, calls } = await takeFrom(free(), { write: async () => err('lost') });
  expect(taken).toEqual(err({ code: 'InProgress' }));
  expect(calls).toHaveLength(3);
});

test('without the ledger nothing is decided, and nothing comes after', async () => {
  const first = await takeFrom(undefined, { write: async () => down });
  expect(first.taken).toEqual(down);
  expect(first.calls).toHaveLength(1);
  const second = await takeFrom(free(), { read: async () => down });
  expect(second.taken).toEqual(down);
  expect(second.calls).toHaveLength(2);
  let writes = 0;
  const third = await takeFrom(free(), {
    write: async () => {
      writes += 1;
      return writes === 1 ? err('lost') : down;
    },
  });
  expect(third.taken).toEqual(down);
});

test('an abandoned reset is recorded as unknown, under its own request and caller', () => {
  expect(abandonedReset(userId, lock(), Date.parse('2026-11-23T09:15:30Z'))).toEqual({
    kind: 'outcome',
    at: '2026-11-23T09:15:29.999Z', // just before the intent of the one who takes over
    requestId: 'r-old',
    code: 'OutcomeUnknown',
    caller: 'jira',
    userId,
  });
});
