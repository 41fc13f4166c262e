// Which app roles a user, group or service principal was given. For tokens and for the grant operations.

import { randomUUID } from 'node:crypto';
import type { Directory } from './directory.ts';
import type { AppRoleAssignment, Entity } from './entities.ts';
import { isObject } from './metadata.ts';

const kinds = { User: 'users', Group: 'groups', ServicePrincipal: 'servicePrincipals' } as const;

/** Whoever can hold a role, and what it is. */
export function principalOf(
  directory: Directory,
  id: string,
): { readonly kind: string; readonly entity: Entity } | undefined {
  for (const [kind, name] of Object.entries(kinds)) {
    const entity = directory[name].get(id);
    if (entity !== undefined) return { kind, entity };
  }
  return undefined;
}

export function assignAppRole(
  directory: Directory,
  principalId: string,
  resourceId: string,
  appRoleId: string,
): AppRoleAssignment {
  const principal = principalOf(directory, principalId);
  return directory.add(directory.appRoleAssignments, {
    id: randomUUID(),
    createdDateTime: new Date().toISOString(),
    ...{ principalId, resourceId, appRoleId },
    principalType: principal?.kind,
    principalDisplayName: principal?.entity['displayName'],
    resourceDisplayName: directory.servicePrincipals.get(resourceId)?.['displayName'],
  });
}

/** Id → value of the app roles that a resource offers. */
export function appRolesOffered(directory: Directory, resourceId: string): Map<string, string> {
  const offered = directory.servicePrincipals.get(resourceId)?.['appRoles'];
  const roles: readonly unknown[] = Array.isArray(offered) ? offered : [];
  return new Map(roles.filter(isObject).map((role) => [String(role['id']), String(role['value'])]));
}

/** The values of the app roles that a principal holds at a resource: `roles` of its tokens. */
export function appRolesOf(
  directory: Directory,
  principalId: string,
  resourceId: string,
): string[] {
  const offered = appRolesOffered(directory, resourceId);
  return [...directory.appRoleAssignments.values()]
    .filter((one) => one.principalId === principalId && one.resourceId === resourceId)
    .flatMap(({ appRoleId }) => offered.get(appRoleId) ?? []);
}
