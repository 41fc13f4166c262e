// What the tenant knows: users, groups, units, roles, applications and how they hang together.
// Plain data in maps, open to tests; knows nothing of HTTP or of who may ask.

import { createHash, randomUUID } from 'node:crypto';

export interface Entity {
  readonly id: string;
  [property: string]: unknown;
}
export interface User extends Entity {
  userPrincipalName: string;
  displayName: string;
  accountEnabled: boolean;
  userType: string;
  onPremisesSyncEnabled: boolean | null;
  isManagementRestricted: boolean | null;
  lastPasswordChangeDateTime: string | null;
  signInSessionsValidFromDateTime: string | null;
  /** Not a Graph property: what the user types to sign in. */
  password: string;
  mustChange: 'no' | 'password' | 'passwordWithMfa';
  /** What Graph answers to a new password of a synced user: both are reported of real tenants. */
  syncedAnswer: 204 | 400;
}
export interface RoleAssignment extends Entity {
  principalId: string;
  roleDefinitionId: string;
  directoryScopeId: string;
}
export interface AppRoleAssignment extends Entity {
  principalId: string;
  resourceId: string;
  appRoleId: string;
}
export interface AppRole {
  readonly id: string;
  readonly value: string;
  readonly [property: string]: unknown;
}

/** The same id in every run, so that tests can name it. */
export function stableId(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

export const now = (): string => `${new Date().toISOString().slice(0, 19)}Z`;

export type Directory = ReturnType<typeof createDirectory>;

export function createDirectory() {
  const users = new Map<string, User>();
  const groups = new Map<string, Entity>();
  const administrativeUnits = new Map<string, Entity>();
  const roleDefinitions = new Map<string, Entity>();
  const roleAssignments = new Map<string, RoleAssignment>();
  const roleEligibilitySchedules = new Map<string, RoleAssignment>();
  const servicePrincipals = new Map<string, Entity>();
  const applications = new Map<string, Entity>();
  const appRoleAssignments = new Map<string, AppRoleAssignment>();
  const domains = new Map<string, Entity>();
  const organization = new Map<string, Entity>();
  const directoryRoles = new Map<string, Entity>();
  const deletedUsers = new Map<string, User>();
  const containers = new Map<string, Set<string>>(); // member → what it is a direct member of
  const owned = new Map<string, Set<string>>(); // owner → what it owns

  const add = <T extends Entity>(map: Map<string, T>, entity: T): T => {
    map.set(entity.id, entity);
    return entity;
  };
  const link = (map: Map<string, Set<string>>, from: string, to: string): void => {
    map.set(from, (map.get(from) ?? new Set()).add(to));
  };
  const user = (idOrName: string): User | undefined => {
    const wanted = idOrName.toLowerCase();
    return users.get(wanted) ?? names.get(wanted);
  };
  const names = new Map<string, User>();
  const addUser = (given: Partial<User> & { readonly userPrincipalName: string }): User => {
    const added: User = {
      id: stableId(`user ${given.userPrincipalName}`),
      displayName: given.userPrincipalName,
      accountEnabled: true,
      userType: 'Member',
      onPremisesSyncEnabled: null,
      isManagementRestricted: null,
      lastPasswordChangeDateTime: '2026-01-15T08:30:00Z',
      signInSessionsValidFromDateTime: '2026-01-15T08:30:00Z',
      password: 'Autumn-Harbor-41',
      mustChange: 'no',
      syncedAnswer: 400,
      ...given,
    };
    names.set(added.userPrincipalName.toLowerCase(), added);
    return add(users, added);
  };
  const removeUser = (idOrName: string): void => {
    const gone = user(idOrName);
    if (gone === undefined) return;
    users.delete(gone.id);
    names.delete(gone.userPrincipalName.toLowerCase());
    deletedUsers.set(gone.id, gone);
  };
  const assign = (
    map: Map<string, RoleAssignment>,
    principalId: string,
    roleDefinitionId: string,
    directoryScopeId = '/',
  ): RoleAssignment =>
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
  /** Role assignments (or eligibilities) of an object, by itself or through a group. */
  const rolesOf = (id: string, map: Map<string, RoleAssignment>): RoleAssignment[] => {
    const principals = containersOf(id).add(id);
    return [...map.values()].filter(({ principalId }) => principals.has(principalId));
  };

  return {
    users,
    groups,
    administrativeUnits,
    roleDefinitions,
    roleAssignments,
    roleEligibilitySchedules,
    servicePrincipals,
    applications,
    appRoleAssignments,
    domains,
    organization,
    directoryRoles,
    deletedUsers,
    /** Words that no password may be built around; a test may add its own. */
    bannedWords: ['password', 'contoso', 'welcome', 'qwerty', 'letmein', 'summer', 'winter'],
    add,
    user,
    addUser,
    removeUser,
    /** n enabled users of contoso.com, `prefix-00001` and on: a crowd to be on call for. */
    addUsers: (n: number, prefix = 'crowd'): User[] =>
      Array.from({ length: n }, (_, i) => {
        const name = `${prefix}-${String(i + 1).padStart(5, '0')}`;
        return addUser({ userPrincipalName: `${name}@contoso.com`, displayName: `Crowd ${i + 1}` });
      }),
    join: (member: string, container: string): void => link(containers, member, container),
    leave: (member: string, container: string): void =>
      void containers.get(member)?.delete(container),
    own: (owner: string, object: string): void => link(owned, owner, object),
    disown: (owner: string, object: string): void => void owned.get(owner)?.delete(object),
    ownedBy: (owner: string): ReadonlySet<string> => owned.get(owner) ?? new Set(),
    containersOf,
    rolesOf,
    /** The directoryRole object behind a built-in role; custom roles have none. */
    activatedRole: (roleDefinitionId: string): Entity | undefined =>
      [...directoryRoles.values()].find((one) => one['roleTemplateId'] === roleDefinitionId),
    assignRole: (principal: string, role: string, scope?: string): RoleAssignment =>
      assign(roleAssignments, principal, role, scope),
    assignAppRole: (principalId: string, resourceId: string, appRoleId: string): Entity =>
      add(appRoleAssignments, {
        id: randomUUID(),
        createdDateTime: new Date().toISOString(),
        appRoleId,
        principalId,
        principalType: servicePrincipals.has(principalId)
          ? 'ServicePrincipal'
          : groups.has(principalId)
            ? 'Group'
            : 'User',
        principalDisplayName: (servicePrincipals.get(principalId) ??
          groups.get(principalId) ??
          users.get(principalId))?.['displayName'],
        resourceId,
        resourceDisplayName: servicePrincipals.get(resourceId)?.['displayName'],
      }),
    makeEligible: (principal: string, role: string, scope?: string): RoleAssignment =>
      assign(roleEligibilitySchedules, principal, role, scope),
    /** n assignments of harmless roles to principals that are nobody here: only their number matters. */
    addRoleAssignments: (n: number): void => {
      for (let i = 0; i < n; i += 1)
        assign(roleAssignments, stableId(`principal ${i}`), '88d8e3e3-8f55-4a1e-953a-9b9898b8876b');
    },
    /** Makes one user a member of n security groups (beyond 11,000 Graph refuses to list them). */
    addMemberships: (member: string, n: number): void => {
      for (let i = 0; i < n; i += 1) {
        const id = stableId(`membership ${i}`);
        add(groups, {
          id,
          displayName: `Group ${i}`,
          securityEnabled: true,
          isAssignableToRole: null,
        });
        link(containers, member, id);
      }
    },
    /** Makes one user the owner of n ordinary groups. */
    addOwnedGroups: (owner: string, n: number): void => {
      for (let i = 0; i < n; i += 1) {
        const id = stableId(`owned ${i}`);
        add(groups, {
          id,
          displayName: `Owned ${i}`,
          securityEnabled: true,
          isAssignableToRole: null,
        });
        link(owned, owner, id);
      }
    },
    appRolesOf: (principalId: string, resourceId: string): string[] =>
      [...appRoleAssignments.values()]
        .filter((one) => one.principalId === principalId && one.resourceId === resourceId)
        .flatMap((one) => {
          const roles = servicePrincipals.get(resourceId)?.['appRoles'];
          const found = Array.isArray(roles)
            ? roles.find((role: AppRole) => role.id === one.appRoleId)
            : undefined;
          return found === undefined ? [] : [String(found.value)];
        }),
  };
}
