// The UserLedger port over a table. Partition: the user's object id (or `caller~<name>` where no user
// was found). Rows: `lock`, and the trail, `audit~<time>~<request id>~<intent|outcome>`.

import type { AuditRow } from '../audit.ts';
import { ok } from '../result.ts';
import type { UserLedger, UserLock } from '../user-lock.ts';
import { type Row, type StoredRow, type TableStore, unavailable } from './table-store.ts';

export const lockRow = 'lock';
export const auditPrefix = 'audit~';

export const userTable = (store: TableStore): UserLedger => ({
  async read(userId, until) {
    const stored = await store.read(userId, lockRow, until);
    if (!stored.ok || stored.value === undefined) return stored.ok ? ok(undefined) : stored;
    const lock = toLock(stored.value);
    return Number.isNaN(lock.at) ? unavailable : ok({ lock, version: stored.value.etag });
  },

  async write(partition, change, rows, until) {
    const lock =
      change === undefined
        ? []
        : [{ row: toLockRow(partition, change.next), version: change.version }];
    const trail = rows.map((row) => ({ row: toAuditRow(partition, row) }));
    const written = await store.commit([...lock, ...trail], until);
    return written.ok ? ok(written.value[0] ?? '') : written;
  },
});

function toLockRow(userId: string, lock: UserLock): Row {
  const { completed } = lock;
  return {
    partitionKey: userId,
    rowKey: lockRow,
    State: lock.state,
    RequestId: lock.requestId,
    Caller: lock.caller,
    At: new Date(lock.at).toISOString(),
    Recorded: lock.recorded,
    ...(completed === undefined
      ? {}
      : {
          CompletedAt: new Date(completed.at).toISOString(),
          CompletedBy: completed.requestId,
          PasswordReturned: completed.passwordReturned,
        }),
  };
}

function toLock(entity: StoredRow): UserLock {
  const completedAt = entity['CompletedAt'];
  return {
    state: entity['State'] === 'free' ? 'free' : 'held',
    requestId: String(entity['RequestId']),
    caller: String(entity['Caller']),
    at: Date.parse(String(entity['At'])),
    recorded: entity['Recorded'] === true,
    completed:
      typeof completedAt === 'string'
        ? {
            at: Date.parse(completedAt),
            requestId: String(entity['CompletedBy']),
            passwordReturned: entity['PasswordReturned'] === true,
          }
        : undefined,
  };
}

/** Columns are the record's own names with a capital; what is undefined has no column. */
function toAuditRow(partition: string, record: AuditRow): Row {
  const columns = Object.entries(record).map(([name, value]) => [
    name.charAt(0).toUpperCase() + name.slice(1),
    value,
  ]);
  return {
    partitionKey: partition,
    rowKey: `${auditPrefix}${record.at}~${record.requestId}~${record.kind}`,
    ...Object.fromEntries(columns.filter(([, value]) => value !== undefined)),
  };
}
