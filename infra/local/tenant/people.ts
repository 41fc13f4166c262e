// Who lives in the local tenant, and what each of them is there to show. Data alone: population.ts puts it
// into a directory.

import { stableId, type User } from './entities.ts';
import { harmlessRoles, roleIds } from './roles.ts';

const group = (name: string): string => stableId(`group ${name}`);
export const groupIds = {
  /** For PROTECTED_GROUP_IDS. */
  protected: group('protected'),
  /** A member of the protected group: its own members are protected too. */
  protectedInner: group('protected inner'),
  /** Hidden membership: seen only with Member.Read.Hidden. */
  hidden: group('hidden'),
  /** Role-assignable, without a role. */
  roleAssignable: group('role-assignable'),
  /** Role-assignable, holds Global Administrator. */
  administrators: group('administrators'),
  /** Role-assignable, eligible for Security Administrator. */
  eligible: group('eligible'),
  /** An ordinary group, for the `groups` of a caller. */
  sales: group('sales'),
} as const;
export const unitIds = {
  ordinary: stableId('unit ordinary'),
  restricted: stableId('unit restricted'),
} as const;
export const customRoleId = stableId('role custom');

export interface Person {
  readonly userPrincipalName: string;
  readonly shows: string;
  readonly facts?: Partial<User>;
  readonly memberOf?: readonly string[];
  readonly owns?: readonly string[];
  readonly holds?: readonly (readonly [role: string, scope?: string])[];
  readonly eligibleFor?: readonly (readonly [role: string, scope?: string])[];
  readonly deleted?: boolean;
}

const person = (
  local: string,
  shows: string,
  more: Omit<Person, 'userPrincipalName' | 'shows'> = {},
): Person => ({
  userPrincipalName: local.includes('@') ? local : `${local}@contoso.com`,
  shows,
  ...more,
});
const synced = { onPremisesSyncEnabled: true };

/** Everyone, with what happens when their password is reset. */
export const people = {
  enabled: person('adele.vance', 'enabled: reset', {
    facts: { displayName: 'Adele Vance', id: '87d349ed-44d7-43e1-9a83-5f2406dee5bd' },
    memberOf: [groupIds.sales],
  }),
  disabled: person('diego.disabled', 'disabled: enabled and reset', {
    facts: { displayName: 'Diego Siciliani', accountEnabled: false },
  }),
  apostrophe: person("o'hara", 'apostrophe in the name: reset', {
    facts: { displayName: "Scarlett O'Hara" },
  }),
  dollar: person('$nestor.wilke', 'leading $: reset, addressed as users(…)', {
    facts: { displayName: 'Nestor Wilke' },
  }),
  wordyName: person('amber.river', 'a name full of words: none of them may be in the password', {
    facts: { displayName: 'Amber River Stone Maple Tiger Falcon' },
  }),
  hostileName: person('robert.tables', 'a display name that tries to break out: reset', {
    facts: {
      displayName: `{{7*7}} \${x} <b>"Robert'); DROP TABLE users;--</b> \r\nSet-Cookie: a=b`,
    },
  }),
  unitMember: person('unit.member', 'in an ordinary administrative unit: reset', {
    memberOf: [unitIds.ordinary],
  }),
  onCall: person('oncall.engineer', 'holds the app role PasswordReset.Invoke; reset', {
    facts: { displayName: 'Lee Gu' },
  }),
  synced: person('synced', 'synced from on-premises, Graph would answer 400: refused', {
    facts: synced,
  }),
  syncedQuiet: person('synced.quiet', 'synced, Graph would answer 204 in vain: refused', {
    facts: { ...synced, syncedAnswer: 204 },
  }),
  guest: person('a_b#EXT#@contoso.com', 'guest: refused', {
    facts: { displayName: 'Guest of A', userType: 'Guest' },
  }),
  guestAsMember: person('c_d#EXT#@contoso.com', 'external user of type Member: refused', {}),
  cutGuest: {
    userPrincipalName: 'a_b',
    shows: "whom one meets when the guest's address is cut at the #: must never be touched",
  },
  federated: person('federated@fabrikam.com', 'domain federated: refused'),
  unlisted: person('unlisted@retired.contoso.com', 'domain not listed in the tenant: refused'),
  globalAdministrator: person('global.admin', 'Global Administrator: refused', {
    holds: [[roleIds['Global Administrator']]],
  }),
  administratorByGroup: person('admin.by.group', 'Global Administrator through a group: refused', {
    memberOf: [groupIds.administrators],
  }),
  eligibleAdministrator: person('admin.eligible', 'only PIM-eligible for a role: refused', {
    eligibleFor: [[roleIds['Privileged Role Administrator']]],
  }),
  eligibleByGroup: person('admin.eligible.by.group', 'eligible through a group: refused', {
    memberOf: [groupIds.eligible],
  }),
  customRole: person('admin.custom', 'a custom role: refused', { holds: [[customRoleId]] }),
  unitAdministrator: person('admin.of.unit', 'a role scoped to one unit: refused', {
    holds: [[roleIds['Authentication Administrator'], `/administrativeUnits/${unitIds.ordinary}`]],
  }),
  roleGroupMember: person('role.group.member', 'member of a role-assignable group: refused', {
    memberOf: [groupIds.roleAssignable],
  }),
  roleGroupOwner: person('role.group.owner', 'owner of a role-assignable group: refused', {
    owns: [groupIds.roleAssignable],
  }),
  restricted: person('restricted', 'in a restricted management unit: refused', {
    facts: { isManagementRestricted: true },
    memberOf: [unitIds.restricted],
  }),
  protectedMember: person('protected.member', 'member of a protected group: refused', {
    memberOf: [groupIds.protected],
  }),
  protectedInnerMember: person('protected.inner', 'protected through a nested group: refused', {
    memberOf: [groupIds.protectedInner],
  }),
  hiddenMember: person('hidden.member', 'member of a group of hidden membership', {
    memberOf: [groupIds.hidden],
  }),
  deleted: person('deleted', 'deleted, can be restored: not found', { deleted: true }),
} as const satisfies Record<string, Person>;

/** One holder of each of the nine roles that a User Administrator may manage. */
export const roleHolders: readonly Person[] = harmlessRoles.map((role) =>
  person(role.toLowerCase().replaceAll(' ', '.'), `${role}, a harmless role: reset`, {
    facts: { displayName: `Holder of ${role}` },
    holds: [[roleIds[role]]],
  }),
);

/** The list for people: who can be tried, and what each of them shows. */
export const everyone: readonly Person[] = [...Object.values<Person>(people), ...roleHolders];
