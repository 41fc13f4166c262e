// The audit trail as rows: opened where the product keeps it, read from a time on, narrowed to a user or a
// caller. Reads only; what a row may hold is said in lib/audit.ts.

import { TableClient as Table, type TableClient } from '@azure/data-tables';
import type { TokenCredential } from '@azure/identity';
import { openTable, usersName } from '../../lib/adapters/tables.ts';
import { auditPrefix } from '../../lib/adapters/user-table.ts';
import type { AuditRow } from '../../lib/audit.ts';
import { type Environment, readConfig } from '../../lib/config.ts';
import { fold } from '../../lib/fold.ts';
import { member } from '../../lib/member.ts';

/** A stored row under the names of AuditRow; a field that was not known is not there. */
export type TrailRow = Readonly<Partial<Record<keyof AuditRow, string | number | boolean>>>;

/** @param storage name of a storage account, or its table endpoint; undefined: what the settings say. */
export function openTrail(
  storage: string | undefined,
  settings: Environment,
  credential: TokenCredential,
): TableClient {
  const given = storage === undefined ? ledgerOf(settings) : { endpoint: endpointOf(storage) };
  return 'endpoint' in given
    ? new Table(given.endpoint, usersName, credential) // as a person: the app's identity is not here
    : openTable(usersName, given, undefined);
}

function endpointOf(storage: string): string {
  if (/^[a-z0-9]{3,24}$/.test(storage)) return `https://${storage}.table.core.windows.net`;
  if (URL.parse(storage)?.protocol === 'https:') return storage;
  throw new Error('--storage is the name of a storage account, or its https table endpoint.');
}

const names = [
  'LEDGER_TABLE_ENDPOINT',
  'AzureWebJobsStorage__tableServiceUri',
  'AzureWebJobsStorage',
];
/** Whether the settings say anything about where the ledger is. */
export const saysWhere = (settings: Environment): boolean =>
  names.some((name) => Boolean(settings[name]?.trim()));

/** By the product's own reading of its settings; those of other things do not count here. */
function ledgerOf(settings: Environment) {
  const config = readConfig(Object.fromEntries(names.map((name) => [name, settings[name]])));
  if (config.ok) return config.value.ledger;
  const mistakes = config.failure.map(({ setting, detail }) => `  ${setting}: ${detail}`);
  throw new Error(
    `Where is the trail? Add --storage NAME, or correct the settings:\n${mistakes.join('\n')}`,
  );
}

export interface Wanted {
  /** ISO 8601. */
  readonly since: string;
  /** User principal name or object id. */
  readonly user?: string | undefined;
  readonly caller?: string | undefined;
}

/** Oldest first; the intent of a reset before its outcome. Throws one sentence. */
export async function readTrail(table: TableClient, wanted: Wanted): Promise<readonly TrailRow[]> {
  const filter = `RowKey ge '${auditPrefix}${wanted.since}' and RowKey lt '${auditPrefix}~'`;
  const found: { readonly key: string; readonly row: TrailRow }[] = [];
  try {
    for await (const entity of table.listEntities({ queryOptions: { filter } })) {
      found.push({ key: String(entity.rowKey), row: toRow(entity) });
    }
  } catch (cause) {
    if (isNoTable(cause)) return [];
    throw new Error(explain(cause), { cause });
  }
  const rows = found.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ row }) => row);
  const ofCaller = rows.filter(
    ({ caller }) => wanted.caller === undefined || caller === wanted.caller,
  );
  return wanted.user === undefined ? ofCaller : ofUser(ofCaller, fold(wanted.user));
}

/** A row may name the user by one of three names only: the object id joins them. */
function ofUser(rows: readonly TrailRow[], user: string): readonly TrailRow[] {
  const names = ({ userId, userName, askedUserName }: TrailRow) =>
    [userId, userName, askedUserName].map((name) => fold(String(name ?? '')));
  const ids = new Set(rows.filter((row) => names(row).includes(user)).map(({ userId }) => userId));
  return rows.filter(
    (row) => names(row).includes(user) || (row.userId !== undefined && ids.has(row.userId)),
  );
}

const notOurs = ['partitionKey', 'rowKey', 'etag', 'timestamp', 'WriteId'];

function toRow(entity: Readonly<Record<string, unknown>>): TrailRow {
  const columns = Object.entries(entity).filter(([name]) => !notOurs.includes(name));
  return Object.fromEntries(
    columns.map(([name, value]) => [name.charAt(0).toLowerCase() + name.slice(1), value]),
  );
}

/** Azurite puts the code into a header, Azure into the body; both end up somewhere in the SDK's error. */
const isNoTable = (cause: unknown): boolean =>
  member(cause, 'statusCode') === 404 &&
  /TableNotFound/.test(JSON.stringify([member(cause, 'details'), member(cause, 'message')]));

function explain(cause: unknown): string {
  const status = member(cause, 'statusCode');
  if (status === 403) {
    return (
      'The storage account refuses you: you need the role Storage Table Data Reader on it, and in the locked-down size\n' +
      'an address in its network.\n' +
      '  az role assignment create --role "Storage Table Data Reader" --assignee you@contoso.com --scope STORAGE_ID'
    );
  }
  const said = String(member(cause, 'message') ?? cause);
  if (/az login|Azure CLI/.test(said)) return 'No sign-in to the storage account. Type: az login';
  if (/ENOTFOUND|EAI_AGAIN/.test(said)) return 'There is no storage account of that name.';
  return `The trail could not be read (${status ?? 'no answer'}): ${said.split('\n')[0]}`;
}
