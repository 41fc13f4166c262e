// The sliding hour: never refused below the limit, and true seconds to wait.

import { expect, test } from '@jest/globals';
import type { DeliveryLedger } from '../../lib/claim.ts';
import { withinHourlyLimit } from '../../lib/hourly-limit.ts';
import { err, ok } from '../../lib/result.ts';
import { aLedger } from '../support/a-ledger.ts';
import { aCaller } from '../support/a-valid-user.ts';

const now = 10_000_000;

const limited = (ages: readonly number[], maxResetsPerHour: number) => {
  const ledger = aLedger();
  for (const age of ages) {
    ledger.counts.push({ caller: 'zendesk', at: now - age, requestId: 'r' });
    ledger.counts.push({ caller: 'jira', at: now - age, requestId: 'r' });
  }
  return withinHourlyLimit(ledger.deliveries, aCaller({ maxResetsPerHour }), now, 9);
};
const tooMany = (retryAfterSeconds: number) =>
  err({ code: 'TooManyRequests', by: 'caller', retryAfterSeconds });

test.each([
  ['none yet', [], 1, ok(undefined)],
  ['one of two', [0], 2, ok(undefined)],
  ['one of one, just now', [0], 1, tooMany(3600)],
  ['one of one, half an hour ago', [1_800_000], 1, tooMany(1800)],
  ['one of one, seconds are rounded up', [1_800_001], 1, tooMany(1800)],
  ['one of one, all but a second', [3_599_000], 1, tooMany(1)],
  ['one of one, an hour ago', [3_600_001], 1, ok(undefined)],
  ['two of two: until the older one is an hour old', [100_000, 3_000_000], 2, tooMany(600)],
  ['in any order', [3_000_000, 100_000], 2, tooMany(600)],
  [
    'one too many in flight: until the second is an hour old',
    [1_000, 2_000_000, 3_000_000],
    2,
    tooMany(1600),
  ],
  ['499 of 500', Array.from({ length: 499 }, () => 0), 500, ok(undefined)],
  ['500 of 500', Array.from({ length: 500 }, () => 0), 500, tooMany(3600)],
])('%s', async (_what, ages, limit, expected) => {
  expect(await limited(ages, limit)).toEqual(expected);
});

test('the ledger is asked for one hour and no more rows than the limit', async () => {
  const asked: unknown[] = [];
  const ledger: DeliveryLedger = {
    ...aLedger().deliveries,
    recent: async (...args) => {
      asked.push(args);
      return ok([]);
    },
  };
  await withinHourlyLimit(ledger, aCaller({ name: 'jira', maxResetsPerHour: 60 }), now, 9);
  expect(asked).toEqual([['jira', 6_400_000, 60, 9]]);
});

test('without the ledger nothing is decided', async () => {
  const down = err({ code: 'LedgerUnavailable' } as const);
  const ledger: DeliveryLedger = { ...aLedger().deliveries, recent: async () => down };
  expect(await withinHourlyLimit(ledger, aCaller(), now, 9)).toEqual(down);
});
