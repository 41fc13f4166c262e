// The stage of the ledger and fault tests: tenant, tables behind a proxy, the built bundle in one host or more,
// and callers that each have a partition of their own, so that many cells can run side by side. No expectation.

import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HostOptions } from '../../infra/local/host.ts';
import { initialPassword } from '../../infra/local/tenant/entities.ts';
import type { TenantOptions } from '../../infra/local/tenant/tenant.ts';
import { codeOf, type Reply } from './door.ts';
import { type Door, openStage, type Stage } from './journey.ts';
import { type LedgerRows, ledgerRows } from './ledger-rows.ts';
import { passwordsTo } from './seen.ts';
import { type Match, startTableProxy, type TableProxy } from './table-proxy.ts';

export type User = ReturnType<Stage['user']>;
type Settings = Readonly<Record<string, string | undefined>>;

export interface LedgerStage extends Stage {
  readonly proxy: TableProxy;
  readonly rows: LedgerRows;
  /** A host whose callers are these (with their keys); without any, CALLERS stays unset. */
  openFor(
    callers: readonly CallerEntry[],
    settings?: Settings,
    options?: Partial<HostOptions>,
  ): Promise<Door>;
  /** What was asked of the tables while `act` ran. */
  watch(act: () => Promise<unknown>): Promise<TableProxy['operations']>;
}

/** An entry of CALLERS without its key; by default the password is returned. */
export type CallerEntry = { readonly name: string } & Readonly<Record<string, unknown>>;

export async function openLedgerStage(options: TenantOptions = {}): Promise<LedgerStage> {
  const stage = await openStage(options);
  const proxy = await startTableProxy(stage.azurite.connectionString);
  const open: Stage['open'] = (settings = {}, hostOptions = {}) =>
    stage.open(
      {
        AzureWebJobsStorage: proxy.connectionString,
        COOLDOWN_SECONDS: undefined,
        ...settings,
      },
      { startDeadlineMs: 60_000, ...hostOptions },
    );
  const rows = ledgerRows(stage.azurite.connectionString);
  /** Warming up ends with a row that is tried and taken away, one in each table. */
  const opened = (): number =>
    proxy.operations.filter(
      ({ kind, partition, status }) => kind === 'delete' && partition === 'probe' && status === 204,
    ).length;
  return {
    ...stage,
    proxy,
    rows,
    open,
    openFor: async (callers, settings = {}, options = {}) => {
      const before = opened();
      const door = await open(
        { ...settings, CALLERS: JSON.stringify(callers.map(entryOf)) },
        {
          keys: { function: Object.fromEntries(callers.map(({ name }) => [name, keyOf(name)])) },
          ...options,
        },
      );
      await until('the tables are open', () => opened() >= before + 2);
      return door;
    },
    watch: async (act) => {
      const start = proxy.operations.length;
      await act();
      return proxy.operations.slice(start);
    },
    close: async () => {
      await stage.close();
      await proxy.stop();
    },
  };
}

export { codeOf, type Door, passwordsTo, type Reply };

/** So many callers, `c0` and on: a partition for each cell of a table. */
export const crowd = (count: number): readonly CallerEntry[] =>
  Array.from({ length: count }, (_, i) => ({ name: `c${i}` }));

export const keyOf = (caller: string): string => `function-key-of-${caller}`;

const entryOf = (entry: CallerEntry): object => ({
  password: 'return',
  key: [createHash('sha256').update(keyOf(entry.name)).digest('hex')],
  ...entry,
});

/** A delivery of this caller; without a key when `idempotencyKey` is undefined. */
export function deliver(
  door: Door,
  caller: string,
  userName: string,
  idempotencyKey?: string,
  fields: Readonly<Record<string, unknown>> = {},
): Promise<Reply> {
  return door.reset(
    { UserName: userName, ...fields },
    { 'x-functions-key': keyOf(caller), 'idempotency-key': idempotencyKey },
  );
}

/** How often the tenant was asked to write this user's password, and how often it did. */
export const writesOf = ({ tenant }: Stage, user: User): { sent: number; done: number } => {
  const writes = tenant.requests.filter(
    ({ method, path }) => method === 'PATCH' && path.endsWith(`/users/${user.id}`),
  );
  return { sent: writes.length, done: writes.filter(({ status }) => status === 204).length };
};

export const changed = ({ password }: User): boolean => password !== initialPassword;

export const retryAfter = ({ headers }: Reply): number | undefined =>
  headers['retry-after'] === undefined ? undefined : Number(headers['retry-after']);

/** Operations in the partition of this caller (claims) or of this user (lock and trail). */
export const at =
  (station: string, partition: string): Match =>
  (operation) =>
    operation.station === station && operation.partition === partition;

/** Looks again until it holds; throws after `deadlineMs`. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  deadlineMs = 20_000,
): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`Waited in vain for: ${what}`);
    await sleep(20);
  }
}
