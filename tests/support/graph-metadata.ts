// The second opinion on every request to Graph: does it exist in Microsoft's own metadata? Reads that
// file by itself and shares no code with the tenant, so that one mistake cannot hide in both.

import { readFileSync } from 'node:fs';

type Properties = Readonly<Record<string, string>>;
interface Type {
  readonly base?: string;
  readonly properties: Properties;
  readonly navigation?: Readonly<Record<string, { readonly type: string }>>;
}
interface Metadata {
  readonly entitySets: Properties;
  readonly singletons: Properties;
  readonly actions: Readonly<Record<string, { readonly parameters: Properties }>>;
  readonly paths: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly entityTypes: Readonly<Record<string, Type>>;
  readonly complexTypes: Readonly<Record<string, Type>>;
  readonly enumTypes: Readonly<Record<string, readonly string[]>>;
}

const file = new URL('../../infra/local/tenant/graph-v1.0-subset.json', import.meta.url);
const metadata: Metadata = JSON.parse(readFileSync(file, 'utf8'));

const propertiesOf = (name: string): Properties => {
  const type = metadata.entityTypes[name] ?? metadata.complexTypes[name];
  if (type === undefined) return {};
  return { ...(type.base === undefined ? {} : propertiesOf(type.base)), ...type.properties };
};
const elementOf = (kind: string): string => /^Collection\((.+)\)!?$/.exec(kind)?.[1] ?? kind;

/** The metadata's spelling of a path: keys become {}. */
export function templateOf(path: string): string | undefined {
  const plain = path.replaceAll(/\('(?:[^']|'')*'\)/g, '/{}');
  const parts = plain.split('/').map((part) => (part === '{}' ? part : decodeURIComponent(part)));
  return Object.keys(metadata.paths)
    .filter((template) => {
      const wanted = template.split('/');
      const fits = (part: string, i: number): boolean =>
        wanted[i] === part || (wanted[i] === '{}' && part !== '' && !part.startsWith('$'));
      return wanted.length === parts.length && parts.every(fits);
    })
    .sort((a, b) => a.split('{}').length - b.split('{}').length)[0];
}

/** The type at a path of the metadata, found by walking its navigation properties. */
export function typeAt(template: string): string | undefined {
  let type: string | undefined;
  for (const part of template.split('/').slice(1)) {
    if (part === '{}') continue;
    let next: string | undefined = metadata.entitySets[part] ?? metadata.singletons[part];
    for (let at = type; at !== undefined; at = metadata.entityTypes[at]?.base)
      next = metadata.entityTypes[at]?.navigation?.[part]?.type ?? next;
    if (next === undefined) return undefined;
    type = elementOf(next);
  }
  return type;
}

function valueProblems(name: string, kind: string, value: unknown): string[] {
  const bare = kind.replace(/!$/, '');
  if (value === null) return kind.endsWith('!') ? [`${name} is never null`] : [];
  if (bare.startsWith('Collection(')) {
    if (!Array.isArray(value)) return [`${name} is not a collection`];
    return value.flatMap((one) => valueProblems(name, elementOf(bare), one));
  }
  if (metadata.complexTypes[bare] !== undefined) return bodyProblems(propertiesOf(bare), value);
  const text = typeof value === 'string';
  const fits: Readonly<Record<string, boolean>> = {
    'Edm.String': text,
    'Edm.Boolean': typeof value === 'boolean',
    'Edm.Int32': Number.isInteger(value),
    'Edm.Guid': text && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value),
    'Edm.DateTimeOffset': text && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value),
  };
  const enumeration = metadata.enumTypes[bare];
  if (enumeration !== undefined) return enumeration.includes(String(value)) ? [] : [`${name}?`];
  return fits[bare] ? [] : [`${name} is not ${bare}`];
}

/** Names and types of an object against the properties of a type; annotations are left alone. */
export function bodyProblems(properties: Properties, body: unknown): string[] {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return ['not an object'];
  return Object.entries(body).flatMap(([name, value]) => {
    if (name.includes('@odata')) return [];
    const kind = properties[name];
    return kind === undefined ? [`no property ${name}`] : valueProblems(name, kind, value);
  });
}

export const entityProblems = (type: string, body: unknown): string[] =>
  bodyProblems(propertiesOf(type), body);

export interface GraphRequest {
  readonly method: string;
  /** With /v1.0 and the query, as it was sent. */
  readonly path: string;
  readonly body?: unknown;
}

/** Query options that the path lacks, and properties in them that the type lacks. */
function queryProblems(search: string, options: readonly string[], type: Properties): string[] {
  const query = new URLSearchParams(search);
  const strange = [...query.keys()].filter(
    (name) => !options.includes(name) && !(name === '$skiptoken' && options.includes('$top')),
  );
  const filtered = (query.get('$filter') ?? '').matchAll(/(\w+) (?:eq|ne|in) /g);
  const named = [
    ...(query.get('$select')?.split(',') ?? []),
    ...[...filtered].map(([, name]) => String(name)),
  ];
  return [
    ...strange.map((name) => `no query option ${name}`),
    ...named.filter((name) => !Object.hasOwn(type, name)).map((name) => `no property ${name}`),
  ];
}

/** What Microsoft's metadata has against a request; nothing, when it conforms. */
export function conformsToMetadata({ method, path: address, body }: GraphRequest): string[] {
  const url = /^\/v1\.0(\/[^?]*)(?:\?(.*))?$/s.exec(address);
  if (url === null) return [`${address} is not in v1.0`];
  const [, path = '', search = ''] = url;
  // The batch endpoint is no OData path; each of its items is recorded and judged as a request of its own.
  if (path === '/$batch') return method === 'POST' ? [] : [`${method} /$batch`];
  const template = templateOf(path) ?? '';
  const options = metadata.paths[template]?.[method.toLowerCase()];
  if (options === undefined) return [`${method} ${path} does not exist`];

  const action = metadata.actions[template.split('/').at(-1) ?? ''];
  const properties = action?.parameters ?? propertiesOf(typeAt(template) ?? '');
  const misplaced =
    method === 'GET' ? body !== undefined : method === 'PATCH' && body === undefined;
  return [
    ...queryProblems(search, options, properties),
    ...(misplaced ? [`${method} ${body === undefined ? 'without' : 'with'} a body`] : []),
    ...(body === undefined ? [] : bodyProblems(properties, body)),
  ];
}
