// What the timer removes: deliveries, counts and locks after eight days, audit rows after their
// retention, never a row that was written anew, in bounded batches.

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Azurite, startAzurite } from '../../infra/local/azurite.ts';
import { openTables, type Tables } from '../../lib/adapters/tables.ts';
import { readConfig } from '../../lib/config.ts';
import { type Entity, type LedgerRows, ledgerRows } from '../support/ledger-rows.ts';
import { startTableProxy, type TableProxy } from '../support/table-proxy.ts';

const dayMs = 86_400_000;
const now = Date.parse('2026-11-24T12:00:00Z');

let azurite: Azurite;
let proxy: TableProxy;
let tables: Tables;
let rows: LedgerRows;

beforeEach(async () => {
  azurite = await startAzurite();
  proxy = await startTableProxy(azurite.connectionString);
  const config = readConfig({ AzureWebJobsStorage: proxy.connectionString });
  if (!config.ok) throw new Error('The connection string is refused.');
  tables = openTables(config.value);
  rows = ledgerRows(azurite.connectionString);
  await tables.usable(Date.now() + 20_000);
});
afterEach(async () => {
  await proxy.stop();
  await azurite.stop();
});

const daysAgo = (days: number): string => new Date(now - days * dayMs).toISOString();
const claim = (name: string, days: number, more = {}): Entity => ({
  partitionKey: 'caller',
  rowKey: `claim~${name}`,
  At: daysAgo(days),
  State: 'done',
  ...more,
});
const userRow = (rowKey: string, days: number): Entity => ({
  partitionKey: 'user',
  rowKey,
  At: daysAgo(days),
});
const kept = async (): Promise<readonly string[]> => [
  ...(await rows.all(rows.deliveries)).map(({ rowKey }) => rowKey),
  ...(await rows.all(rows.users)).map(({ rowKey }) => rowKey),
];

test('old rows go, younger ones stay', async () => {
  for (const row of [
    claim('old', 8.01),
    claim('old-alias', 8.01, { AliasOf: 'claim~young', State: undefined }),
    claim('young', 7.99),
    { ...claim('x', 9), rowKey: 'count~1234567890123~old' },
    { ...claim('x', 0), rowKey: 'count~1234567890124~young' },
  ]) {
    const { State, ...rest } = row;
    await rows.deliveries.createEntity(State === undefined ? rest : { ...rest, State });
  }
  for (const row of [
    userRow('lock', 9),
    userRow('audit~1~a~intent', 365.01),
    userRow('audit~2~b~outcome', 364.99),
    { ...userRow('lock', 7.99), partitionKey: 'another' },
    { ...userRow('audit~1~a~outcome', 9), partitionKey: 'another' },
  ]) {
    await rows.users.createEntity({ ...row });
  }
  expect(await tables.sweep(now, 365)).toBe(5);
  expect(await kept()).toEqual([
    'claim~young',
    'count~1234567890124~young',
    'audit~1~a~outcome',
    'lock',
    'audit~2~b~outcome',
  ]);
  expect(await tables.sweep(now, 365)).toBe(0);
});

test('audit rows follow their own retention', async () => {
  await rows.users.createEntity({ ...userRow('audit~1~a~outcome', 31) });
  await rows.users.createEntity({ ...userRow('audit~2~b~outcome', 29) });
  expect(await tables.sweep(now, 30)).toBe(1);
  expect(await kept()).toEqual(['audit~2~b~outcome']);
});

test('many rows go in pages of fifty, and none of the young is touched', async () => {
  const make = async (i: number): Promise<void> => {
    await rows.deliveries.createEntity({ ...claim(`old-${i}`, 10) });
  };
  for (let i = 0; i < 230; i += 10) {
    await Promise.all(Array.from({ length: 10 }, (_, n) => make(i + n)));
  }
  await rows.deliveries.createEntity({ ...claim('young', 1) });
  expect(await tables.sweep(now, 365)).toBe(230);
  expect(await kept()).toEqual(['claim~young']);
  const pages = proxy.operations.filter(
    ({ kind, filter, top }) => kind === 'query' && filter.includes('At lt') && top === '50',
  );
  expect(pages.length).toBeGreaterThanOrEqual(5);
});

test('a lock that is taken while it is being swept stays', async () => {
  await rows.users.createEntity({ ...userRow('lock', 9) });
  const removal = proxy.hold(({ kind }) => kind === 'delete', 'before');
  const sweeping = tables.sweep(now, 365);
  await removal.reached;
  const [lock] = await rows.all(rows.users);
  if (lock === undefined) throw new Error('There is no lock.');
  await rows.edit(rows.users, lock, { At: daysAgo(0) });
  removal.release();
  expect(await sweeping).toBe(0);
  expect(await kept()).toEqual(['lock']);
});

test('without tables there is nothing to sweep', async () => {
  await Promise.all([rows.deliveries.deleteTable(), rows.users.deleteTable()]);
  expect(await tables.sweep(now, 365)).toBe(0);
});
