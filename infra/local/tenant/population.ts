// Fills an empty directory: the tenant, its groups and roles, the people of people.ts, the applications and
// the identity with its rights.

import { assignAppRole } from './app-roles.ts';
import type { Directory } from './directory.ts';
import { stableId } from './entities.ts';
import { metadata } from './metadata.ts';
import { customRoleId, everyone, groupIds, type Person, people, unitIds } from './people.ts';
import { roleIds } from './roles.ts';

/** What `npm run grant` gives by default, beside the role User Administrator. */
const identityRights = [
  'Directory.Read.All',
  'RoleEligibilitySchedule.Read.Directory',
  'Member.Read.Hidden',
];

/** The tenant, the managed identity of the product, and the applications around it. */
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
  const user = directory.addUser({ userPrincipalName, ...facts });
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
    assignAppRole(directory, ids.identity, ids.graph, metadata.appRoles[name] ?? '');
  }
  if (!without.includes('User Administrator'))
    directory.assignRole(ids.identity, roleIds['User Administrator']);
  assignAppRole(directory, ids.clientPrincipal, ids.product, invoke.id);
  const engineer = directory.user(people.onCall.userPrincipalName);
  if (engineer) assignAppRole(directory, engineer.id, ids.product, invoke.id);
}
