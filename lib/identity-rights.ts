// What the managed identity may do, seen from its token and the tenant's role assignments, and what it
// lacks for a reset. Only a hint: Graph decides. Sources: Graph permissions reference and "user: update"
// (2026); field reports say that User.ReadWrite.All alone is refused a passwordProfile.

import { userAdministrator } from './directory-roles.ts';
import type { Failure } from './failure.ts';
import type { ResetRequest } from './reset-request.ts';
import type { Result } from './result.ts';
import type { RoleHolding } from './target.ts';

export interface IdentityRights {
  /** `oid` of the token. */
  readonly objectId: string | undefined;
  /** `roles` of the token: application permissions. */
  readonly permissions: readonly string[];
}

export interface Identity {
  rights(until: number): Promise<Result<IdentityRights, Failure>>;
}

/** What the guard reads with, and what includes it (Graph permissions reference, 2026-08). */
const readRights: readonly (readonly [least: string, ...wider: string[]])[] = [
  ['Directory.Read.All', 'Directory.ReadWrite.All'],
  [
    'RoleEligibilitySchedule.Read.Directory',
    'RoleEligibilitySchedule.ReadWrite.Directory',
    'RoleManagement.Read.Directory',
    'RoleManagement.ReadWrite.Directory',
    'RoleManagement.Read.All',
  ],
];

/** Rights that the guard's reads lack; empty = none. */
export const missingToRead = ({ permissions }: IdentityRights): readonly string[] =>
  readRights.flatMap(([least, ...wider]) =>
    [least, ...wider].some((right) => permissions.includes(right)) ? [] : least,
  );

/** Directory roles that may set the password of an ordinary user and enable the account. */
const writerRoles: Readonly<Record<string, string>> = {
  [userAdministrator]: 'User Administrator',
  '7be44c8a-adaf-4e2a-84d6-ab2649e08a13': 'Privileged Authentication Administrator',
  '62e90394-69f5-4237-9190-012177145e10': 'Global Administrator',
};

const broad = ['User.ReadWrite.All', 'Directory.ReadWrite.All'];
const passwordRights = ['User-PasswordProfile.ReadWrite.All'];
const enableRights = ['User.EnableDisableAccount.All', ...broad];
const revokeRights = ['User.RevokeSessions.All', ...broad];

/** The writer roles that the identity holds, each with its scope. */
export const writerRolesOf = (
  { objectId }: IdentityRights,
  assignments: readonly RoleHolding[],
): readonly { readonly name: string; readonly scope: string }[] =>
  assignments.flatMap(({ principalId, roleId, scope }) => {
    const name = writerRoles[roleId];
    return principalId === objectId && name !== undefined ? [{ name, scope }] : [];
  });

/** Rights that seem to be missing for this request; empty = none. */
export function missingToReset(
  rights: IdentityRights,
  assignments: readonly RoleHolding[],
  {
    enableUserIfNeeded,
    revokeSessions,
  }: Pick<ResetRequest, 'enableUserIfNeeded' | 'revokeSessions'>,
): readonly string[] {
  if (writerRolesOf(rights, assignments).length > 0) return [];
  const lacks = (anyOf: readonly string[]): boolean =>
    !anyOf.some((permission) => rights.permissions.includes(permission));
  if (lacks(passwordRights)) return ['the directory role User Administrator'];
  return [
    ...(enableUserIfNeeded && lacks(enableRights) ? ['User.EnableDisableAccount.All'] : []),
    ...(revokeSessions && lacks(revokeRights) ? ['User.RevokeSessions.All'] : []),
  ];
}
