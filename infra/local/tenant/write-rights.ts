// May this caller write this to that user? The permission for each property, and Microsoft's table of who
// can reset whose password. Knows nothing of HTTP.

import type { Directory } from './directory.ts';
import type { RoleAssignment, User } from './entities.ts';
import { type Reply, refusals } from './replies.ts';
import { type Caller, holds, readUsers } from './rights.ts';
import { type RoleName, resettable, roleName } from './roles.ts';

/** Where the right to write a password comes from; the sources disagree, so it can be switched.
    both: the permission and a role, as documented; role, permission: either one alone, as reported. */
export type WriteAuthority = 'both' | 'role' | 'permission';

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
