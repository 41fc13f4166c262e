// Microsoft Graph v1.0, the part that the product and its grant tool use: one table of operations, driven
// by Microsoft's metadata. One request in, one reply out; sockets, latency and faults are door.ts's.

import { patchUser, revokeSessions } from './accounts.ts';
import type { Directory, Entity, User } from './directory.ts';
import { decoded } from './faults.ts';
import {
  createApplication,
  createAppRoleAssignment,
  createRoleAssignment,
  createServicePrincipal,
  isReply,
  patchApplication,
} from './grants.ts';
import { isObject, metadata, mismatch } from './metadata.ts';
import { page, parseQuery, type Query, show } from './query.ts';
import { noContent, type Reply, refusals } from './replies.ts';
import { type Caller, callerOf, mayCall, mayRead, maySeeHidden, writeRefusal } from './rights.ts';
import type { World } from './world.ts';

export interface GraphRequest {
  readonly method: string;
  /** Path and query behind /v1.0. */
  readonly url: string;
  readonly contentType: string;
  readonly body: string;
}
type Body = Readonly<Record<string, unknown>>;

interface Asked {
  readonly world: World;
  readonly caller: Caller;
  readonly query: Query;
  readonly body: Body;
  /** The entity that the first key of the path names. */
  readonly entity: Entity;
  readonly keys: readonly string[];
  /** Absolute address without the query. */
  readonly address: string;
}
interface Collection {
  readonly type: string;
  readonly map: (directory: Directory) => Map<string, Entity>;
  readonly create?: (directory: Directory, body: Body) => Entity | Reply;
}

const collections: Readonly<Record<string, Collection>> = {
  '/users': { type: 'user', map: (d) => d.users },
  '/groups': { type: 'group', map: (d) => d.groups },
  '/domains': { type: 'domain', map: (d) => d.domains },
  '/organization': { type: 'organization', map: (d) => d.organization },
  '/directoryRoles': { type: 'directoryRole', map: (d) => d.directoryRoles },
  '/directory/administrativeUnits': {
    type: 'administrativeUnit',
    map: (d) => d.administrativeUnits,
  },
  '/roleManagement/directory/roleDefinitions': {
    type: 'unifiedRoleDefinition',
    map: (d) => d.roleDefinitions,
  },
  '/roleManagement/directory/roleAssignments': {
    type: 'unifiedRoleAssignment',
    map: (d) => d.roleAssignments,
    create: createRoleAssignment,
  },
  '/roleManagement/directory/roleEligibilitySchedules': {
    type: 'unifiedRoleEligibilitySchedule',
    map: (d) => d.roleEligibilitySchedules,
  },
  '/servicePrincipals': {
    type: 'servicePrincipal',
    map: (d) => d.servicePrincipals,
    create: createServicePrincipal,
  },
  '/applications': { type: 'application', map: (d) => d.applications, create: createApplication },
};

interface Operation {
  readonly type: string;
  readonly run: (asked: Asked) => Reply;
}
const operations = new Map<string, Operation>();

/** Paths that are real but not in the metadata at hand, with their methods and query options. */
const listOptions = ['$select', '$top', '$filter'];
export const pathsBeyondMetadata: typeof metadata.paths = {
  '/applications': { get: listOptions, post: [] },
  '/applications/{}': { get: ['$select'], patch: [] },
  '/servicePrincipals/{}/appRoleAssignments/{}': { get: ['$select'], delete: [] },
  '/servicePrincipals/{}/appRoleAssignedTo': { get: listOptions, post: [] },
};
const paths = { ...metadata.paths, ...pathsBeyondMetadata };

const list = (
  { world, query, address }: Asked,
  rows: Iterable<Entity>,
  type: string,
  name: string,
): Reply => {
  const all = [...rows].filter(query.keep);
  const part = page(all, query, world.settings.paging, address);
  const selected = query.select === undefined ? '' : `(${query.select.join(',')})`;
  return {
    status: 200,
    body: {
      '@odata.context': `${world.origin}/v1.0/$metadata#${name}${selected}`,
      ...(part.next === undefined ? {} : { '@odata.nextLink': part.next }),
      value: part.rows.map((row) => ({
        ...(type === 'directoryObject' ? { '@odata.type': row['@odata.type'] } : {}),
        ...show(row, type, query.select),
      })),
    },
  };
};
const one = (
  { world, query }: Asked,
  entity: Entity,
  type: string,
  name: string,
  status = 200,
): Reply => {
  const selected = query.select === undefined ? '' : `(${query.select.join(',')})`;
  const context = `${world.origin}/v1.0/$metadata#${name}${selected}/$entity`;
  return { status, body: { '@odata.context': context, ...show(entity, type, query.select) } };
};

for (const [path, { type, map, create }] of Object.entries(collections)) {
  const name = path.slice(1);
  operations.set(`GET ${path}`, {
    type,
    run: (asked) => list(asked, map(asked.world.directory).values(), type, name),
  });
  operations.set(`GET ${path}/{}`, { type, run: (asked) => one(asked, asked.entity, type, name) });
  if (create === undefined) continue;
  operations.set(`POST ${path}`, {
    type,
    run: (asked) => {
      const made = create(asked.world.directory, asked.body);
      return isReply(made) ? made : one(asked, made, type, name, 201);
    },
  });
}

operations.set('PATCH /users/{}', {
  type: 'user',
  run: ({ world, caller, entity, body }) => {
    const user = entity as User; // the path says so
    const names = Object.keys(body);
    return (
      writeRefusal(world.directory, caller, user, names, world.settings.authority) ??
      patchUser(world.directory, user, body)
    );
  },
});

operations.set('POST /users/{}/revokeSignInSessions', {
  type: 'action',
  run: ({ world, entity }) => {
    revokeSessions(entity as User);
    const context = `${world.origin}/v1.0/$metadata#Edm.Boolean`;
    return { status: 200, body: { '@odata.context': context, value: true } };
  },
});

operations.set('POST /users/{}/getMemberObjects', {
  type: 'action',
  run: ({ world, caller, entity, body }) => {
    const securityOnly = body['securityEnabledOnly'] ?? false;
    if (typeof securityOnly !== 'boolean')
      return refusals.value('securityEnabledOnly', 'Edm.Boolean');
    const { directory } = world;
    const seen = [...directory.containersOf(entity.id)].filter((id) => {
      const container = directory.groups.get(id) ?? directory.administrativeUnits.get(id);
      const hidden = container?.['visibility'] === 'HiddenMembership' && !maySeeHidden(caller);
      return !hidden && (!securityOnly || container?.['securityEnabled'] === true);
    });
    const roles = directory
      .rolesOf(entity.id, directory.roleAssignments)
      .filter(({ directoryScopeId }) => directoryScopeId === '/' && !securityOnly)
      .flatMap(({ roleDefinitionId }) => directory.activatedRole(roleDefinitionId)?.id ?? []);
    const value = [...new Set([...seen, ...roles])];
    if (value.length > 11_000) return refusals.tooManyObjects;
    const context = `${world.origin}/v1.0/$metadata#Collection(Edm.String)`;
    return { status: 200, body: { '@odata.context': context, value } };
  },
});

// An owned group of hidden membership is listed with or without Member.Read.Hidden: that permission is
// about who its members are, and owning is not being a member.
operations.set('GET /users/{}/ownedObjects', {
  type: 'directoryObject',
  run: (asked) => {
    const { directory } = asked.world;
    const rows = [...directory.ownedBy(asked.entity.id)].map((id) => ({
      id,
      '@odata.type': `#microsoft.graph.${
        directory.servicePrincipals.has(id)
          ? 'servicePrincipal'
          : directory.applications.has(id)
            ? 'application'
            : 'group'
      }`,
    }));
    return list(asked, rows, 'directoryObject', 'directoryObjects');
  },
});

const eligibilities = operations.get('GET /roleManagement/directory/roleEligibilitySchedules');
if (eligibilities !== undefined) {
  operations.set('GET /roleManagement/directory/roleEligibilitySchedules', {
    ...eligibilities,
    run: (asked) => {
      const status = asked.world.settings.noPim;
      return status === undefined ? eligibilities.run(asked) : refusals.noLicence(status);
    },
  });
}

operations.set('DELETE /roleManagement/directory/roleAssignments/{}', {
  type: 'unifiedRoleAssignment',
  run: ({ world, entity }) => {
    world.directory.roleAssignments.delete(entity.id);
    return noContent;
  },
});

operations.set('PATCH /applications/{}', {
  type: 'application',
  run: ({ world, entity, body }) => patchApplication(world.directory, entity, body),
});

for (const [path, end] of [
  ['/servicePrincipals/{}/appRoleAssignments', 'principalId'],
  ['/servicePrincipals/{}/appRoleAssignedTo', 'resourceId'],
] as const) {
  const type = 'appRoleAssignment';
  operations.set(`GET ${path}`, {
    type,
    run: (asked) => {
      const rows = [...asked.world.directory.appRoleAssignments.values()].filter(
        (assignment) => assignment[end] === asked.entity.id,
      );
      return list(asked, rows, type, `appRoleAssignments`);
    },
  });
  operations.set(`POST ${path}`, {
    type,
    run: (asked) => {
      if (asked.body[end] !== asked.entity.id) return refusals.value(end, 'Edm.Guid');
      const made = createAppRoleAssignment(asked.world.directory, asked.body);
      return isReply(made) ? made : one(asked, made, type, 'appRoleAssignments', 201);
    },
  });
}
const assigned = ({ world, entity, keys: [, key] }: Asked): Entity | undefined => {
  const assignment = world.directory.appRoleAssignments.get(key ?? '');
  return assignment?.principalId === entity.id ? assignment : undefined;
};
operations.set('GET /servicePrincipals/{}/appRoleAssignments/{}', {
  type: 'appRoleAssignment',
  run: (asked) => {
    const found = assigned(asked);
    if (found === undefined) return refusals.notFound(asked.keys[1] ?? '');
    return one(asked, found, 'appRoleAssignment', 'appRoleAssignments');
  },
});
operations.set('DELETE /servicePrincipals/{}/appRoleAssignments/{}', {
  type: 'appRoleAssignment',
  run: (asked) => {
    const found = assigned(asked);
    if (found === undefined) return refusals.notFound(asked.keys[1] ?? '');
    asked.world.directory.appRoleAssignments.delete(found.id);
    return noContent;
  },
});

/** "METHOD /path/{}" of all that is served. */
export const servedOperations: readonly string[] = [...operations.keys()];

interface Segment {
  readonly text: string;
  /** Written as `name('key')`, so it can be nothing but a key. */
  readonly quoted?: boolean;
  /** The property of an alternate key: `name(property='key')`. */
  readonly property?: string;
}

function segmentsOf(path: string): readonly Segment[] {
  return path
    .split('/')
    .slice(1)
    .flatMap((raw): Segment[] => {
      // Decoded only now: a leading %24 is a $, and whether Graph takes it as a key nobody has shown.
      const text = decoded(raw);
      const [, name, property, key] = /^(\w+)\((?:(\w+)=)?'((?:[^']|'')*)'\)$/.exec(text) ?? [];
      if (name === undefined || key === undefined) return [{ text }];
      const quoted = { text: key.replaceAll("''", "'"), quoted: true };
      return [{ text: name }, property === undefined ? quoted : { ...quoted, property }];
    });
}

const templates = Object.keys(paths).map((path) => ({ path, parts: path.split('/').slice(1) }));

const fits = (part: string | undefined, segment: Segment): boolean =>
  part === '{}'
    ? segment.quoted === true || (segment.text !== '' && !segment.text.startsWith('$'))
    : part === segment.text && !segment.quoted;

/** The path as in the metadata, or the first segment that leads nowhere. */
function match(segments: readonly Segment[]): { template?: string; stranger: string } {
  let open = templates;
  for (const [i, segment] of segments.entries()) {
    const next = open.filter(({ parts }) => fits(parts[i], segment));
    const literal = next.filter(({ parts }) => parts[i] !== '{}');
    open = literal.length > 0 ? literal : next;
    if (open.length === 0) return { stranger: segment.text };
  }
  const whole = open.find(({ parts }) => parts.length === segments.length);
  const stranger = segments.at(-1)?.text ?? '';
  return whole === undefined ? { stranger } : { template: whole.path, stranger };
}

/** Undefined: the path does not know the method. */
function optionsOf(template: string, method: string): readonly string[] | undefined {
  const options = paths[template]?.[method.toLowerCase()];
  const unpaged = metadata.noTop.includes(collections[template]?.type ?? '');
  return unpaged ? options?.filter((option) => option !== '$top') : options;
}

/** Who asks, or the 401. */
export function authenticate(world: World, authorization: string | undefined): Caller | Reply {
  const token = /^Bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) return refusals.tokenEmpty;
  const claims = world.keys.verify(token);
  if (claims === undefined) return refusals.tokenGarbage;
  if (Number(claims['exp']) * 1000 <= Date.now()) return refusals.tokenExpired;
  const audience = String(claims['aud']).replace(/\/$/, '');
  const graph = [
    world.origin,
    'https://graph.microsoft.com',
    '00000003-0000-0000-c000-000000000000',
  ];
  if (!graph.includes(audience)) return refusals.tokenAudience;
  return callerOf(claims, world.settings.withheld);
}

function parseBody(request: GraphRequest, type: string): Body | Reply {
  const bodiless = request.method === 'GET' || request.method === 'DELETE';
  if (bodiless || (type === 'action' && request.body === '')) return {};
  try {
    const body: unknown = JSON.parse(request.body);
    if (!/^application\/json\b/i.test(request.contentType) || !isObject(body))
      return refusals.unreadable;
    const wrong = type === 'action' ? undefined : mismatch(type, body);
    return wrong === undefined ? body : refusals[wrong.kind](wrong.name, wrong.type);
  } catch {
    return refusals.unreadable;
  }
}

function entityAt(world: World, path: string, segment: Segment): Entity | undefined {
  const map = collections[path]?.map(world.directory);
  if (map === undefined) return undefined;
  if (segment.property !== undefined) {
    const { property, text } = segment;
    return [...map.values()].find((entity) => entity[property] === text);
  }
  return path === '/users'
    ? world.directory.user(segment.text)
    : map.get(segment.text.toLowerCase());
}

const failed = (value: Body | Query | Reply | Caller): value is Reply =>
  'status' in value && typeof value.status === 'number';

/** The answer to one request, alone or out of a batch. */
export function answer(world: World, caller: Caller, request: GraphRequest): Reply {
  const [beforeHash = ''] = request.url.split('#'); // no HTTP client or server carries a fragment
  const [path = '', search = ''] = beforeHash.split(/\?(.*)/s);
  const segments = segmentsOf(path);
  const { template, stranger } = match(segments);
  if (template === undefined) return refusals.segment(stranger);
  const options = optionsOf(template, request.method);
  if (options === undefined) return refusals.method;
  const name = `${request.method} ${template}`;
  const operation = operations.get(name);
  if (operation === undefined) return refusals.notServed(name);
  if (!mayCall(caller, name)) return refusals.denied;

  const query = parseQuery(search, options, operation.type);
  if (failed(query)) return query;
  if (!mayRead(caller, operation.type, [...(query.select ?? []), ...query.filtered]))
    return refusals.denied;
  const body = parseBody(request, operation.type);
  if (failed(body)) return body;

  const parts = template.split('/').slice(1);
  const at = parts.indexOf('{}');
  const key = segments[at];
  const entity =
    key === undefined ? { id: '' } : entityAt(world, `/${parts.slice(0, at).join('/')}`, key);
  if (entity === undefined) return refusals.notFound(key?.text ?? '');
  const keys = segments.filter((_, i) => parts[i] === '{}').map(({ text }) => text);
  const address = `${world.origin}/v1.0${path}`;
  return operation.run({ world, caller, query, body, entity, keys, address });
}
