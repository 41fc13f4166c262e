// The ledger's rows as they lie in the table service, read and edited directly: tests look at them, and travel
// in time by moving the dates in them back. Knows the README's names of tables, rows and columns.

import { TableClient } from '@azure/data-tables';

export type Entity = Readonly<Record<string, unknown>> & {
  readonly partitionKey: string;
  readonly rowKey: string;
};

export interface LedgerRows {
  readonly deliveries: TableClient;
  readonly users: TableClient;
  all(table: TableClient): Promise<readonly Entity[]>;
  /** Claims and aliases of a caller. */
  claims(caller: string): Promise<readonly Entity[]>;
  counts(caller: string): Promise<readonly Entity[]>;
  lock(userId: string): Promise<Entity | undefined>;
  /** The trail of a user (or of `caller~name`), oldest first, as `kind code`. */
  trail(partition: string): Promise<readonly string[]>;
  audit(partition: string): Promise<readonly Entity[]>;
  /** As if everything in this partition (of either table) had happened so much earlier. */
  age(partition: string, seconds: number): Promise<void>;
  /** The same for one row. */
  ageRow(table: TableClient, row: Entity, seconds: number): Promise<void>;
  /** Changes columns of one row; `undefined` takes one away. */
  edit(table: TableClient, row: Entity, columns: Readonly<Record<string, unknown>>): Promise<void>;
}

const dates = ['At', 'EarlierSentAt', 'CompletedAt', 'Until'];
const latestMs = 9_999_999_999_999;

export function ledgerRows(connectionString: string): LedgerRows {
  const open = (name: string): TableClient =>
    TableClient.fromConnectionString(connectionString, name, { allowInsecureConnection: true });
  const deliveries = open('PasswordResetDeliveries');
  const users = open('PasswordResetUsers');

  const list = async (table: TableClient, filter?: string): Promise<readonly Entity[]> => {
    const rows: Entity[] = [];
    const queryOptions = filter === undefined ? {} : { filter };
    for await (const row of table.listEntities({ queryOptions })) {
      const { partitionKey = '', rowKey = '' } = row;
      rows.push({ ...row, partitionKey, rowKey });
    }
    return rows;
  };
  const range = (table: TableClient, partition: string, prefix: string) =>
    list(
      table,
      `PartitionKey eq '${partition}' and RowKey ge '${prefix}' and RowKey lt '${prefix}\u007f'`,
    );
  const edit: LedgerRows['edit'] = async (table, row, columns) => {
    const { partitionKey, rowKey } = row;
    const all = { ...row, ...columns, partitionKey, rowKey };
    const skip = ['etag', 'timestamp', 'odata.metadata'];
    const kept = Object.entries(all).filter(
      ([name, value]) => !skip.includes(name) && value !== undefined,
    );
    await table.updateEntity({ ...Object.fromEntries(kept), partitionKey, rowKey }, 'Replace');
  };
  const ageRow: LedgerRows['ageRow'] = async (table, row, seconds) => {
    const ms = seconds * 1000;
    if (row.rowKey.startsWith('audit~')) return;
    const moved = dates
      .filter((name) => typeof row[name] === 'string')
      .map((name) => [name, new Date(Date.parse(String(row[name])) - ms).toISOString()]);
    if (!row.rowKey.startsWith('count~')) return edit(table, row, Object.fromEntries(moved));
    // The time of a counted request is its row key.
    const [prefix, time, id] = row.rowKey.split('~');
    const at = latestMs - Number(time) - ms;
    const rowKey = [prefix, String(latestMs - at).padStart(13, '0'), id].join('~');
    await table.deleteEntity(row.partitionKey, row.rowKey);
    await table.createEntity({
      partitionKey: row.partitionKey,
      rowKey,
      At: new Date(at).toISOString(),
    });
  };

  return {
    deliveries,
    users,
    all: (table) => list(table),
    claims: (caller) => range(deliveries, caller, 'claim~'),
    counts: (caller) => range(deliveries, caller, 'count~'),
    lock: async (userId) => (await range(users, userId, 'lock'))[0],
    audit: (partition) => range(users, partition, 'audit~'),
    trail: async (partition) =>
      (await range(users, partition, 'audit~')).map(({ Kind, Code }) => `${Kind} ${Code}`),
    edit,
    ageRow,
    age: async (partition, seconds) => {
      for (const table of [deliveries, users])
        for (const row of await list(table, `PartitionKey eq '${partition}'`))
          await ageRow(table, row, seconds);
    },
  };
}
