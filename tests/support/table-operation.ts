// What a request to table storage is, as the ledger's reader sees it: which row of which partition, and at
// which station of a reset. Reads the bytes of the wire; knows the rows by their README names only.

export interface RowChange {
  readonly verb: string;
  readonly row: string;
  readonly columns: Readonly<Record<string, unknown>>;
}

/** Where on a request's road the operation stands. */
export type Station =
  | 'limit'
  | 'claim'
  | 'claimRead'
  | 'take'
  | 'alias'
  | 'forget'
  | 'lock'
  | 'lockRead'
  | 'mark'
  | 'record'
  | 'count'
  | 'audit'
  | 'createTable'
  | 'other';

export interface Operation {
  readonly kind: 'commit' | 'read' | 'query' | 'delete' | 'createTable' | 'other';
  readonly station: Station;
  readonly table: string;
  readonly partition: string;
  /** Rows that a commit writes, or the one that is read or removed. */
  readonly rows: readonly RowChange[];
  readonly filter: string;
  readonly top: string;
  readonly at: number;
  /** Of the answer that was sent; 0: none. */
  status: number;
}

const point = /\/(\w+)\(PartitionKey='([^']*)',RowKey='([^']*)'\)/;

export function describeOperation(method: string, target: string, body: string): Operation {
  const url = new URL(target, 'http://tables');
  const path = decodeURIComponent(url.pathname);
  const filter = url.searchParams.get('$filter') ?? '';
  const base = { filter, top: url.searchParams.get('$top') ?? '', at: Date.now(), status: 0 };
  const none = { table: '', partition: '', rows: [] };
  if (path.endsWith('/$batch')) {
    const { table, partition, rows } = changesOf(body);
    return { ...base, kind: 'commit', station: stationOf(rows), table, partition, rows };
  }
  if (path.endsWith('/Tables'))
    return { ...base, ...none, kind: 'createTable', station: 'createTable' };
  const [, table = '', partition = '', row = ''] = point.exec(path) ?? [];
  if (method === 'GET' || method === 'DELETE') {
    const kind = method === 'GET' ? 'read' : 'delete';
    const rows = [{ verb: method, row, columns: {} }];
    if (table !== '')
      return { ...base, kind, station: pointStation(kind, row), table, partition, rows };
  } else {
    const single = changesOf(`--changeset_\n${method} ${url.href} HTTP/1.1\n\n${body}`);
    return { ...base, kind: 'commit', station: stationOf(single.rows), ...single };
  }
  const listed = /\/(\w+)\(\)$/.exec(path)?.[1];
  if (listed === undefined) return { ...base, ...none, kind: 'other', station: 'other' };
  const within = /PartitionKey eq '([^']*)'/.exec(filter)?.[1] ?? '';
  const station = filter.includes("'count~") ? 'limit' : 'other';
  return { ...base, kind: 'query', station, table: listed, partition: within, rows: [] };
}

function pointStation(kind: Operation['kind'], row: string): Station {
  if (row === 'lock') return 'lockRead';
  if (!row.startsWith('claim~')) return 'other';
  return kind === 'delete' ? 'forget' : 'claimRead';
}

/** The operations of a transaction: a request line each, and a line of JSON where there is one. */
function changesOf(body: string): Pick<Operation, 'table' | 'partition' | 'rows'> {
  const rows: RowChange[] = [];
  let table = '';
  let partition = '';
  for (const part of body.split(/^--changeset_/m).slice(1)) {
    const line = /^(POST|PUT|PATCH|MERGE|DELETE) (\S+) HTTP\/1\.1/m.exec(part);
    if (line?.[2] === undefined) continue;
    const path = decodeURIComponent(new URL(line[2]).pathname);
    const columns = columnsIn(part);
    const at = point.exec(path);
    table = at?.[1] ?? path.split('/').at(-1) ?? '';
    partition = at?.[2] ?? String(columns['PartitionKey']);
    rows.push({ verb: line[1] ?? '', row: at?.[3] ?? String(columns['RowKey']), columns });
  }
  return { table, partition, rows };
}

function columnsIn(part: string): Readonly<Record<string, unknown>> {
  const json = /^\{.*\}\s*$/m.exec(part)?.[0];
  return json === undefined ? {} : JSON.parse(json);
}

function stationOf(rows: readonly RowChange[]): Station {
  const lock = rows.find(({ row }) => row === 'lock')?.columns;
  if (lock?.['State'] === 'held' && lock['Recorded'] === false) return 'lock';
  if (rows.some(({ row }) => row.startsWith('audit~'))) return 'audit';
  const claims = rows.filter(({ row }) => row.startsWith('claim~'));
  const [first] = claims;
  if (first === undefined)
    return rows.some(({ row }) => row.startsWith('count~')) ? 'count' : 'other';
  const state = claims.find(({ columns }) => columns['State'] !== undefined)?.columns;
  if (state === undefined) return 'alias';
  if (state['State'] === 'claimed') return first.verb === 'POST' ? 'claim' : 'take';
  return state['State'] === 'sent' && state['GivenUp'] === false ? 'mark' : 'record';
}
