// May this caller write this to that user? The permission for each property, and Microsoft's table of who
// can reset whose password. Knows nothing of HTTP.

import type { Directory } from './directory.ts';
import type { RoleAssignment, User } from './entities.ts';
import { type Reply, refusals } from './replies.ts';
import { type Caller, holds, readUsers } from './rights.ts';
import { type RoleName, resettable, roleName } from './roles.ts';

/** Where the right to write a password comes from; the sources disagree, so it can be switched.
    both: the permission and a role, as documented; role, permission: that one alone, as reported;
    either: any of the two, which is what both modes of the grant tool stand on. */
export type WriteAuthority = 'either' | 'both' | 'role' | 'permission';

const mayEnable = (caller: Caller): boolean =>
  holds(caller, ['User.ReadWrite.All', 'Directory.ReadWrite.All']) ||
  (holds(caller, ['User.EnableDisableAccount.All']) && holds(caller, readUsers));
const mayWritePassword = (caller: Caller): boolean =>
  holds(caller, ['User-PasswordProfile.ReadWrite.All']);

/** What stands against writing these properties of the user, or nothing. */
export function writeRefusal(
  directory: Directory,
  caller: Caller,
  target: User,
  properties: readonly string[],
  authority: WriteAuthority,
): Reply | undefined {
  const unserved = properties.find((name) => !['passwordProfile', 'accountEnabled'].includes(name));
  if (unserved !== undefined) return refusals.notServed(`a change of ${unserved}`);
  const units = directory.containersOf(target.id);
  const scoped = directory
    .rolesOf(caller.id, directory.roleAssignments)
    .filter(({ directoryScopeId }) => units.has(unitOf(directoryScopeId)))
    .map(({ roleDefinitionId }) => roleName(roleDefinitionId))
    .filter((role) => role !== undefined && resettable[role] !== undefined);
  const isOrdinary = mayReset(directory, [], target);
  const byRole =
    caller.roles.some((role) => mayReset(directory, resettable[role], target)) ||
    (scoped.length > 0 && isOrdinary); // an administrator of one unit manages its ordinary users only

  const allowed: Readonly<Record<WriteAuthority, (property: string) => boolean>> = {
    permission: (property) =>
      property === 'passwordProfile' ? mayWritePassword(caller) : mayEnable(caller),
    role: (property) =>
      byRole || (property !== 'passwordProfile' && mayEnable(caller) && isOrdinary),
    either: (property) => allowed.role(property) || allowed.permission(property),
    both: (property) =>
      allowed.role(property) && (property !== 'passwordProfile' || mayWritePassword(caller)),
  };
  if (!properties.every(allowed[authority])) return refusals.denied;
  return target.isManagementRestricted && scoped.length === 0 ? refusals.restricted : undefined;
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
