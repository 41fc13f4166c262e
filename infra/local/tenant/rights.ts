// May this caller call this, and read that? Permissions for each path come from Microsoft's metadata, what
// it lacks or merges from the documentation. Knows nothing of HTTP; writing to users is write-rights.ts's.

import { metadata } from './metadata.ts';
import { isRoleName, type RoleName, resettable, roleGrants, roleIds, roleName } from './roles.ts';

export interface Caller {
  readonly id: string;
  readonly permissions: ReadonlySet<string>;
  /** Roles held for the whole tenant. */
  readonly roles: readonly RoleName[];
}

const readDirectory = ['Directory.Read.All', 'Directory.ReadWrite.All'];
export const readUsers = ['User.Read.All', 'User.ReadWrite.All', ...readDirectory];
const readApplications = [
  'Application.Read.All',
  'Application.ReadWrite.All',
  'Directory.Read.All',
];

const grantAppRoles = [['AppRoleAssignment.ReadWrite.All'], readApplications];
const writeApplications = [['Application.ReadWrite.All', 'Application.ReadWrite.OwnedBy']];

/** Corrections and additions: each entry is a list of alternatives, and one of each list is needed. */
const ownRules: Readonly<Record<string, readonly (readonly string[])[]>> = {
  // The metadata merges the permissions for users, devices and applications; these are the users'.
  'POST /users/{}/getMemberObjects': [readUsers],
  // It names both, and both are needed.
  'POST /servicePrincipals/{}/appRoleAssignments': grantAppRoles,
  // Not in the metadata at hand; from the documentation of each call.
  'GET /servicePrincipals/{}/appRoleAssignments/{}': [readApplications],
  'DELETE /servicePrincipals/{}/appRoleAssignments/{}': [['AppRoleAssignment.ReadWrite.All']],
  'GET /servicePrincipals/{}/appRoleAssignedTo': [readApplications],
  'POST /servicePrincipals/{}/appRoleAssignedTo': grantAppRoles,
  'GET /servicePrincipals/{}/appRoleAssignedTo/{}': [readApplications],
  'DELETE /servicePrincipals/{}/appRoleAssignedTo/{}': [['AppRoleAssignment.ReadWrite.All']],
  'GET /applications': [readApplications],
  'GET /applications/{}': [readApplications],
  'POST /applications': writeApplications,
  'PATCH /applications/{}': writeApplications,
};

/** True with one of these permissions, or a role that stands for one. */
export const holds = (caller: Caller, alternatives: readonly string[]): boolean =>
  alternatives.some((name) => caller.permissions.has(name)) ||
  caller.roles.some((role) => {
    const grants = roleGrants[role];
    return grants === 'everything' || grants?.some((name) => alternatives.includes(name));
  });

/** The right to the path at all. */
export function mayCall(caller: Caller, operation: string): boolean {
  const rules = ownRules[operation];
  if (rules !== undefined) return rules.every((alternatives) => holds(caller, alternatives));
  const rule = metadata.permissions[operation];
  if (rule !== undefined && holds(caller, [...rule.least, ...rule.other])) return true;
  // A role that manages users opens these two without any permission (reported).
  const byRole = ['PATCH /users/{}', 'POST /users/{}/revokeSignInSessions'].includes(operation);
  return byRole && caller.roles.some((role) => resettable[role] !== undefined);
}

const basicUser = new Set([
  ...['id', 'displayName', 'givenName', 'surname', 'mail', 'userPrincipalName'],
  ...['photo', 'securityIdentifier'],
]);

/** The right to read these properties of the type. */
export function mayRead(caller: Caller, type: string, properties: readonly string[]): boolean {
  if (type === 'user' && !properties.every((name) => basicUser.has(name)))
    return holds(caller, readUsers);
  // No source says that a lesser permission shows this one: the strict reading.
  if (type === 'group' && properties.includes('isAssignableToRole'))
    return holds(caller, readDirectory);
  return true;
}

/** Application Administrators assign the app roles of every application but Graph's own. */
export const mayGrantGraph = (caller: Caller): boolean =>
  caller.permissions.has('AppRoleAssignment.ReadWrite.All') ||
  caller.roles.includes('Privileged Role Administrator') ||
  caller.roles.includes('Global Administrator');

export const maySeeHidden = (caller: Caller): boolean => holds(caller, ['Member.Read.Hidden']);

/** The caller behind the claims of a Graph token, less what the tenant withholds at the moment. */
export function callerOf(
  claims: Readonly<Record<string, unknown>>,
  withheld: ReadonlySet<string>,
): Caller {
  const list = (name: string): string[] => {
    const value = claims[name];
    return Array.isArray(value) ? value.map(String) : [];
  };
  return {
    id: String(claims['oid']),
    permissions: new Set(list('roles').filter((name) => !withheld.has(name))),
    roles: list('wids')
      .map((id) => roleName(id))
      .filter((name) => name !== undefined)
      .filter((name) => !withheld.has(name)),
  };
}

/** Template ids of role names; for minting. */
export const roleIdsOf = (names: readonly string[]): string[] =>
  names.filter(isRoleName).map((name) => roleIds[name]);
