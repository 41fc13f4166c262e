// What the tenant's Graph can do: one table from "METHOD /path/{}" to a function. Lists and single entities
// of every collection are made alike; the rest is in user-operations.ts and
// grant-operations.ts.

import type { Directory } from './directory.ts';
import type { Entity } from './entities.ts';
import { page, type Query, show } from './query.ts';
import { type Reply, refusals } from './replies.ts';
import type { Caller } from './rights.ts';
import type { World } from './world.ts';

export interface Asked {
  readonly world: World;
  readonly caller: Caller;
  readonly query: Query;
  /** Names and types are those of `type`. */
  readonly body: Readonly<Record<string, unknown>>;
  /** What the first key of the path names. */
  readonly entity: Entity;
  readonly keys: readonly string[];
  /** Absolute, without the query. */
  readonly address: string;
}
export interface Operation {
  /** The type of the rows, of the entity and of the body; `action`: the body is its parameters. */
  readonly type: string;
  readonly run: (asked: Asked) => Reply;
}
export type Operations = Readonly<Record<string, Operation>>;

/** Path → type; the last segment is the directory's name for the same. */
const collections: Readonly<Record<string, string>> = {
  '/users': 'user',
  '/groups': 'group',
  '/domains': 'domain',
  '/organization': 'organization',
  '/directoryRoles': 'directoryRole',
  '/directory/administrativeUnits': 'administrativeUnit',
  '/roleManagement/directory/roleDefinitions': 'unifiedRoleDefinition',
  '/roleManagement/directory/roleAssignments': 'unifiedRoleAssignment',
  '/roleManagement/directory/roleEligibilitySchedules': 'unifiedRoleEligibilitySchedule',
  '/servicePrincipals': 'servicePrincipal',
  '/applications': 'application',
};

const collectionOf = (directory: Directory, path: string): ReadonlyMap<string, Entity> =>
  directory.collections[path.slice(path.lastIndexOf('/') + 1)] ?? new Map();

/** The entity of a key; users also go by their name, others by an alternate key. */
export function entityAt(
  directory: Directory,
  template: string,
  { text, property }: { readonly text: string; readonly property?: string },
): Entity | undefined {
  const path = template.slice(0, template.indexOf('/{}'));
  if (path === '/users') return directory.user(text);
  const rows = collectionOf(directory, path);
  if (property === undefined) return rows.get(text.toLowerCase());
  return [...rows.values()].find((entity) => entity[property] === text);
}

const contextOf = ({ world, query }: Asked, name: string): string => {
  const selected = query.select === undefined ? '' : `(${query.select.join(',')})`;
  return `${world.origin}/v1.0/$metadata#${name}${selected}`;
};

export function list(asked: Asked, rows: Iterable<Entity>, type: string, name: string): Reply {
  const { query, world, address } = asked;
  const part = page([...rows].filter(query.keep), query, world.settings.paging, address);
  const kind = (row: Entity): object =>
    type === 'directoryObject' ? { '@odata.type': row['@odata.type'] } : {};
  return {
    status: 200,
    body: {
      '@odata.context': contextOf(asked, name),
      ...(part.next === undefined ? {} : { '@odata.nextLink': part.next }),
      value: part.rows.map((row) => ({ ...kind(row), ...show(row, type, query.select) })),
    },
  };
}

export function single(asked: Asked, entity: Entity, type: string, name: string): Reply {
  const context = `${contextOf(asked, name)}/$entity`;
  const shown = show(entity, type, asked.query.select);
  return { status: 200, body: { '@odata.context': context, ...shown } };
}

const reading = Object.entries(collections).flatMap(([path, type]): [string, Operation][] => {
  const rows = ({ world }: Asked) => collectionOf(world.directory, path).values();
  const name = path.slice(1);
  return [
    [`GET ${path}`, { type, run: (asked) => list(asked, rows(asked), type, name) }],
    [`GET ${path}/{}`, { type, run: (asked) => single(asked, asked.entity, type, name) }],
  ];
});

const eligibilities = '/roleManagement/directory/roleEligibilitySchedules';
const withLicence = ({ run, type }: Operation): Operation => ({
  type,
  run: (asked) => {
    const status = asked.world.settings.noPim;
    return status === undefined ? run(asked) : refusals.noLicence(status);
  },
});

export const readOperations: Operations = Object.fromEntries(
  reading.map(([name, operation]) => [
    name,
    name.startsWith(`GET ${eligibilities}`) ? withLicence(operation) : operation,
  ]),
);
