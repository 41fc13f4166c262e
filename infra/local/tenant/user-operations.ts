// Graph's operations on one user: the PATCH, ending sessions, what the user is in and what it owns.

import { patchUser } from './accounts.ts';
import type { Directory } from './directory.ts';
import { now, type User } from './entities.ts';
import { type Asked, list, type Operations } from './operations.ts';
import { type Reply, refusals } from './replies.ts';
import { maySeeHidden } from './rights.ts';
import { writeRefusal } from './write-rights.ts';

const userOf = ({ entity }: Asked): User => entity as User; // the path says so

const value = (asked: Asked, type: string, result: unknown): Reply => ({
  status: 200,
  body: { '@odata.context': `${asked.world.origin}/v1.0/$metadata#${type}`, value: result },
});

function memberObjects(asked: Asked): Reply {
  const { world, caller, entity, body } = asked;
  const { directory } = world;
  const { securityEnabledOnly = false } = body;
  if (typeof securityEnabledOnly !== 'boolean')
    return refusals.value('securityEnabledOnly', 'Edm.Boolean');
  const containers = [...directory.containersOf(entity.id)].filter((id) => {
    const container = directory.groups.get(id) ?? directory.administrativeUnits.get(id);
    const hidden = container?.['visibility'] === 'HiddenMembership' && !maySeeHidden(caller);
    return !hidden && (!securityEnabledOnly || container?.['securityEnabled'] === true);
  });
  // A scoped role and a custom one have no directoryRole object to be a member of.
  const roles = directory
    .rolesOf(entity.id, directory.roleAssignments)
    .filter(({ directoryScopeId }) => directoryScopeId === '/' && !securityEnabledOnly)
    .flatMap(({ roleDefinitionId }) => directory.activatedRole(roleDefinitionId)?.id ?? []);
  const ids = [...new Set([...containers, ...roles])];
  return ids.length > 11_000
    ? refusals.tooManyObjects
    : value(asked, 'Collection(Edm.String)', ids);
}

const kindOf = (directory: Directory, id: string): string =>
  ['servicePrincipals', 'applications']
    .find((name) => directory.collections[name]?.has(id))
    ?.slice(0, -1) ?? 'group';

export const userOperations: Operations = {
  'PATCH /users/{}': {
    type: 'user',
    run: (asked) => {
      const { directory, settings } = asked.world;
      const properties = Object.keys(asked.body).filter((name) => !name.includes('@'));
      const user = userOf(asked);
      return (
        writeRefusal(directory, asked.caller, user, properties, settings.authority) ??
        patchUser(directory, user, asked.body)
      );
    },
  },
  'POST /users/{}/revokeSignInSessions': {
    type: 'action',
    run: (asked) => {
      userOf(asked).signInSessionsValidFromDateTime = now();
      return value(asked, 'Edm.Boolean', true);
    },
  },
  'POST /users/{}/getMemberObjects': { type: 'action', run: memberObjects },
  // An owned group of hidden membership is listed with or without Member.Read.Hidden: that permission
  // is about who its members are, and owning is not being a member.
  'GET /users/{}/ownedObjects': {
    type: 'directoryObject',
    run: (asked) => {
      const { directory } = asked.world;
      const rows = [...directory.ownedBy(asked.entity.id)].map((id) => ({
        id,
        '@odata.type': `#microsoft.graph.${kindOf(directory, id)}`,
      }));
      return list(asked, rows, 'directoryObject', 'directoryObjects');
    },
  },
};
