// What the tenant keeps: entities as plain data, named as in Graph, and how their ids are made.

import { createHash } from 'node:crypto';

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

/** The same id in every run, so that tests can name it. */
export function stableId(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

export const now = (): string => `${new Date().toISOString().slice(0, 19)}Z`;

export const initialPassword = 'Autumn-Harbor-41';

/** An enabled member with the initial password, unless `given` says otherwise. */
export const makeUser = (given: Partial<User> & { readonly userPrincipalName: string }): User => ({
  id: stableId(`user ${given.userPrincipalName}`),
  displayName: given.userPrincipalName,
  accountEnabled: true,
  userType: 'Member',
  onPremisesSyncEnabled: null,
  isManagementRestricted: null,
  lastPasswordChangeDateTime: '2026-01-15T08:30:00Z',
  signInSessionsValidFromDateTime: '2026-01-15T08:30:00Z',
  password: initialPassword,
  mustChange: 'no',
  syncedAnswer: 400,
  ...given,
});
