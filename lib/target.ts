// Who is it, and may it be reset? The guard: one pure function of what is known about the user and
// about the tenant, before any write. It fails closed: what cannot be read protects. The Directory port
// stands here, because the guard is what reads the directory.

import { type Caller, callerMayName, callerMayReach, domainOf } from './caller.ts';
import { resettableRoles } from './directory-roles.ts';
import type { Failure, ProtectedBecause } from './failure.ts';
import { fold } from './fold.ts';
import type { ResetRequest } from './reset-request.ts';
import { err, ok, type Result } from './result.ts';
import type { Secret } from './secret.ts';

/** About the target, read anew for every request. Ids are lower case. */
export interface UserFacts {
  readonly id: string;
  readonly userPrincipalName: string;
  readonly displayName: string | null;
  readonly accountEnabled: boolean;
  readonly onPremisesSyncEnabled: boolean | null;
  readonly userType: string | null;
  readonly isManagementRestricted: boolean | null;
  /** Milliseconds since 1970; null when the directory does not say. */
  readonly lastPasswordChangeAt: number | null;
  /** Groups, administrative units and directory roles, transitively. */
  readonly memberOf: readonly string[];
  readonly owns: readonly string[];
  /** Graph's own id of the look-up, for the record. */
  readonly graphRequestId: string | undefined;
}

export interface RoleHolding {
  readonly principalId: string;
  readonly roleId: string;
  readonly scope: string;
}

/** About the tenant; at most 60 s old. */
export interface TenantFacts {
  readonly assignments: readonly RoleHolding[];
  /** `no-licence`: the tenant has no PIM, so nobody is eligible for anything. */
  readonly eligibilities: readonly RoleHolding[] | 'no-licence';
  readonly roleAssignableGroups: readonly { readonly id: string; readonly hidden: boolean }[];
  readonly domains: ReadonlyMap<string, 'Managed' | 'Federated'>;
}

export interface PasswordChange {
  readonly password: Secret;
  readonly forceChange: boolean;
  readonly forceChangeWithMfa: boolean;
  readonly enable: boolean;
}

/** What became of the one write. `policy`: this password was refused, another one may pass. */
export type WriteOutcome =
  | { readonly kind: 'done' | 'policy' | 'unknown'; readonly graphRequestId: string | undefined }
  | {
      readonly kind: 'refused';
      readonly failure: Failure;
      readonly graphRequestId: string | undefined;
    };

/** `userPrincipalName`: what was read, when something else about the user could not be. */
export type LookUpFailure = Failure & { readonly userPrincipalName?: string | undefined };

/** `until`: milliseconds since 1970 at which the adapter stops trying. */
export interface Directory {
  user(
    userName: string,
    requestId: string,
    until: number,
  ): Promise<Result<UserFacts, LookUpFailure>>;
  tenant(until: number): Promise<Result<TenantFacts, Failure>>;
  setPassword(
    userId: string,
    change: PasswordChange,
    requestId: string,
    /** A first write does not start after `start`; repetitions of it end at `end`. */
    window: { readonly start: number; readonly end: number },
  ): Promise<WriteOutcome>;
  revokeSessions(userId: string, requestId: string, until: number): Promise<boolean>;
}

export interface TargetRefused {
  readonly why: Failure;
  /** Who it is, as far as that is known: for the record. */
  readonly user?: UserFacts;
}

/** The user as asked for, within the caller's reach, and free to be reset. */
export async function findTarget(
  directory: Directory,
  caller: Caller,
  { userName }: Pick<ResetRequest, 'userName'>,
  protectedGroupIds: readonly string[],
  requestId: string,
  until: number,
): Promise<Result<UserFacts, TargetRefused>> {
  const [found, tenant] = await Promise.all([
    directory.user(userName, requestId, until),
    directory.tenant(until),
  ]);
  if (!found.ok) {
    const { userPrincipalName, ...why } = found.failure;
    const outside = userPrincipalName !== undefined && !callerMayName(caller, userPrincipalName);
    return err({ why: outside ? { code: 'UserNotFound' } : why });
  }
  const user = found.value;
  if (!isWhoWasAsked(user, userName)) return err({ why: protectedBy('somebody-else') });
  const reachable = callerMayReach(caller, user.userPrincipalName, user.memberOf);
  if (!reachable.ok) return err({ why: reachable.failure, user });
  if (!tenant.ok) return err({ why: tenant.failure, user });
  const verdict = judgeTarget(user, tenant.value, protectedGroupIds);
  return verdict.ok ? ok(user) : err({ why: verdict.failure, user });
}

/** A look-up that answers with somebody else (a cut path, a renamed user) must never be written. */
const isWhoWasAsked = (user: UserFacts, userName: string): boolean =>
  [user.id, user.userPrincipalName].some((name) => fold(name) === fold(userName));

const protectedBy = (because: ProtectedBecause): Failure => ({ code: 'TargetProtected', because });

/** The first rule that holds: protection first, and the domain, which is the least certain, last. */
export function judgeTarget(
  user: UserFacts,
  tenant: TenantFacts,
  protectedGroupIds: readonly string[],
): Result<void, Failure> {
  const because = protection(user, tenant, protectedGroupIds);
  if (because !== undefined) return err(protectedBy(because));
  if (user.onPremisesSyncEnabled === true) return err({ code: 'DirectorySynced' });
  if (fold(user.userType ?? '') === 'guest' || /#EXT#/i.test(user.userPrincipalName)) {
    return err({ code: 'GuestUser' });
  }
  const authentication = tenant.domains.get(domainOf(user.userPrincipalName));
  if (authentication === 'Federated') return err({ code: 'FederatedUser' });
  if (authentication !== 'Managed') return err(protectedBy('unlisted-domain'));
  return ok(undefined);
}

function protection(
  user: UserFacts,
  tenant: TenantFacts,
  protectedGroupIds: readonly string[],
): ProtectedBecause | undefined {
  const memberOf = new Set(user.memberOf);
  const principals = new Set([user.id, ...user.memberOf]);
  const eligibilities = tenant.eligibilities === 'no-licence' ? [] : tenant.eligibilities;
  const holdsProtectedRole = [...tenant.assignments, ...eligibilities].some(
    ({ principalId, roleId }) =>
      principals.has(principalId) && !Object.hasOwn(resettableRoles, roleId),
  );
  if (holdsProtectedRole) return 'role';
  const owns = new Set(user.owns);
  if (tenant.roleAssignableGroups.some(({ id }) => memberOf.has(id) || owns.has(id))) {
    return 'role-assignable-group';
  }
  if (protectedGroupIds.some((id) => memberOf.has(id))) return 'protected-group';
  return user.isManagementRestricted === true ? 'management-restricted' : undefined;
}
