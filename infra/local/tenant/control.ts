// The tenant's own side door over loopback HTTP, for processes that cannot call it directly: faults, the
// log of requests, users. Nothing here exists at Microsoft.

import type { Incoming } from './door.ts';
import type { Fault } from './faults.ts';
import { isObject } from './metadata.ts';
import { everyone } from './people.ts';
import type { Reply } from './replies.ts';
import type { World } from './world.ts';

const ok = (body: unknown): Reply => ({ status: 200, body });
const bad = (message: string): Reply => ({ status: 400, body: { message } });

const described = new Map(everyone.map((one) => [one.userPrincipalName, one.shows]));

type Body = Readonly<Record<string, unknown>>;
const text = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;

const addresses: Readonly<Record<string, (world: World, body: Body) => Reply>> = {
  'POST /faults': (world, body) => {
    const match = isObject(body['match']) ? body['match'] : {};
    if (!isObject(body['fault'])) return bad('Name a fault: {"match":{},"fault":{"kind":"hang"}}');
    const [method, path, item] = ['method', 'path', 'item'].map((name) => text(match[name]));
    world.faults.next(
      {
        ...(method === undefined ? {} : { method }),
        ...(path === undefined ? {} : { path: new RegExp(path) }),
        ...(item === undefined ? {} : { item: new RegExp(item) }),
      },
      body['fault'] as unknown as Fault, // from our own tests
      typeof body['times'] === 'number' ? body['times'] : 1,
    );
    return ok({ pending: world.faults.pending() });
  },
  'DELETE /faults': (world) => {
    world.faults.clear();
    return ok({ pending: 0 });
  },
  'GET /requests': (world) => ok(world.requests),
  'DELETE /requests': (world) => {
    world.requests.length = 0;
    return ok([]);
  },
  'POST /rights': (world, { without }) => {
    world.settings.withheld.clear();
    for (const name of Array.isArray(without) ? without : [])
      world.settings.withheld.add(String(name));
    return ok([...world.settings.withheld]);
  },
  'GET /users': (world) =>
    ok(
      [...world.directory.users.values()].map((user) => ({
        ...user,
        shows: described.get(user.userPrincipalName) ?? '',
      })),
    ),
  'POST /users': (world, { count, prefix, ...facts }) => {
    if (typeof count === 'number') return ok(world.directory.addUsers(count, text(prefix)));
    const userPrincipalName = text(facts['userPrincipalName']);
    if (userPrincipalName === undefined) return bad('Send {"count"} or {"userPrincipalName"}.');
    return ok(world.directory.addUser({ ...facts, userPrincipalName }));
  },
};

/** Undefined: not an address of the side door. */
export function answerControl(world: World, incoming: Incoming): Reply | undefined {
  if (!incoming.url.startsWith('/_tenant/')) return undefined;
  const address = addresses[`${incoming.method} ${incoming.url.slice('/_tenant'.length)}`];
  if (address === undefined) return { status: 404, body: { message: 'No such address here.' } };
  const body: unknown = incoming.body === '' ? {} : JSON.parse(incoming.body);
  return isObject(body) ? address(world, body) : bad('Send a JSON object.');
}
