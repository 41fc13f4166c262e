// One user that may be reset, in a tenant with nothing special; each test breaks one fact.

import type { Caller } from '../../lib/caller.ts';
import type { TenantFacts, UserFacts } from '../../lib/target.ts';

export const userId = '11111111-aaaa-4bbb-8ccc-000000000001';
export const someGroup = '22222222-aaaa-4bbb-8ccc-000000000002';
export const anotherGroup = '22222222-aaaa-4bbb-8ccc-000000000003';

export const aUser = (changes: Partial<UserFacts> = {}): UserFacts => ({
  id: userId,
  userPrincipalName: 'adele.vance@contoso.com',
  displayName: 'Adele Vance',
  accountEnabled: true,
  onPremisesSyncEnabled: null,
  userType: 'Member',
  isManagementRestricted: null,
  lastPasswordChangeAt: null,
  memberOf: [],
  owns: [],
  graphRequestId: undefined,
  ...changes,
});

export const aTenant = (changes: Partial<TenantFacts> = {}): TenantFacts => ({
  assignments: [],
  eligibilities: [],
  roleAssignableGroups: [],
  domains: new Map([
    ['contoso.com', 'Managed'],
    ['fabrikam.com', 'Federated'],
  ]),
  ...changes,
});

/** A caller that may do everything and receives the password. */
export const aCaller = (changes: Partial<Caller> = {}): Caller => ({
  name: 'zendesk',
  keyHashes: [],
  appIds: [],
  signature: undefined,
  password: 'return',
  domains: undefined,
  groups: undefined,
  mayEnable: true,
  maxResetsPerHour: 500,
  ...changes,
});
