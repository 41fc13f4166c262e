// One request to Microsoft Graph v1.0, alone or out of a batch: address, rights, query, body, then the
// operation. Sockets, latency and faults are door.ts's, versions, tokens and batches graph-door.ts's.

import { optionsOf, resolveAddress } from './address.ts';
import { grantOperations } from './grant-operations.ts';
import { isObject, metadata, mismatch } from './metadata.ts';
import { entityAt, type Operations, readOperations } from './operations.ts';
import { parseQuery } from './query.ts';
import { type Reply, refusals } from './replies.ts';
import { type Caller, mayCall, mayRead } from './rights.ts';
import { userOperations } from './user-operations.ts';
import type { World } from './world.ts';

export interface GraphRequest {
  readonly method: string;
  /** Path and query behind /v1.0. */
  readonly url: string;
  readonly contentType: string;
  readonly body: string;
}
type Body = Readonly<Record<string, unknown>>;

const operations: Operations = { ...readOperations, ...userOperations, ...grantOperations };

/** "METHOD /path/{}" of all that is served. */
export const servedOperations: readonly string[] = Object.keys(operations);

function parseBody(request: GraphRequest, type: string): Body | Reply {
  const bodiless = request.method === 'GET' || request.method === 'DELETE';
  if (bodiless || (type === 'action' && request.body === '')) return {};
  try {
    const body: unknown = JSON.parse(request.body);
    if (!/^application\/json\b/i.test(request.contentType) || !isObject(body))
      return refusals.unreadable;
    if (type === 'action') return body;
    if ('id' in body) return refusals.readOnly('id');
    const wrong = mismatch(type, body);
    return wrong === undefined ? body : refusals[wrong.kind](wrong.name, wrong.type);
  } catch {
    return refusals.unreadable;
  }
}

const refused = (value: object): value is Reply =>
  'status' in value && typeof value.status === 'number';

export function answer(world: World, caller: Caller, request: GraphRequest): Reply {
  const [beforeHash = ''] = request.url.split('#'); // no HTTP client or server carries a fragment
  const [path = '', search = ''] = beforeHash.split(/\?(.*)/s);
  const address = resolveAddress(path);
  if ('stranger' in address) return refusals.segment(address.stranger);
  const { template, keys } = address;
  const name = `${request.method} ${template}`;
  const options = optionsOf(template, request.method);
  if (options === undefined) return refusals.method;
  const operation = operations[name];
  if (operation === undefined) return refusals.notServed(name);
  if (!mayCall(caller, name)) return refusals.denied;

  const { type } = operation;
  const unpaged = metadata.noTop.includes(type);
  const query = parseQuery(
    search,
    unpaged ? options.filter((one) => one !== '$top') : options,
    type,
  );
  if (refused(query)) return query;
  if (!mayRead(caller, type, [...(query.select ?? []), ...query.filtered])) return refusals.denied;
  const body = parseBody(request, type);
  if (refused(body)) return body;

  const [key] = keys;
  const entity = key === undefined ? { id: '' } : entityAt(world.directory, template, key);
  if (entity === undefined) return refusals.notFound(key?.text ?? '');
  return operation.run({
    ...{ world, caller, query, body, entity },
    keys: keys.map(({ text }) => text),
    address: `${world.origin}/v1.0${path}`,
  });
}
