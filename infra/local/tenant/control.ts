// The tenant's own side door over loopback HTTP, for processes that cannot call it directly: faults, the
// log of requests, users. Nothing here exists at Microsoft.

import type { User } from './directory.ts';
import type { Incoming } from './door.ts';
import type { Fault } from './faults.ts';
import { isObject } from './metadata.ts';
import { type Person, people } from './people.ts';
import type { Reply } from './replies.ts';
import type { World } from './world.ts';

const ok = (body: unknown): Reply => ({ status: 200, body });
const bad = (message: string): Reply => ({ status: 400, body: { message } });

const described = new Map(
  Object.values<Person>(people).map((one) => [one.userPrincipalName, one.shows]),
);

/** Undefined: not an address of the side door. */
export function answerControl(world: World, incoming: Incoming): Reply | undefined {
  if (!incoming.url.startsWith('/_tenant/')) return undefined;
  const body: unknown = incoming.body === '' ? {} : JSON.parse(incoming.body);
  if (!isObject(body)) return bad('Send a JSON object.');
  const text = (value: unknown): string | undefined =>
    typeof value === 'string' ? value : undefined;

  switch (`${incoming.method} ${incoming.url.slice('/_tenant'.length)}`) {
    case 'POST /faults': {
      const match = isObject(body['match']) ? body['match'] : {};
      if (!isObject(body['fault']))
        return bad('Name a fault: {"match":{},"fault":{"kind":"hang"}}');
      const [method, path, item] = ['method', 'path', 'item'].map((name) => text(match[name]));
      const times = typeof body['times'] === 'number' ? body['times'] : 1;
      world.faults.next(
        {
          ...(method ? { method } : {}),
          ...(path ? { path: new RegExp(path) } : {}),
          ...(item ? { item: new RegExp(item) } : {}),
        },
        body['fault'] as unknown as Fault,
        times,
      );
      return ok({ pending: world.faults.pending() });
    }
    case 'DELETE /faults':
      world.faults.clear();
      return ok({ pending: 0 });
    case 'GET /requests':
      return ok(world.requests);
    case 'DELETE /requests':
      world.requests.length = 0;
      return ok([]);
    case 'POST /rights':
      world.settings.withheld.clear();
      for (const name of Array.isArray(body['without']) ? body['without'] : [])
        world.settings.withheld.add(String(name));
      return ok([...world.settings.withheld]);
    case 'GET /users':
      return ok(
        [...world.directory.users.values()].map((user) => ({
          ...user,
          shows: described.get(user.userPrincipalName) ?? '',
        })),
      );
    case 'POST /users': {
      const { count, prefix, ...facts } = body;
      if (typeof count === 'number') return ok(world.directory.addUsers(count, text(prefix)));
      const userPrincipalName = text(facts['userPrincipalName']);
      if (userPrincipalName === undefined) return bad('Send {"count"} or {"userPrincipalName"}.');
      return ok(world.directory.addUser({ ...(facts as Partial<User>), userPrincipalName }));
    }
    default:
      return { status: 404, body: { message: 'The side door does not know this address.' } };
  }
}
