// One table, three things: write all or nothing if nobody wrote in between, read a row, walk a range.
// The SDK's own retries are off (they ignore deadlines); a write that is repeated after a lost answer
// recognises itself by the WriteId in its row. Azurite differs from Azure in that it answers 500 to a
// U+2028 in a transaction (the reader folds it before) and never throttles.

import type {
  TableClient,
  TableEntity,
  TableEntityResult,
  TransactionAction,
} from '@azure/data-tables';
import type { LedgerFailure, Lost } from '../claim.ts';
import { within } from '../deadline.ts';
import { member } from '../member.ts';
import { err, ok, type Result } from '../result.ts';
import { type Attempt, again, repeat, settled } from '../retry.ts';
import { singleFlight } from '../single-flight.ts';

export type Row = TableEntity<Record<string, unknown>>;
export type StoredRow = TableEntityResult<Record<string, unknown>>;

/** A conditional write: without a version the row must be new. */
interface RowWrite {
  readonly row: Row;
  readonly version?: string | undefined;
}

export interface TableStore {
  /** Versions of the rows in the order of the writes. Rows share a partition; at most 100. */
  commit(
    writes: readonly RowWrite[],
    until: number,
  ): Promise<Result<readonly string[], LedgerFailure | Lost>>;
  read(
    partition: string,
    row: string,
    until: number,
  ): Promise<Result<StoredRow | undefined, LedgerFailure>>;
  /** The first `most` rows of a range of one partition: row keys from `from` to below `to`. */
  range(
    partition: string,
    from: string,
    to: string,
    most: number,
    until: number,
  ): Promise<Result<readonly StoredRow[], LedgerFailure>>;
  /** Removes a row if it still has that version; whether it did. */
  remove(partition: string, row: string, version: string, until: number): Promise<boolean>;
}

/** The SDK reads a proxy's sign-in page as an empty answer: nothing stored, nothing counted. */
const onResponse = ({
  headers,
}: {
  readonly headers: { get(name: string): string | undefined };
}) => {
  if (!headers.get('content-type')?.includes('json')) throw new Error('Not from table storage.');
};

export const unavailable = err({ code: 'LedgerUnavailable' } as const);

const createTableMs = 5_000;

export function tableStore(table: TableClient, newId: () => string): TableStore {
  const createTable = singleFlight(() =>
    table.createTable({ abortSignal: AbortSignal.timeout(createTableMs) }),
  );
  /** Works until it is clear or the time is up; a missing table is made on first use. */
  const tried = <T>(
    late: T,
    until: number,
    work: (abortSignal: AbortSignal) => Promise<Attempt<T>>,
  ): Promise<T> => {
    const attempt = async (abortSignal: AbortSignal): Promise<Attempt<T>> => {
      try {
        return await work(abortSignal);
      } catch (error) {
        if (codeOf(error) !== 'TableNotFound')
          return isTransient(error) ? again(late) : settled(late);
        const made = createTable().catch(() => undefined);
        await within(made, until - Date.now());
        return again(late);
      }
    };
    return repeat(attempt, until, late);
  };

  return {
    commit(writes, until) {
      const WriteId = newId();
      const marked = writes.map((write) => ({ ...write, row: { ...write.row, WriteId } }));
      let attempts = 0;
      return tried<Result<readonly string[], LedgerFailure | Lost>>(
        unavailable,
        until,
        async (abortSignal) => {
          attempts += 1;
          try {
            const versions = (await send(table, marked, abortSignal)).flatMap((etag) => etag ?? []);
            return versions.length === marked.length ? settled(ok(versions)) : again(unavailable);
          } catch (error) {
            if (!isConflict(error)) throw error;
            if (attempts === 1) return settled(err('lost'));
            return ownOrLost(table, marked, WriteId, abortSignal);
          }
        },
      );
    },
    read: (partition, row, until) =>
      tried<Result<StoredRow | undefined, LedgerFailure>>(
        unavailable,
        until,
        async (abortSignal) => {
          try {
            return settled(ok(await table.getEntity(partition, row, { abortSignal, onResponse })));
          } catch (error) {
            if (codeOf(error) === 'ResourceNotFound') return settled(ok(undefined));
            throw error;
          }
        },
      ),
    range: (partition, from, to, most, until) =>
      tried<Result<readonly StoredRow[], LedgerFailure>>(
        unavailable,
        until,
        async (abortSignal) => {
          const filter = `PartitionKey eq '${partition}' and RowKey ge '${from}' and RowKey lt '${to}'`;
          const options = { abortSignal, onResponse, queryOptions: { filter, select: ['RowKey'] } };
          const rows: StoredRow[] = [];
          const pages = table.listEntities<Record<string, unknown>>(options);
          for await (const page of pages.byPage({ maxPageSize: most })) {
            rows.push(...page);
            if (rows.length >= most) break;
          }
          return settled(ok(rows.slice(0, most)));
        },
      ),
    remove: (partition, row, version, until) =>
      tried(false, until, async (abortSignal) => {
        await table.deleteEntity(partition, row, { etag: version, abortSignal });
        return settled(true);
      }),
  };
}

/** A single write goes alone: a transaction of one costs both sides twice as much. */
async function send(
  table: TableClient,
  writes: readonly RowWrite[],
  abortSignal: AbortSignal,
): Promise<readonly (string | undefined)[]> {
  const [only, ...more] = writes;
  if (only !== undefined && more.length === 0) {
    const { row, version } = only;
    const { etag } =
      version === undefined
        ? await table.createEntity(row, { abortSignal })
        : await table.updateEntity(row, 'Replace', { etag: version, abortSignal });
    return [etag];
  }
  const actions = writes.map(
    ({ row, version }): TransactionAction =>
      version === undefined ? ['create', row] : ['update', row, 'Replace', { etag: version }],
  );
  const { subResponses } = await table.submitTransaction(actions, { abortSignal });
  return subResponses.map(({ etag }) => etag);
}

/** A conflict of a later attempt may be with our own first one, whose answer was lost. */
async function ownOrLost(
  table: TableClient,
  writes: readonly RowWrite[],
  writeId: string,
  abortSignal: AbortSignal,
): Promise<Attempt<Result<readonly string[], LedgerFailure | Lost>>> {
  try {
    const stored = await Promise.all(
      writes.map(({ row }) =>
        table.getEntity(row.partitionKey, row.rowKey, { abortSignal, onResponse }),
      ),
    );
    const own = stored.every((row) => row['WriteId'] === writeId);
    return settled(own ? ok(stored.map(({ etag }) => etag)) : err('lost'));
  } catch (error) {
    return codeOf(error) === 'ResourceNotFound' ? settled(err('lost')) : again(unavailable);
  }
}

const statusOf = (error: unknown): number | undefined => {
  const status = member(error, 'statusCode');
  return typeof status === 'number' ? status : undefined;
};

/** The service's code: in `code` for a transaction, else from its header, else from its body. */
function codeOf(error: unknown): string | undefined {
  const details = member(error, 'details');
  const code =
    member(error, 'code') ||
    member(details, 'errorCode') ||
    member(member(details, 'odataError'), 'code');
  return typeof code === 'string' ? code : undefined;
}

/** Already there, changed since, or gone since. */
const isConflict = (error: unknown): boolean =>
  statusOf(error) === 409 ||
  statusOf(error) === 412 ||
  (statusOf(error) === 404 && codeOf(error) !== 'TableNotFound');

function isTransient(error: unknown): boolean {
  const status = statusOf(error);
  const page = status !== undefined && status < 400; // of something between us and the tables
  return status === undefined || page || status === 408 || status === 429 || status >= 500;
}
