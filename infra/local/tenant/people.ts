// Who lives in the local tenant, and what each of them is there to show. Fills a directory; knows nothing
// of how it is served.

import { type Directory, stableId, type User } from './directory.ts';
import { metadata } from './metadata.ts';
import { harmlessRoles, roleIds } from './roles.ts';

export const initialPassword = 'Autumn-Harbor-41';

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

const identityRights = [
  'User-PasswordProfile.ReadWrite.All',
  'User.EnableDisableAccount.All',
  'User.RevokeSessions.All',
  'User.Read.All',
  'Directory.Read.All',
  'RoleEligibilitySchedule.Read.Directory',
  'Member.Read.Hidden',
];

export const ids = {
  tenant: stableId('tenant'),
  identityClient: stableId('identity client'),
  identity: stableId('identity'),
  graph: stableId('service principal of graph'),
  productApp: stableId('product app'),
  productApplication: stableId('product application'),
  product: stableId('service principal of the product'),
  client: stableId('client app'),
  clientPrincipal: stableId('service principal of the client'),
} as const;

const invoke = {
  id: stableId('app role PasswordReset.Invoke'),
  value: 'PasswordReset.Invoke',
  displayName: 'Reset passwords',
  description: 'May call the password reset endpoint',
  isEnabled: true,
  allowedMemberTypes: ['User', 'Application'],
};

/** Fills an empty directory. `without`: permissions and roles that the identity does not get. */
export function populate(directory: Directory, without: readonly string[]): void {
  addTenant(directory);
  addGroups(directory);
  addRoles(directory);
  for (const one of everyone) addPerson(directory, one);
  addApplications(directory, without);
}

function addTenant(directory: Directory): void {
  directory.add(directory.organization, { id: ids.tenant, displayName: 'Contoso' });
  for (const [id, authenticationType] of [
    ['contoso.com', 'Managed'],
    ['contoso.onmicrosoft.com', 'Managed'],
    ['fabrikam.com', 'Federated'],
  ] as const) {
    directory.add(directory.domains, {
      id,
      authenticationType,
      isDefault: id === 'contoso.com',
      isInitial: id === 'contoso.onmicrosoft.com',
      isVerified: true,
      isRoot: true,
      isAdminManaged: true,
      supportedServices: [],
    });
  }
  for (const [name, id] of Object.entries(unitIds)) {
    const isMemberManagementRestricted = name === 'restricted';
    directory.add(directory.administrativeUnits, {
      ...{ id, displayName: `Unit ${name}`, visibility: null, isMemberManagementRestricted },
    });
  }
}

function addGroups(directory: Directory): void {
  const assignable: readonly string[] = [
    groupIds.roleAssignable,
    groupIds.administrators,
    groupIds.eligible,
  ];
  for (const [name, id] of Object.entries(groupIds)) {
    directory.add(directory.groups, {
      id,
      displayName: `Group ${name}`,
      securityEnabled: true,
      mailEnabled: false,
      // Null and false are both seen on ordinary groups.
      isAssignableToRole: assignable.includes(id) ? true : id === groupIds.sales ? false : null,
      visibility: id === groupIds.hidden ? 'HiddenMembership' : null,
      createdDateTime: '2026-01-10T10:00:00Z',
    });
  }
  directory.join(groupIds.protectedInner, groupIds.protected);
}

function addRoles(directory: Directory): void {
  for (const [displayName, id] of Object.entries(roleIds)) {
    directory.add(directory.roleDefinitions, {
      ...{ id, templateId: id, displayName, isBuiltIn: true, isEnabled: true },
    });
    directory.add(directory.directoryRoles, {
      ...{ id: stableId(`directory role ${id}`), roleTemplateId: id, displayName },
    });
  }
  directory.add(directory.roleDefinitions, {
    id: customRoleId,
    templateId: customRoleId,
    displayName: 'Custom support role',
    isBuiltIn: false,
    isEnabled: true,
  });
  directory.assignRole(groupIds.administrators, roleIds['Global Administrator']);
  directory.makeEligible(groupIds.eligible, roleIds['Security Administrator']);
}

function addPerson(directory: Directory, one: Person): void {
  const { userPrincipalName, facts } = one;
  const user = directory.addUser({ password: initialPassword, userPrincipalName, ...facts });
  for (const id of one.memberOf ?? []) directory.join(user.id, id);
  for (const id of one.owns ?? []) directory.own(user.id, id);
  for (const [role, scope] of one.holds ?? []) directory.assignRole(user.id, role, scope);
  for (const [role, scope] of one.eligibleFor ?? []) directory.makeEligible(user.id, role, scope);
  if (one.deleted) directory.removeUser(user.id);
}

function addApplications(directory: Directory, without: readonly string[]): void {
  const principal = (id: string, appId: string, displayName: string, more: object): void => {
    const common = { accountEnabled: true, servicePrincipalType: 'Application', appRoles: [] };
    directory.add(directory.servicePrincipals, {
      ...{ ...common, ...more },
      ...{ id, appId, displayName, servicePrincipalNames: [appId] },
    });
  };
  principal(ids.graph, '00000003-0000-0000-c000-000000000000', 'Microsoft Graph', {
    appRoles: Object.entries(metadata.appRoles).map(([value, id]) => ({
      ...{ id, value, displayName: value, description: value },
      ...{ isEnabled: true, allowedMemberTypes: ['Application'] },
    })),
  });
  principal(ids.identity, ids.identityClient, 'id-password-reset', {
    servicePrincipalType: 'ManagedIdentity',
  });
  principal(ids.clientPrincipal, ids.client, 'Helpdesk flows', {});
  directory.add(directory.applications, {
    id: ids.productApplication,
    appId: ids.productApp,
    displayName: 'Password reset',
    signInAudience: 'AzureADMyOrg',
    identifierUris: [`api://${ids.productApp}`],
    appRoles: [invoke],
  });
  principal(ids.product, ids.productApp, 'Password reset', { appRoles: [invoke] });

  for (const name of identityRights.filter((right) => !without.includes(right))) {
    directory.assignAppRole(ids.identity, ids.graph, metadata.appRoles[name] ?? '');
  }
  if (!without.includes('User Administrator'))
    directory.assignRole(ids.identity, roleIds['User Administrator']);
  directory.assignAppRole(ids.clientPrincipal, ids.product, invoke.id);
  const engineer = directory.user(people.onCall.userPrincipalName);
  if (engineer) directory.assignAppRole(engineer.id, ids.product, invoke.id);
}
