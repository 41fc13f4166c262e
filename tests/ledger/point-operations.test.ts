// What a request asks of the tables: point operations and bounded ranges of one partition, however many rows
// there are, and no wait more than the picture of a request has.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { codeOf } from '../support/door.ts';
import type { Door } from '../support/journey.ts';
import {
  crowd,
  deliver,
  keyOf,
  type LedgerStage,
  openLedgerStage,
} from '../support/ledger-stage.ts';
import { signers, signingSecrets } from '../support/signing.ts';
import type { Operation } from '../support/table-operation.ts';

let stage: LedgerStage;
let door: Door;

beforeAll(async () => {
  stage = await openLedgerStage();
  const signature = { profile: 'zendesk', secrets: ['ZENDESK_SECRET'] };
  door = await stage.openFor(
    [...crowd(20), { name: 'signing', signature, maxResetsPerHour: 7 }],
    signingSecrets,
  );
});
afterAll(() => stage.close());

const shown = (operations: readonly Operation[]): readonly string[] =>
  operations.map(({ station }) => station).sort();

/** Why this is neither a point operation nor a bounded range of one partition. */
function unbounded({ kind, partition, rows, filter, top }: Operation): string | undefined {
  if (kind === 'read' || kind === 'delete') return partition === '' ? 'no partition' : undefined;
  if (kind === 'commit') return rows.length > 100 || partition === '' ? 'too many rows' : undefined;
  if (kind !== 'query') return kind;
  const range = /^PartitionKey eq '[^']+' and RowKey ge '[^']+' and RowKey lt '[^']+'$/;
  if (!range.test(filter)) return filter;
  return Number(top) >= 1 && Number(top) <= 1000 ? undefined : `$top=${top}`;
}

test('a user without a row: claim and count beside the look-up, lock and mark, then the records', async () => {
  const user = stage.user();
  const seen = await stage.watch(async () => {
    expect(codeOf(await deliver(door, 'c1', user.userPrincipalName, 'key'))).toBe('200 Completed');
  });
  // Warming up may still be looking at the tables.
  const own = seen.filter(({ partition }) => ['c1', user.id].includes(partition));
  expect(shown(own)).toEqual(['audit', 'claim', 'limit', 'lock', 'mark', 'record']);
});

test('a known user: one read and one conditional write more', async () => {
  const user = stage.user();
  await deliver(door, 'c2', user.userPrincipalName, 'one');
  await stage.rows.age(user.id, 121);
  const seen = await stage.watch(async () => {
    expect(codeOf(await deliver(door, 'c2', user.userPrincipalName, 'two'))).toBe('200 Completed');
  });
  expect(shown(seen).filter((station) => station === 'lock')).toHaveLength(2);
  expect(shown(seen).filter((station) => station === 'lockRead')).toHaveLength(1);
});

test('every operation of every kind of request is a point or a bounded range of one partition', async () => {
  const user = stage.user();
  const body = JSON.stringify({ UserName: user.userPrincipalName });
  const sign = (time: number) =>
    door.send({
      body,
      headers: {
        'content-type': 'application/json',
        'x-functions-key': keyOf('signing'),
        'idempotency-key': 'own',
        ...signers.zendesk(body, time),
      },
    });
  const now = Date.now();
  const seen = await stage.watch(async () => {
    const answers = [
      codeOf(await sign(now)),
      codeOf(await sign(now - 2_000)),
      codeOf(await deliver(door, 'c3', user.userPrincipalName, 'paused')),
      codeOf(await deliver(door, 'c3', user.userPrincipalName, 'paused')),
      codeOf(await deliver(door, 'c3', 'nobody.is.here@contoso.com', 'miss')),
      codeOf(await deliver(door, 'c3', user.id, 'miss')),
      codeOf(await deliver(door, 'c3', user.id, undefined)),
      codeOf(await deliver(door, 'c3', user.id, 'dry', { DryRun: true })),
    ];
    await stage.rows.age(user.id, 121);
    answers.push(codeOf(await deliver(door, 'c4', user.userPrincipalName, 'again')));
    expect(answers).toEqual([
      '200 Completed',
      '200 AlreadyCompleted',
      '403 RecentlyReset',
      '403 RecentlyReset',
      '404 UserNotFound',
      '403 RecentlyReset',
      '403 RecentlyReset',
      '403 RecentlyReset',
      '200 Completed',
    ]);
  });
  expect(seen.length).toBeGreaterThan(30);
  expect(seen.map(unbounded).filter((why) => why !== undefined)).toEqual([]);
  // Nothing is asked of a partition that is not the caller's or the user's.
  const partitions = new Set(seen.map(({ partition }) => partition));
  expect([...partitions].sort()).toEqual(['c3', 'c4', 'caller~c3', 'signing', user.id].sort());
});

test('the hour of a caller is read as far as its limit and no further', async () => {
  const seen = await stage.watch(() => deliver(door, 'c5', stage.user().id, 'key'));
  const [limit] = seen.filter(({ station }) => station === 'limit');
  expect(limit?.top).toBe('500');
});
