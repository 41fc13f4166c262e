// Opens the two tables of the ledger, by identity in Azure or by connection string at a local Azurite,
// and keeps them small: a timer removes what is older than its life in bounded batches.

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { TableClient, type TableServiceClientOptions } from '@azure/data-tables';
import type { DeliveryLedger } from '../claim.ts';
import type { Config } from '../config.ts';
import type { UserLedger } from '../user-lock.ts';
import { deliveryTable } from './delivery-table.ts';
import { identityCredential } from './managed-identity.ts';
import { type TableStore, tableStore } from './table-store.ts';
import { auditPrefix, lockRow, userTable } from './user-table.ts';

const deliveriesName = 'PasswordResetDeliveries';
export const usersName = 'PasswordResetUsers';

const options: TableServiceClientOptions = {
  retryOptions: { maxRetries: 0 }, // retry.ts decides, within the deadline
};

/** @param clientId of the user-assigned identity that may write the tables. */
export function openTable(
  name: string,
  ledger: Config['ledger'],
  clientId: string | undefined,
): TableClient {
  if ('endpoint' in ledger) {
    return new TableClient(ledger.endpoint, name, identityCredential(clientId), options);
  }
  const allowInsecureConnection = /UseDevelopmentStorage=true|http:\/\//i.test(
    ledger.connectionString,
  );
  return TableClient.fromConnectionString(ledger.connectionString, name, {
    ...options,
    allowInsecureConnection,
  });
}

export interface Tables {
  readonly deliveries: DeliveryLedger;
  readonly users: UserLedger;
  /** Whether each table takes what a reset does to it. */
  usable(until: number): Promise<boolean>;
  /** How many rows were removed. */
  sweep(now: number, auditRetentionDays: number): Promise<number>;
}

export function openTables({ ledger, clientId }: Config): Tables {
  const deliveries = openTable(deliveriesName, ledger, clientId);
  const users = openTable(usersName, ledger, clientId);
  const store = tableStore(deliveries, randomUUID);
  const userStore = tableStore(users, randomUUID);
  return {
    deliveries: deliveryTable(store),
    users: userTable(userStore),
    async usable(until) {
      const tried = await Promise.all([store, userStore].map((table) => tryRows(table, until)));
      return tried.every(Boolean);
    },
    async sweep(now, auditRetentionDays) {
      const ledgerEnds = new Date(now - ledgerDays * dayMs).toISOString();
      const auditEnds = new Date(now - auditRetentionDays * dayMs).toISOString();
      const ended =
        `(RowKey eq '${lockRow}' and At lt '${ledgerEnds}') or ` +
        `(RowKey ge '${auditPrefix}' and At lt '${auditEnds}')`;
      return (
        (await removeWhere(deliveries, `At lt '${ledgerEnds}'`)) + (await removeWhere(users, ended))
      );
    },
  };
}

/**
 * Rows of its own: a transaction of two, a read, a query, and they are removed again. A table that is
 * missing is made. With the time of a row, so that the timer removes what was left behind.
 */
async function tryRows(store: TableStore, until: number): Promise<boolean> {
  const partitionKey = 'probe';
  const probes = [1, 2].map(() => ({
    row: { partitionKey, rowKey: `probe~${randomUUID()}`, At: new Date().toISOString() },
  }));
  const written = await store.commit(probes, until);
  if (!written.ok) return false;
  const rowKey = probes[0]?.row.rowKey ?? '';
  const [read, queried] = await Promise.all([
    store.read(partitionKey, rowKey, until),
    store.range(partitionKey, rowKey, `${rowKey}~`, 1, until),
  ]);
  const removed = await Promise.all(
    probes.map(({ row }, i) =>
      store.remove(partitionKey, row.rowKey, written.value[i] ?? '*', until),
    ),
  );
  const found = read.ok && read.value !== undefined && queried.ok && queried.value.length === 1;
  return found && removed.every(Boolean);
}

const dayMs = 86_400_000;
/** A Jira rule may be run again for seven days; claims live a day longer. */
const ledgerDays = 8;
/** One run of the timer: the rest is for the next. */
const mostRemoved = 5_000;
const batchSize = 50;
const batchPauseMs = 20;

/** Each row only in the version that was seen as old: a lock may be taken anew meanwhile. */
async function removeWhere(table: TableClient, filter: string): Promise<number> {
  let removed = 0;
  try {
    const queryOptions = { filter, select: ['PartitionKey', 'RowKey'] };
    for await (const page of table
      .listEntities({ queryOptions })
      .byPage({ maxPageSize: batchSize })) {
      const outcomes = await Promise.allSettled(
        page.map(({ partitionKey = '', rowKey = '', etag }) =>
          table.deleteEntity(partitionKey, rowKey, { etag }),
        ),
      );
      removed += outcomes.filter(({ status }) => status === 'fulfilled').length;
      if (removed >= mostRemoved) break;
      await sleep(batchPauseMs);
    }
  } catch (error) {
    if (!(error instanceof Error && 'statusCode' in error && error.statusCode === 404)) throw error;
  }
  return removed;
}
