// The query of a request to Graph: which options, which properties, which rows, which page.
// Knows the rows as plain objects; knows nothing of rights.

import type { Entity } from './entities.ts';
import { propertiesOf } from './metadata.ts';
import { type Reply, refusals } from './replies.ts';

export interface Query {
  readonly select: readonly string[] | undefined;
  readonly top: number | undefined;
  readonly skip: number;
  readonly filter: string | undefined;
  readonly keep: (row: Entity) => boolean;
  /** The properties that the filter looks at: they must be readable too. */
  readonly filtered: readonly string[];
}

const served = ['$select', '$top', '$filter', '$skiptoken'];

/** `options`: what Microsoft's metadata allows for this path. */
export function parseQuery(
  search: string,
  options: readonly string[],
  type: string,
): Query | Reply {
  const given = new URLSearchParams(search);
  const refused = optionRefusal([...given.keys()], options);
  if (refused !== undefined) return refused;
  const select = given.get('$select')?.split(',');
  const unknown = select?.find((name) => !propertiesOf(type).has(name));
  if (unknown !== undefined) return refusals.select(unknown, type);

  const top = given.get('$top');
  if (top !== null && !/^(?:[1-9]\d{0,2})$/.test(top)) return refusals.pageSize(top);

  const skipToken = given.get('$skiptoken');
  const skip = skipToken === null ? 0 : Number(Buffer.from(skipToken, 'base64url').toString());
  if (!Number.isInteger(skip)) return refusals.pageToken;

  const filter = given.get('$filter') ?? undefined;
  const conditions = (filter?.split(/ and /) ?? []).map((clause) => parseClause(clause, type));
  if (conditions.includes(undefined)) return refusals.filter(filter ?? '');
  return {
    select,
    top: top === null ? undefined : Number(top),
    skip,
    filter,
    filtered: conditions.flatMap((one) => (one === undefined ? [] : [one.property])),
    keep: (row) => conditions.every((one) => one !== undefined && row[one.property] === one.value),
  };
}

/** Options without a $ are the caller's own; Graph ignores them. */
function optionRefusal(given: readonly string[], options: readonly string[]): Reply | undefined {
  const known = options.includes('$top') ? [...options, '$skiptoken'] : options;
  const asked = given.filter((option) => option.startsWith('$'));
  const strange = asked.find((option) => !known.includes(option));
  if (strange !== undefined) return refusals.query(strange);
  const unserved = asked.find((option) => !served.includes(option));
  return unserved === undefined ? undefined : refusals.notServed(`the query option ${unserved}`);
}

/** `property eq literal` is all that is served. */
function parseClause(
  clause: string,
  type: string,
): { readonly property: string; readonly value: unknown } | undefined {
  const [, property, literal] = /^\s*(\w+) eq (.+?)\s*$/.exec(clause) ?? [];
  if (property === undefined || literal === undefined) return undefined;
  const kind = propertiesOf(type).get(property);
  if (kind === 'Edm.Boolean' && /^(true|false)$/.test(literal))
    return { property, value: literal === 'true' };
  const text = /^'((?:[^']|'')*)'$/.exec(literal)?.[1]?.replaceAll("''", "'");
  if (kind === 'Edm.String' && text !== undefined) return { property, value: text };
  if (kind === 'Edm.Guid') return { property, value: text ?? literal };
  return undefined;
}

export interface Paging {
  /** Rows on a page when no $top is given, and the most that any page has: Graph's 100 and 999. */
  standard: number;
  largest: number;
}

/** One page of rows, and the absolute address of the next. */
export function page(
  rows: readonly Entity[],
  query: Query,
  paging: Paging,
  address: string,
): { readonly rows: readonly Entity[]; readonly next?: string } {
  const end = query.skip + Math.min(query.top ?? paging.standard, paging.largest);
  const slice = rows.slice(query.skip, end);
  if (end >= rows.length) return { rows: slice };
  const parts = [
    query.filter === undefined ? [] : [`$filter=${encodeURIComponent(query.filter)}`],
    query.select === undefined ? [] : [`$select=${query.select.join(',')}`],
    query.top === undefined ? [] : [`$top=${query.top}`],
    [`$skiptoken=${Buffer.from(String(end)).toString('base64url')}`],
  ];
  return { rows: slice, next: `${address}?${parts.flat().join('&')}` };
}

const defaults: Readonly<Record<string, readonly string[]>> = {
  user: [
    ...['businessPhones', 'displayName', 'givenName', 'jobTitle', 'mail', 'mobilePhone'],
    ...['officeLocation', 'preferredLanguage', 'surname', 'userPrincipalName', 'id'],
  ],
};

/** What Graph shows of a row: the selected properties, unset ones as null, never a password. */
export function show(
  row: Entity,
  type: string,
  select: readonly string[] | undefined,
): Record<string, unknown> {
  const properties = propertiesOf(type);
  const names = select ?? defaults[type] ?? Object.keys(row).filter((name) => properties.has(name));
  const shown: Record<string, unknown> = {};
  for (const name of names) {
    const empty = properties.get(name)?.startsWith('Collection(') ? [] : null;
    shown[name] = row[name] ?? empty; // a password is no property of the row, see entities.ts
  }
  return shown;
}
