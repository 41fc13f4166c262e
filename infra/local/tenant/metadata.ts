// Microsoft's own description of Graph v1.0, the part that concerns us: paths with their query options,
// types with their properties, permissions for each path. The tenant refuses what is not in it.

import { readFileSync } from 'node:fs';

interface Type {
  readonly base?: string;
  readonly properties: Readonly<Record<string, string>>;
}
interface Metadata {
  /** Types whose collections know no $top. */
  readonly noTop: readonly string[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly entityTypes: Readonly<Record<string, Type>>;
  readonly complexTypes: Readonly<Record<string, Type>>;
  readonly permissions: Readonly<
    Record<string, { readonly least: readonly string[]; readonly other: readonly string[] }>
  >;
  readonly appRoles: Readonly<Record<string, string>>;
}

const file = new URL('graph-v1.0-subset.json', import.meta.url);
export const metadata: Metadata = JSON.parse(readFileSync(file, 'utf8'));

const typeOf = (name: string): Type | undefined =>
  metadata.entityTypes[name] ?? metadata.complexTypes[name];

const known = new Map<string, ReadonlyMap<string, string>>();

/** Property name → type of it, inherited ones included, without the mark for "never null". */
export function propertiesOf(type: string): ReadonlyMap<string, string> {
  const seen = known.get(type);
  if (seen !== undefined) return seen;
  const found = new Map<string, string>();
  for (let at = typeOf(type); at !== undefined; at = at.base ? typeOf(at.base) : undefined) {
    for (const [name, kind] of Object.entries(at.properties))
      found.set(name, kind.replace('!', ''));
  }
  known.set(type, found);
  return found;
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const primitives: Readonly<Record<string, (value: unknown) => boolean>> = {
  'Edm.String': (value) => typeof value === 'string',
  'Edm.Boolean': (value) => typeof value === 'boolean',
  'Edm.Int32': (value) => Number.isInteger(value),
  'Edm.Guid': (value) => typeof value === 'string' && guid.test(value),
  'Edm.DateTimeOffset': (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value)),
};

export interface Mismatch {
  readonly kind: 'property' | 'value';
  readonly name: string;
  readonly type: string;
}

/** The first property of a body that the type does not have, or whose value has another type. */
export function mismatch(
  type: string,
  body: Readonly<Record<string, unknown>>,
): Mismatch | undefined {
  for (const [name, value] of Object.entries(body)) {
    if (name.includes('@')) continue; // an annotation such as @odata.type
    const kind = propertiesOf(type).get(name);
    if (kind === undefined) return { kind: 'property', name, type };
    const wrong = value === null ? undefined : valueMismatch(name, kind, value);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function valueMismatch(name: string, kind: string, value: unknown): Mismatch | undefined {
  const inner = /^Collection\((.+)\)$/.exec(kind)?.[1];
  if (inner !== undefined) {
    if (!Array.isArray(value)) return { kind: 'value', name, type: kind };
    for (const one of value) {
      const wrong = valueMismatch(name, inner, one);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  }
  if (metadata.complexTypes[kind] !== undefined && isObject(value)) return mismatch(kind, value);
  const fits = primitives[kind] ?? ((one: unknown) => typeof one === 'string');
  return fits(value) ? undefined : { kind: 'value', name, type: kind };
}
