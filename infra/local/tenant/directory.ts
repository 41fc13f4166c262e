// The tenant's memory: users, groups, units, roles, applications, and how they hang together. Open to tests;
// knows nothing of HTTP or of who may ask.

import { randomUUID } from 'node:crypto';
import {
  type AppRoleAssignment,
  type Entity,
  makeUser,
  type RoleAssignment,
  stableId,
  type User,
} from './entities.ts';

export type { User } from './entities.ts';
export type Directory = ReturnType<typeof createDirectory>;
type Links = Map<string, Set<string>>;

const link = (links: Links, from: string, to: string): void => {
  links.set(from, (links.get(from) ?? new Set()).add(to));
};

export function createDirectory() {
  const users = new Map<string, User>();
  const names = new Map<string, User>();
  const groups = new Map<string, Entity>();
  const administrativeUnits = new Map<string, Entity>();
  const directoryRoles = new Map<string, Entity>();
  const roleDefinitions = new Map<string, Entity>();
  const roleAssignments = new Map<string, RoleAssignment>();
  const roleEligibilitySchedules = new Map<string, RoleAssignment>();
  const servicePrincipals = new Map<string, Entity>();
  const applications = new Map<string, Entity>();
  const appRoleAssignments = new Map<string, AppRoleAssignment>();
  const domains = new Map<string, Entity>();
  const organization = new Map<string, Entity>();
  const containers: Links = new Map(); // member → what it is a direct member of
  const owned: Links = new Map(); // owner → what it owns

  const collections = {
    ...{ users, groups, administrativeUnits, directoryRoles, roleDefinitions, roleAssignments },
    ...{ roleEligibilitySchedules, servicePrincipals, applications, appRoleAssignments },
    ...{ domains, organization },
  };
  const byName: Readonly<Record<string, ReadonlyMap<string, Entity>>> = collections;

  const add = <T extends Entity>(map: Map<string, T>, entity: T): T => {
    map.set(entity.id, entity);
    return entity;
  };
  const user = (idOrName: string): User | undefined =>
    users.get(idOrName.toLowerCase()) ?? names.get(idOrName.toLowerCase());
  const addUser = (given: Parameters<typeof makeUser>[0]): User => {
    const added = add(users, makeUser(given));
    names.set(added.userPrincipalName.toLowerCase(), added);
    return added;
  };
  const assign =
    (map: Map<string, RoleAssignment>) =>
    (principalId: string, roleDefinitionId: string, directoryScopeId = '/'): RoleAssignment =>
      add(map, { id: randomUUID(), principalId, roleDefinitionId, directoryScopeId });

  /** Groups and units that an object is in, through other groups too. */
  const containersOf = (id: string): Set<string> => {
    const found = new Set<string>();
    const open = [id];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      for (const container of containers.get(at) ?? []) {
        if (found.has(container)) continue;
        found.add(container);
        open.push(container);
      }
    }
    return found;
  };

  return {
    ...collections,
    collections: byName,
    /** Words that no password may be built around; a test may add its own. */
    bannedWords: ['password', 'contoso', 'welcome', 'qwerty', 'letmein', 'summer', 'winter'],
    add,
    /** By object id or user principal name, in any case. */
    user,
    addUser,
    /** Soft-deletes: Graph answers 404 from then on. */
    removeUser: (idOrName: string): void => {
      const gone = user(idOrName);
      users.delete(gone?.id ?? '');
      names.delete(gone?.userPrincipalName.toLowerCase() ?? '');
    },
    join: (member: string, container: string): void => link(containers, member, container),
    leave: (member: string, container: string): void =>
      void containers.get(member)?.delete(container),
    own: (owner: string, object: string): void => link(owned, owner, object),
    disown: (owner: string, object: string): void => void owned.get(owner)?.delete(object),
    ownedBy: (owner: string): ReadonlySet<string> => owned.get(owner) ?? new Set(),
    containersOf,
    assignRole: assign(roleAssignments),
    makeEligible: assign(roleEligibilitySchedules),
    /** Role assignments (or eligibilities) of an object, by itself or through a group. */
    rolesOf: (id: string, map: ReadonlyMap<string, RoleAssignment>): RoleAssignment[] => {
      const principals = containersOf(id).add(id);
      return [...map.values()].filter(({ principalId }) => principals.has(principalId));
    },
    /** The directoryRole object behind a built-in role; custom roles have none. */
    activatedRole: (roleDefinitionId: string): Entity | undefined =>
      [...directoryRoles.values()].find((one) => one['roleTemplateId'] === roleDefinitionId),

    /** n enabled users of contoso.com, `prefix-00001` and on: a crowd to be on call for. */
    addUsers: (n: number, prefix = 'crowd'): User[] =>
      Array.from({ length: n }, (_, i) => {
        const name = `${prefix}-${String(i + 1).padStart(5, '0')}`;
        return addUser({ userPrincipalName: `${name}@contoso.com`, displayName: `Crowd ${i + 1}` });
      }),
    /** n ordinary groups, to join or own: beyond 11,000 memberships Graph refuses to list them. */
    addGroups: (n: number): string[] =>
      Array.from({ length: n }, (_, i) => {
        const displayName = `Group ${i}`;
        const facts = { displayName, securityEnabled: true, isAssignableToRole: null };
        return add(groups, { id: stableId(displayName), ...facts }).id;
      }),
    /** n assignments of a harmless role to principals that are nobody here: only the number matters. */
    addRoleAssignments: (n: number): void => {
      for (let i = 0; i < n; i += 1)
        assign(roleAssignments)(stableId(`nobody ${i}`), '88d8e3e3-8f55-4a1e-953a-9b9898b8876b');
    },
  };
}
