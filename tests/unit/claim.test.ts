// Exactly once: the table, row by row, at the boundary times; and what a claim becomes.

import { expect, test } from '@jest/globals';
import {
  type Claim,
  claimDelivery,
  type DeliveryLedger,
  done,
  givenUp,
  type HeldClaim,
  judgeClaim,
  type Receipt,
  refusedUntil,
  released,
  sent,
} from '../../lib/claim.ts';
import { err, ok } from '../../lib/result.ts';
import { aLedger } from '../support/a-ledger.ts';

const at = 1_000_000;
const same = 'fingerprint-1';
const other = 'fingerprint-2';

const base = { fingerprint: same, requestId: 'r-first', at };
const receipt: Receipt = {
  userName: 'adele.vance@contoso.com',
  userId: '11111111-aaaa-4bbb-8ccc-000000000001',
  accountEnabled: true,
  forceChange: true,
  completedAt: 1_000_500,
  requestId: 'r-first',
};
const earlier = { sentAt: 900_000, requestId: 'r-zero' };
const claimed: Claim = { ...base, state: 'claimed', earlier: undefined };
const claimedAgain: Claim = { ...base, state: 'claimed', earlier };
const wasSent: Claim = { ...base, state: 'sent', givenUp: false };
const wasGivenUp: Claim = { ...base, state: 'sent', givenUp: true };
const wasDone: Claim = { ...base, state: 'done', receipt };
const wasRefused: Claim = { ...base, state: 'refused', until: 1_120_000 };
const isFree: Claim = { ...base, state: 'free' };

const runs = { kind: 'run', earlier: undefined };
const runsAfter = (sentAt: number, requestId: string) => ({
  kind: 'run',
  earlier: { sentAt, requestId },
});
const refuses = (failure: object) => ({ kind: 'refuse', failure });
const inProgress = refuses({ code: 'InProgress' });
const keyReused = refuses({ code: 'KeyReused' });
const unknown = (retryAfterSeconds: number) =>
  refuses({ code: 'OutcomeUnknown', retryAfterSeconds });
const replay = { kind: 'replay', receipt };
const recently = refuses({ code: 'RecentlyReset', until: new Date(1_120_000) });

// --- the table: same request again, other request with the same key --------------------------------

test.each<[string, number, Claim, object, object]>([
  // being worked on
  ['claimed', 0, claimed, inProgress, keyReused],
  ['claimed', 9_999, claimed, inProgress, keyReused],
  ['claimed again', 9_999, claimedAgain, inProgress, keyReused],
  ['sent', 0, wasSent, inProgress, keyReused],
  ['sent', 9_999, wasSent, inProgress, keyReused],
  // claimed longer ago, nothing sent: the worker died
  ['claimed', 10_000, claimed, runs, runs],
  ['claimed', 29_999, claimed, runs, runs],
  ['claimed', 30_001, claimed, runs, runs],
  ['claimed', 691_200_000, claimed, runs, runs],
  // claimed longer ago, but an earlier write was never answered
  ['claimed again', 10_000, claimedAgain, runsAfter(900_000, 'r-zero'), keyReused],
  // sent and given up, or sent 10 to 30 s ago without an answer
  ['given up', 0, wasGivenUp, unknown(30), keyReused],
  ['given up', 1, wasGivenUp, unknown(30), keyReused],
  ['given up', 1_000, wasGivenUp, unknown(29), keyReused],
  ['given up', 9_999, wasGivenUp, unknown(21), keyReused],
  ['given up', 10_000, wasGivenUp, unknown(20), keyReused],
  ['sent', 10_000, wasSent, unknown(20), keyReused],
  ['sent', 29_001, wasSent, unknown(1), keyReused],
  ['sent', 29_999, wasSent, unknown(1), keyReused],
  ['sent', 30_000, wasSent, unknown(1), keyReused],
  ['given up', 30_000, wasGivenUp, unknown(1), keyReused],
  // sent more than 30 s ago, never answered
  ['sent', 30_001, wasSent, runsAfter(1_000_000, 'r-first'), keyReused],
  ['given up', 30_001, wasGivenUp, runsAfter(1_000_000, 'r-first'), keyReused],
  ['sent', 691_200_000, wasSent, runsAfter(1_000_000, 'r-first'), keyReused],
  // done
  ['done', 0, wasDone, replay, keyReused],
  ['done', 691_200_000, wasDone, replay, keyReused],
  // refused with RecentlyReset
  ['refused', 0, wasRefused, recently, runs],
  ['refused', 691_200_000, wasRefused, recently, runs],
  // refused otherwise, or failed before the write
  ['free', 0, isFree, runs, runs],
  ['free', 691_200_000, isFree, runs, runs],
])('%s for %i ms', (_state, age, claim, again, another) => {
  expect(judgeClaim(claim, same, at + age)).toEqual(again);
  expect(judgeClaim(claim, other, at + age)).toEqual(another);
});

test('a clock that went back does not free a claim', () => {
  expect(judgeClaim(claimed, same, at - 5_000)).toEqual(inProgress);
  expect(judgeClaim(wasSent, same, at - 5_000)).toEqual(inProgress);
});

// --- how a claim moves on --------------------------------------------------------------------------

const held: HeldClaim = { claim: claimed, row: 'row-1', version: 'v-1', isNew: true };

test('each step keeps fingerprint and request id', () => {
  const request = { fingerprint: 'fingerprint-1', requestId: 'r-first' };
  expect(sent(held, 1_000_200)).toEqual({
    ...request,
    at: 1_000_200,
    state: 'sent',
    givenUp: false,
  });
  expect(givenUp(held)).toEqual({ ...request, at: 1_000_000, state: 'sent', givenUp: true });
  expect(done(held, receipt)).toEqual({ ...request, at: 1_000_000, state: 'done', receipt });
  expect(refusedUntil(held, 7)).toEqual({
    ...request,
    at: 1_000_000,
    state: 'refused',
    until: 7,
  });
  expect(released(held, undefined)).toEqual({ ...request, at: 1_000_000, state: 'free' });
});

test('a released claim still knows an earlier write that was never answered', () => {
  const next = released(held, earlier);
  expect(next).toEqual({
    fingerprint: 'fingerprint-1',
    requestId: 'r-zero',
    at: 900_000,
    state: 'sent',
    givenUp: true,
  });
  expect(judgeClaim(next, same, at)).toEqual(runsAfter(900_000, 'r-zero'));
});

// --- claiming --------------------------------------------------------------------------------------

const fresh = (changes: object = {}) => ({
  names: ['name-1', 'name-2'],
  fingerprint: same,
  caller: 'zendesk',
  requestId: 'r-new',
  at: 2_000_000,
  ...changes,
});
const mine: Claim = {
  fingerprint: same,
  requestId: 'r-new',
  at: 2_000_000,
  state: 'claimed',
  earlier: undefined,
};

const spied = (ledger: DeliveryLedger) => {
  const calls: unknown[][] = [];
  const spy: DeliveryLedger = {
    open: (...args) => {
      calls.push(['open', ...args]);
      return ledger.open(...args);
    },
    amend: (...args) => {
      calls.push(['amend', ...args]);
      return ledger.amend(...args);
    },
    forget: (...args) => {
      calls.push(['forget', ...args]);
      return ledger.forget(...args);
    },
    recent: (...args) => {
      calls.push(['recent', ...args]);
      return ledger.recent(...args);
    },
  };
  return { spy, calls };
};

test('a delivery without a name asks the ledger nothing', async () => {
  const { spy, calls } = spied(aLedger().deliveries);
  expect(await claimDelivery(spy, fresh({ names: [] }), 9)).toStrictEqual(
    ok({ held: undefined, earlier: undefined }),
  );
  expect(calls).toEqual([]);
});

test('a new delivery costs one write', async () => {
  const { spy, calls } = spied(aLedger().deliveries);
  expect(await claimDelivery(spy, fresh(), 9)).toEqual(
    ok({
      held: { claim: mine, row: 'zendesk/name-1', version: '1', isNew: true },
      earlier: undefined,
    }),
  );
  expect(calls).toEqual([['open', 'zendesk', ['name-1', 'name-2'], mine, 9]]);
});

async function known(claim: Claim, changes: object = {}) {
  const ledger = aLedger();
  await ledger.deliveries.open('zendesk', ['name-1'], claim, 9);
  const { spy, calls } = spied(ledger.deliveries);
  const claimResult = await claimDelivery(spy, fresh(changes), 9);
  return { ledger, calls, claimResult };
}

test('a delivery that is known by one of its names is judged, at the time of the request', async () => {
  expect((await known({ ...claimed, at: 1_990_001 })).claimResult).toEqual(
    err({ code: 'InProgress' }),
  );
  expect((await known(wasDone)).claimResult).toEqual(ok({ receipt }));
  expect((await known(wasDone, { fingerprint: other })).claimResult).toEqual(
    err({ code: 'KeyReused' }),
  );
  expect((await known(wasRefused)).claimResult).toEqual(
    err({ code: 'RecentlyReset', until: new Date(1_120_000) }),
  );
});

test('an abandoned claim is taken over with one conditional write', async () => {
  const { ledger, calls, claimResult } = await known(isFree, { fingerprint: other });
  const next = { ...mine, fingerprint: other };
  expect(claimResult).toEqual(
    ok({
      held: { claim: next, row: 'zendesk/name-1', version: '2', isNew: false },
      earlier: undefined,
    }),
  );
  expect(calls.map(([method]) => method)).toEqual(['open', 'amend']);
  expect(ledger.claims.get('zendesk/name-1')?.claim).toEqual(next);
});

test('taking over a write that was never answered keeps it in mind', async () => {
  const { ledger, claimResult } = await known(wasSent);
  const remembered = { sentAt: 1_000_000, requestId: 'r-first' };
  expect(claimResult).toMatchObject({ ok: true, value: { earlier: remembered } });
  expect(ledger.claims.get('zendesk/name-1')?.claim).toEqual({ ...mine, earlier: remembered });
});

test('who takes it over a moment later has lost', async () => {
  const ledger = aLedger();
  await ledger.deliveries.open('zendesk', ['name-1'], isFree, 9);
  const slow: DeliveryLedger = { ...ledger.deliveries, amend: async () => err('lost') };
  expect(await claimDelivery(slow, fresh(), 9)).toEqual(err({ code: 'InProgress' }));
});

test('without the ledger nothing is decided', async () => {
  const down = err({ code: 'LedgerUnavailable' } as const);
  const ledger = aLedger();
  expect(await claimDelivery({ ...ledger.deliveries, open: async () => down }, fresh(), 9)).toEqual(
    down,
  );
  await ledger.deliveries.open('zendesk', ['name-1'], isFree, 9);
  expect(
    await claimDelivery({ ...ledger.deliveries, amend: async () => down }, fresh(), 9),
  ).toEqual(down);
});
