// What is created and removed by who sets the product up: applications, service principals, app role and
// directory role assignments. Stands behind graph.ts, which has looked at rights, names and types.

import { randomUUID } from 'node:crypto';
import { appRolesOffered, assignAppRole, principalOf } from './app-roles.ts';
import type { Directory } from './directory.ts';
import type { Entity } from './entities.ts';
import { noContent, type Reply, refusals } from './replies.ts';

type Body = Readonly<Record<string, unknown>>;

const missing = (body: Body, names: readonly string[]): Reply | undefined => {
  const name = names.find((one) => body[one] === undefined || body[one] === null);
  return name === undefined ? undefined : refusals.missing(name);
};

export function createApplication(directory: Directory, body: Body): Entity | Reply {
  const lacking = missing(body, ['displayName']);
  if (lacking) return lacking;
  const id = randomUUID();
  const createdDateTime = new Date().toISOString();
  const defaults = { signInAudience: 'AzureADMyOrg', identifierUris: [], appRoles: [] };
  return directory.add(directory.applications, {
    ...defaults,
    ...body,
    id,
    appId: randomUUID(),
    createdDateTime,
  });
}

/** An application's roles are those of its service principal too. */
export function patchApplication(directory: Directory, application: Entity, body: Body): Reply {
  Object.assign(application, body);
  for (const one of directory.servicePrincipals.values()) {
    if (one['appId'] === application['appId'] && Array.isArray(body['appRoles']))
      one['appRoles'] = body['appRoles'];
  }
  return noContent;
}

export function createServicePrincipal(directory: Directory, body: Body): Entity | Reply {
  const lacking = missing(body, ['appId']);
  if (lacking) return lacking;
  const same = (one: Entity): boolean => one['appId'] === body['appId'];
  if ([...directory.servicePrincipals.values()].some(same)) return refusals.exists;
  const application = [...directory.applications.values()].find(same);
  if (application === undefined) return refusals.notFound(String(body['appId']));
  return directory.add(directory.servicePrincipals, {
    displayName: application['displayName'],
    appRoles: application['appRoles'],
    servicePrincipalNames: [application['appId']],
    servicePrincipalType: 'Application',
    accountEnabled: true,
    ...body,
    id: randomUUID(),
  });
}

export function createAppRoleAssignment(directory: Directory, body: Body): Entity | Reply {
  const lacking = missing(body, ['principalId', 'resourceId', 'appRoleId']);
  if (lacking) return lacking;
  const principalId = String(body['principalId']);
  const resourceId = String(body['resourceId']);
  const appRoleId = String(body['appRoleId']);
  if (principalOf(directory, principalId) === undefined) return refusals.notFound(principalId);
  if (!directory.servicePrincipals.has(resourceId)) return refusals.notFound(resourceId);
  if (!appRolesOffered(directory, resourceId).has(appRoleId)) return refusals.noSuchPermission;
  const twice = [...directory.appRoleAssignments.values()].some(
    (one) =>
      one.principalId === principalId &&
      one.resourceId === resourceId &&
      one.appRoleId === appRoleId,
  );
  if (twice) return refusals.alreadyAssigned;
  return assignAppRole(directory, principalId, resourceId, appRoleId);
}

export function createRoleAssignment(directory: Directory, body: Body): Entity | Reply {
  const lacking = missing(body, ['roleDefinitionId', 'principalId', 'directoryScopeId']);
  if (lacking) return lacking;
  const role = String(body['roleDefinitionId']);
  const holder = String(body['principalId']);
  const scope = String(body['directoryScopeId']);
  if (!directory.roleDefinitions.has(role)) return refusals.notFound(role);
  if (principalOf(directory, holder) === undefined) return refusals.notFound(holder);
  const unit = /^\/administrativeUnits\/(.+)$/.exec(scope)?.[1];
  if (scope !== '/' && (unit === undefined || !directory.administrativeUnits.has(unit)))
    return refusals.notFound(scope);
  const twice = [...directory.roleAssignments.values()].some(
    (one) =>
      one.principalId === holder && one.roleDefinitionId === role && one.directoryScopeId === scope,
  );
  return twice ? refusals.exists : directory.assignRole(holder, role, scope);
}
