// May this caller do this? Permissions for each path come from Microsoft's metadata, rules for each
// property and for protected targets from its documentation. Knows nothing of HTTP.

import type { Directory, RoleAssignment, User } from './directory.ts';
import { metadata } from './metadata.ts';
import { type Reply, refusals } from './replies.ts';
import { isRoleName, type RoleName, resettable, roleGrants, roleIds, roleName } from './roles.ts';

export interface Caller {
  readonly id: string;
  readonly permissions: ReadonlySet<string>;
  /** Roles held for the whole tenant. */
  readonly roles: readonly RoleName[];
}

/** Where the right to write a password comes from; the sources disagree, so it can be switched.
    both: the permission and a role, as documented; role, permission: either one alone, as reported. */
export type WriteAuthority = 'both' | 'role' | 'permission';

const readDirectory = ['Directory.Read.All', 'Directory.ReadWrite.All'];
const readUsers = ['User.Read.All', 'User.ReadWrite.All', ...readDirectory];
const readApplications = [
  'Application.Read.All',
  'Application.ReadWrite.All',
  'Directory.Read.All',
];

/** Corrections and additions: each entry is a list of alternatives, and one of each list is needed. */
const ownRules: Readonly<Record<string, readonly (readonly string[])[]>> = {
  // The metadata merges the permissions for users, devices and applications; these are the users'.
  'POST /users/{}/getMemberObjects': [readUsers],
  // It names both, and both are needed.
  'POST /servicePrincipals/{}/appRoleAssignments': [
    ['AppRoleAssignment.ReadWrite.All'],
    readApplications,
  ],
  // Not in the metadata at hand; from the documentation of each call.
  'GET /servicePrincipals/{}/appRoleAssignments/{}': [readApplications],
  'DELETE /servicePrincipals/{}/appRoleAssignments/{}': [['AppRoleAssignment.ReadWrite.All']],
  'GET /servicePrincipals/{}/appRoleAssignedTo': [readApplications],
  'POST /servicePrincipals/{}/appRoleAssignedTo': [
    ['AppRoleAssignment.ReadWrite.All'],
    readApplications,
  ],
  'GET /applications': [readApplications],
  'GET /applications/{}': [readApplications],
  'POST /applications': [['Application.ReadWrite.All', 'Application.ReadWrite.OwnedBy']],
  'PATCH /applications/{}': [['Application.ReadWrite.All', 'Application.ReadWrite.OwnedBy']],
};

const holds = (caller: Caller, alternatives: readonly string[]): boolean =>
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

export const maySeeHidden = (caller: Caller): boolean => holds(caller, ['Member.Read.Hidden']);

const permissionFor: Readonly<Record<string, (caller: Caller) => boolean>> = {
  passwordProfile: (caller) => holds(caller, ['User-PasswordProfile.ReadWrite.All']),
  accountEnabled: (caller) =>
    holds(caller, ['User.ReadWrite.All', 'Directory.ReadWrite.All']) ||
    (holds(caller, ['User.EnableDisableAccount.All']) && holds(caller, readUsers)),
};
const permissionForOthers = (caller: Caller): boolean =>
  holds(caller, ['User.ReadWrite.All', 'Directory.ReadWrite.All']);

/** What stands against writing these properties of the user, or nothing. */
export function writeRefusal(
  directory: Directory,
  caller: Caller,
  target: User,
  properties: readonly string[],
  authority: WriteAuthority,
): Reply | undefined {
  const units = directory.containersOf(target.id);
  const inScope = directory
    .rolesOf(caller.id, directory.roleAssignments)
    .filter(({ directoryScopeId }) => units.has(unitOf(directoryScopeId)));
  const byRole =
    caller.roles.some((role) => mayReset(directory, resettable[role], target)) ||
    // An administrator of one unit manages its ordinary users only.
    inScope.some((one) => {
      const role = roleName(one.roleDefinitionId);
      return role && resettable[role] && mayReset(directory, [], target);
    });
  const allowed = (property: string): boolean => {
    const permitted = (permissionFor[property] ?? permissionForOthers)(caller);
    if (authority === 'permission') return permitted;
    if (property === 'passwordProfile') return byRole && (permitted || authority === 'role');
    const sensitive = permissionFor[property] !== undefined;
    return byRole || (permitted && (!sensitive || mayReset(directory, [], target)));
  };
  if (!properties.every(allowed)) return refusals.denied;
  return target.isManagementRestricted && inScope.length === 0 ? refusals.restricted : undefined;
}

const unitOf = (scope: string): string => scope.replace('/administrativeUnits/', '');

/** `reach`: the roles that a target may hold. A target beyond it holds another one, active or eligible,
    by itself or through a group, or is a member or owner of a role-assignable group. */
function mayReset(
  directory: Directory,
  reach: readonly RoleName[] | 'everyone' | undefined,
  target: User,
): boolean {
  if (reach === undefined || reach === 'everyone') return reach === 'everyone';
  const beyond = ({ roleDefinitionId, directoryScopeId }: RoleAssignment): boolean => {
    const role = roleName(roleDefinitionId);
    const unit = directory.administrativeUnits.get(unitOf(directoryScopeId));
    return (
      role === undefined || !reach.includes(role) || unit?.['isMemberManagementRestricted'] === true
    );
  };
  const sensitiveGroup = (id: string): boolean =>
    directory.groups.get(id)?.['isAssignableToRole'] === true;
  return !(
    directory.rolesOf(target.id, directory.roleAssignments).some(beyond) ||
    directory.rolesOf(target.id, directory.roleEligibilitySchedules).some(beyond) ||
    [...directory.containersOf(target.id)].some(sensitiveGroup) ||
    [...directory.ownedBy(target.id)].some(sensitiveGroup)
  );
}

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
