// The ledger's ports over the real table service, behind a proxy that breaks connections: insert if absent,
// aliases, versions, recognising one's own write, missing tables, the window of counts, forgetting.

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Azurite, startAzurite } from '../../infra/local/azurite.ts';
import { openTables, type Tables } from '../../lib/adapters/tables.ts';
import type { AuditRow } from '../../lib/audit.ts';
import type { Claim, HeldClaim } from '../../lib/claim.ts';
import { readConfig } from '../../lib/config.ts';
import { ok, type Result } from '../../lib/result.ts';
import type { UserLock } from '../../lib/user-lock.ts';
import { type LedgerRows, ledgerRows } from '../support/ledger-rows.ts';
import { always, startTableProxy, type TableProxy } from '../support/table-proxy.ts';

let azurite: Azurite;
let proxy: TableProxy;
let tables: Tables;
let rows: LedgerRows;

const connect = (connectionString: string): Tables => {
  const config = readConfig({ AzureWebJobsStorage: connectionString });
  if (!config.ok) throw new Error('The connection string is refused.');
  return openTables(config.value);
};

beforeAll(async () => {
  azurite = await startAzurite();
  proxy = await startTableProxy(azurite.connectionString);
  tables = connect(proxy.connectionString);
  rows = ledgerRows(azurite.connectionString);
  await tables.usable(soon());
});
afterAll(async () => {
  await proxy.stop();
  await azurite.stop();
});

const soon = (ms = 5_000): number => Date.now() + ms;
const caller = (): string => `caller-${randomUUID()}`;
const fresh = (requestId = 'first'): Claim => ({
  fingerprint: 'what is asked',
  requestId,
  at: Date.now(),
  state: 'claimed',
  earlier: undefined,
});
const value = <T>(result: Result<T, unknown>): T => {
  if (!result.ok) throw new Error(`Failed: ${JSON.stringify(result.failure)}`);
  return result.value;
};
const open = async (who: string, names: readonly string[], claim = fresh()): Promise<HeldClaim> =>
  value(await tables.deliveries.open(who, names, claim, soon()));
const sent = (held: HeldClaim): Claim => {
  const { fingerprint, requestId, at } = held.claim;
  return { fingerprint, requestId, at, state: 'sent', givenUp: false };
};

test('a new delivery is inserted under all its names in one transaction', async () => {
  const who = caller();
  const held = await open(who, ['a', 'b', 'c']);
  expect(held.isNew).toBe(true);
  expect(held.row).toBe('claim~a');
  expect(await rows.claims(who)).toEqual([
    expect.objectContaining({ rowKey: 'claim~a', State: 'claimed', RequestId: 'first' }),
    expect.objectContaining({ rowKey: 'claim~b', AliasOf: 'claim~a' }),
    expect.objectContaining({ rowKey: 'claim~c', AliasOf: 'claim~a' }),
  ]);
});

test('a known delivery is found, with what is known of it', async () => {
  const who = caller();
  await open(who, ['a']);
  const found = await open(who, ['a'], fresh('second'));
  expect(found).toEqual(expect.objectContaining({ row: 'claim~a', isNew: false }));
  expect(found.claim.requestId).toBe('first');
});

test('an unknown name becomes an alias of the delivery that another name knows', async () => {
  const who = caller();
  await open(who, ['signed-1', 'key']);
  expect((await open(who, ['signed-2', 'key'], fresh('second'))).row).toBe('claim~signed-1');
  expect((await open(who, ['signed-2'], fresh('third'))).claim.requestId).toBe('first');
  expect((await open(who, ['signed-2', 'other key'], fresh('fourth'))).claim.requestId).toBe(
    'first',
  );
  expect((await open(who, ['other key'], fresh('fifth'))).claim.requestId).toBe('first');
});

test('the first known name decides', async () => {
  const who = caller();
  await open(who, ['signed'], fresh('by signature'));
  await open(who, ['key'], fresh('by key'));
  expect((await open(who, ['signed', 'key'])).claim.requestId).toBe('by signature');
  expect((await open(who, ['key', 'signed'])).claim.requestId).toBe('by key');
});

test('names of one caller mean nothing to another', async () => {
  const [one, two] = [caller(), caller()];
  await open(one, ['a']);
  expect((await open(two, ['a'])).isNew).toBe(true);
});

test('a forgotten delivery is new again; an alias that points to it is free', async () => {
  const who = caller();
  const held = await open(who, ['a', 'b']);
  await tables.deliveries.forget(who, held, soon());
  const dangling = await open(who, ['b'], fresh('second'));
  expect(dangling.isNew).toBe(false);
  expect(dangling.claim.state).toBe('free');
  const taken = value(
    await tables.deliveries.amend(who, { held: dangling, next: fresh('second') }, soon()),
  );
  expect(taken?.claim.requestId).toBe('second');
  // All three names lead to the one delivery now.
  expect((await open(who, ['a'], fresh('third'))).claim.requestId).toBe('third');
  expect((await open(who, ['b'], fresh('fourth'))).claim.requestId).toBe('second');
});

test('a chain of aliases is followed', async () => {
  const who = caller();
  const held = await open(who, ['signed', 'id', 'key']);
  await tables.deliveries.forget(who, held, soon());
  await open(who, ['signed', 'id', 'key'], fresh('second'));
  const found = await open(who, ['new', 'key'], fresh('third'));
  expect(found.isNew).toBe(false);
});

test('what somebody else wrote in between is not overwritten, nor forgotten', async () => {
  const who = caller();
  const held = await open(who, ['a']);
  value(await tables.deliveries.amend(who, { held, next: sent(held) }, soon()));
  const lost = await tables.deliveries.amend(who, { held, next: fresh('late') }, soon());
  expect(lost).toEqual({ ok: false, failure: 'lost' });
  await tables.deliveries.forget(who, held, soon());
  expect((await open(who, ['a'])).claim.state).toBe('sent');
});

test('a claim that is gone cannot be amended', async () => {
  const who = caller();
  const held = await open(who, ['a']);
  await tables.deliveries.forget(who, held, soon());
  const lost = await tables.deliveries.amend(who, { held, next: sent(held) }, soon());
  expect(lost).toEqual({ ok: false, failure: 'lost' });
  expect(await rows.claims(who)).toEqual([]);
});

test('when the claim is lost its count is not written either', async () => {
  const who = caller();
  const held = await open(who, ['a']);
  value(await tables.deliveries.amend(who, { held, next: sent(held) }, soon()));
  const counted = { at: Date.now(), requestId: 'late' };
  await tables.deliveries.amend(who, { held, next: fresh('late'), counted }, soon());
  expect(await rows.counts(who)).toEqual([]);
});

const broken = ['resetAfter', 'truncate'] as const;

test.each(broken)('an insert whose answer is lost (%s) is recognised as our own', async (kind) => {
  const who = caller();
  proxy.next(({ station, partition }) => station === 'claim' && partition === who, { kind });
  const held = await open(who, ['a', 'b']);
  expect(held.isNew).toBe(true);
  expect(
    value(await tables.deliveries.amend(who, { held, next: sent(held) }, soon()))?.claim.state,
  ).toBe('sent');
});

test.each(broken)('an update whose answer is lost (%s) is recognised as our own', async (kind) => {
  const who = caller();
  const held = await open(who, ['a']);
  proxy.next(({ station, partition }) => station === 'mark' && partition === who, { kind });
  const marked = value(await tables.deliveries.amend(who, { held, next: sent(held) }, soon()));
  if (marked === undefined) throw new Error('Nothing was held.');
  // The version that was read back is the one to go on with.
  const done = await tables.deliveries.amend(who, { held: marked, next: fresh('next') }, soon());
  expect(done.ok).toBe(true);
});

test.each(broken)(
  'an insert that somebody else made meanwhile is not taken for our own (%s)',
  async (kind) => {
    const who = caller();
    await open(who, ['a'], fresh('somebody else'));
    proxy.next(({ station, partition }) => station === 'claim' && partition === who, { kind });
    const found = await open(who, ['a'], fresh('ours'));
    expect(found.isNew).toBe(false);
    expect(found.claim.requestId).toBe('somebody else');
  },
);

test.each<readonly [string, Parameters<TableProxy['next']>[1]]>([
  ['a reset before it is stored', { kind: 'resetBefore' }],
  ['500', { kind: 'reply', status: 500 }],
  ['503', { kind: 'reply', status: 503, body: 'not JSON' }],
  ['429', { kind: 'reply', status: 429 }],
  ['408', { kind: 'reply', status: 408 }],
  [
    'a page of a gateway',
    { kind: 'reply', status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' },
  ],
  [
    'an empty 202',
    {
      kind: 'reply',
      status: 202,
      headers: { 'content-type': 'multipart/mixed; boundary=x' },
      body: '',
    },
  ],
])('%s is tried again', async (_what, fault) => {
  const who = caller();
  proxy.next(({ partition }) => partition === who, fault, 2);
  expect((await open(who, ['a'])).isNew).toBe(true);
  expect(await rows.claims(who)).toHaveLength(1);
});

test.each([403, 400])('%d is no passing trouble: it ends at once', async (status) => {
  const who = caller();
  proxy.next(({ partition }) => partition === who, { kind: 'reply', status }, always);
  const before = proxy.operations.length;
  const result = await tables.deliveries.open(who, ['a'], fresh(), soon());
  expect(result).toEqual({ ok: false, failure: { code: 'LedgerUnavailable' } });
  expect(proxy.operations.length - before).toBe(1);
});

test('a service that hangs is given up at the deadline', async () => {
  const who = caller();
  proxy.next(({ partition }) => partition === who, { kind: 'hang' }, always);
  const until = soon(1_000);
  const result = await tables.deliveries.open(who, ['a'], fresh(), until);
  expect(result).toEqual({ ok: false, failure: { code: 'LedgerUnavailable' } });
  expect(Date.now()).toBeGreaterThanOrEqual(until - 100);
});

test('the count of an hour: a window, newest first, as many as asked for', async () => {
  const who = caller();
  const now = Date.now();
  const times = Array.from({ length: 12 }, (_, i) => now - i * 1000);
  for (const at of times) {
    const counted = { at, requestId: randomUUID() };
    value(await tables.deliveries.amend(who, { counted }, soon()));
  }
  const recent = async (since: number, most: number) =>
    value(await tables.deliveries.recent(who, since, most, soon()));
  expect(await recent(now - 60_000, 500)).toEqual(times);
  expect(await recent(now - 60_000, 5)).toEqual(times.slice(0, 5));
  // A window of 3 s is open at its old end.
  expect(await recent(now - 3_000, 500)).toEqual(times.slice(0, 3));
  expect(await recent(now, 500)).toEqual([]);
  expect(countQueries(who).map(({ top }) => top)).toEqual(['500', '5', '500', '500']);
});

const countQueries = (who: string) =>
  proxy.operations.filter(({ kind, partition }) => kind === 'query' && partition === who);

test('a crowd of one caller shares a reading, which sees what was counted before they asked', async () => {
  const who = caller();
  const now = Date.now();
  const ask = async () => value(await tables.deliveries.recent(who, now - 60_000, 500, soon()));
  proxy.next(({ kind, partition }) => kind === 'query' && partition === who, {
    kind: 'slow',
    ms: 300,
  });
  const first = ask();
  const counted = { at: now, requestId: randomUUID() };
  value(await tables.deliveries.amend(who, { counted }, soon()));
  const crowd = await Promise.all(Array.from({ length: 20 }, ask));
  expect(await first).toHaveLength(1); // slow on its way there: it may see the row
  expect(crowd).toEqual(Array.from({ length: 20 }, () => [now]));
  expect(countQueries(who)).toHaveLength(2);
  expect(await ask()).toEqual([now]);
  expect(countQueries(who)).toHaveLength(3);
});

test('a reading that hangs holds up the crowd for a second only', async () => {
  const who = caller();
  const now = Date.now();
  const ask = (until: number) => tables.deliveries.recent(who, now - 60_000, 500, until);
  proxy.next(({ kind, partition }) => kind === 'query' && partition === who, { kind: 'hang' });
  const until = soon(4_000);
  const hanging = ask(until);
  const crowd = await Promise.all([ask(until), ask(until)]);
  expect(crowd).toEqual([ok([]), ok([])]);
  expect(Date.now()).toBeLessThan(until);
  expect(await hanging).toEqual({ ok: false, failure: { code: 'LedgerUnavailable' } });
});

test('two requests of one millisecond count as two', async () => {
  const who = caller();
  const at = Date.now();
  for (const requestId of ['one', 'two']) {
    value(await tables.deliveries.amend(who, { counted: { at, requestId } }, soon()));
  }
  expect(value(await tables.deliveries.recent(who, at - 1, 9, soon()))).toEqual([at, at]);
});

const lockOf = (requestId: string): UserLock => ({
  state: 'held',
  requestId,
  caller: 'somebody',
  at: 1_700_000_000_000,
  recorded: false,
  completed: undefined,
});
const auditRow = (requestId: string, more: Partial<AuditRow> = {}): AuditRow => ({
  kind: 'intent',
  at: '2026-11-23T09:15:30.000Z',
  requestId,
  code: 'Intent',
  caller: 'somebody',
  ...more,
});

test('the user’s lock and the intent are written together or not at all', async () => {
  const user = randomUUID();
  const take = (requestId: string, version: string | undefined) =>
    tables.users.write(user, { next: lockOf(requestId), version }, [auditRow(requestId)], soon());
  const version = value(await take('one', undefined));
  expect(await take('two', undefined)).toEqual({ ok: false, failure: 'lost' });
  expect(await rows.trail(user)).toEqual(['intent Intent']);
  expect((await rows.lock(user))?.['RequestId']).toBe('one');
  expect((await take('four', version)).ok).toBe(true);
  // The version of before is worth nothing any more.
  expect(await take('five', version)).toEqual({ ok: false, failure: 'lost' });
  expect(await rows.trail(user)).toHaveLength(2);
  const read = value(await tables.users.read(user, soon()));
  expect(read?.lock).toEqual(lockOf('four'));
});

test('a lock whose answer is lost is recognised as our own, intent included', async () => {
  const user = randomUUID();
  proxy.next(({ partition }) => partition === user, { kind: 'resetAfter' });
  const written = await tables.users.write(
    user,
    { next: lockOf('one'), version: undefined },
    [auditRow('one')],
    soon(),
  );
  const read = value(await tables.users.read(user, soon()));
  expect(value(written)).toBe(read?.version);
  expect(await rows.trail(user)).toEqual(['intent Intent']);
});

test('a user without a row has no lock', async () => {
  expect(value(await tables.users.read(randomUUID(), soon()))).toBeUndefined();
});

test.each([
  ['quotes and backslashes', `O'Hara "says" \\ no`],
  ['what ends a batch', '--changeset_x\r\n--batch_y--'],
  ['emoji and Chinese', '🔑 重置密码'],
  ['markup', '<b>&amp;{{7*7}}</b>'],
])('an audit row keeps text with %s', async (_what, text) => {
  const user = randomUUID();
  const row = auditRow('one', { claimedReason: text, askedUserName: text });
  value(await tables.users.write(user, undefined, [row], soon()));
  expect((await rows.audit(user))[0]).toEqual(
    expect.objectContaining({ ClaimedReason: text, AskedUserName: text }),
  );
});

test('missing tables are made by whoever needs one first, once', async () => {
  const other = await startAzurite();
  const watched = await startTableProxy(other.connectionString);
  const bare = connect(watched.connectionString);
  const user = randomUUID();
  const results = await Promise.all([
    bare.deliveries.open('caller', ['a'], fresh(), soon(20_000)),
    bare.deliveries.recent('caller', 0, 5, soon(20_000)),
    bare.users.write(user, { next: lockOf('one'), version: undefined }, [], soon(20_000)),
    bare.users.read(randomUUID(), soon(20_000)),
  ]);
  expect(results.map(({ ok }) => ok)).toEqual([true, true, true, true]);
  await watched.stop();
  await other.stop();
});

const probes = async () =>
  (await rows.all(rows.deliveries)).filter(({ partitionKey }) => partitionKey === 'probe');

test('the probe does what a reset does, and leaves nothing', async () => {
  expect(await tables.usable(soon())).toBe(true);
  expect(await probes()).toEqual([]);
});

test.each(['commit', 'read', 'query', 'delete'] as const)(
  'without the right to %s the tables are not usable',
  async (kind) => {
    const refusal = { kind: 'reply', status: 403 } as const;
    const end = proxy.next((operation) => operation.kind === kind, refusal, always);
    expect(await tables.usable(soon())).toBe(false);
    end();
    // What was left behind has a time: the timer removes it.
    for (const { At } of await probes()) expect(At).toEqual(expect.any(String));
  },
);

describe('a row that is none', () => {
  const json = (body: object) =>
    ({
      kind: 'reply',
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }) as const;
  const unavailable = { ok: false, failure: { code: 'LedgerUnavailable' } };

  test.each([{}, { State: 'claimed' }, { State: 'new', At: '2026-11-24T10:00:00Z' }])(
    'as a claim: %j',
    async (row) => {
      const who = caller();
      await open(who, ['a']);
      proxy.next(({ station }) => station === 'claimRead', json(row));
      expect(await tables.deliveries.open(who, ['a'], fresh('b'), soon())).toEqual(unavailable);
    },
  );

  test('as a lock', async () => {
    proxy.next(({ station }) => station === 'lockRead', json({ State: 'held' }));
    expect(await tables.users.read(randomUUID(), soon())).toEqual(unavailable);
  });

  test('among the counts', async () => {
    const junk = [{ RowKey: 'count~x' }, { RowKey: 5 }, {}, { RowKey: 'claim~1' }];
    proxy.next(({ station }) => station === 'limit', json({ value: junk }));
    expect(await tables.deliveries.recent(caller(), 0, 5, soon())).toEqual(ok([]));
  });
});
