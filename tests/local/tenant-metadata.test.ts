// The local tenant and Microsoft's own metadata: nothing is served that Graph v1.0 does not have, and what
// is answered has the names and types that Graph gives it.

import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from '@jest/globals';
import { servedOperations } from '../../infra/local/tenant/graph.ts';
import { harmlessRoles, roleIds } from '../../infra/local/tenant/roles.ts';
import {
  conformsToMetadata,
  entityProblems,
  templateOf,
  typeAt,
} from '../support/graph-metadata.ts';
import { openTenant, productRights, rows } from './tenant-client.ts';

const { graph, close } = await openTenant({ directoryRoles: ['Global Administrator'] });
afterAll(close);

const file = new URL('../../infra/local/tenant/graph-v1.0-subset.json', import.meta.url);
const metadata: {
  paths: Record<string, Record<string, string[]>>;
  permissions: Record<string, unknown>;
  appRoles: Record<string, string>;
} = JSON.parse(readFileSync(file, 'utf8'));

test('every operation served is in the metadata, but for what the subset leaves out', () => {
  const strangers = servedOperations.filter((operation) => {
    const [method = '', path = ''] = operation.split(' ');
    return metadata.paths[path]?.[method.toLowerCase()] === undefined;
  });
  expect(strangers.sort()).toEqual([
    'DELETE /servicePrincipals/{}/appRoleAssignedTo/{}',
    'DELETE /servicePrincipals/{}/appRoleAssignments/{}',
    'GET /applications',
    'GET /applications/{}',
    'GET /servicePrincipals/{}/appRoleAssignedTo',
    'GET /servicePrincipals/{}/appRoleAssignedTo/{}',
    'GET /servicePrincipals/{}/appRoleAssignments/{}',
    'PATCH /applications/{}',
    'POST /applications',
    'POST /servicePrincipals/{}/appRoleAssignedTo',
  ]);
});

test('every operation served has its permissions there, but for one', () => {
  const without = servedOperations.filter(
    (operation) =>
      metadata.permissions[operation] === undefined &&
      metadata.paths[operation.split(' ')[1] ?? ''] !== undefined,
  );
  expect(without.sort()).toEqual(['GET /roleManagement/directory/roleEligibilitySchedules/{}']);
});

const lists: readonly (readonly [string, string])[] = [
  ['/users', 'user'],
  ['/groups', 'group'],
  ['/domains', 'domain'],
  ['/organization', 'organization'],
  ['/directoryRoles', 'directoryRole'],
  ['/directory/administrativeUnits', 'administrativeUnit'],
  ['/roleManagement/directory/roleDefinitions', 'unifiedRoleDefinition'],
  ['/roleManagement/directory/roleAssignments', 'unifiedRoleAssignment'],
  ['/roleManagement/directory/roleEligibilitySchedules', 'unifiedRoleEligibilitySchedule'],
  ['/servicePrincipals', 'servicePrincipal'],
];

test.each(lists)(
  '%s is a collection of %s, and its rows have the names and types of it',
  async (path, type) => {
    expect(typeAt(path)).toBe(type);
    const answer = await graph.get(`/v1.0${path}`);
    expect(rows(answer).length).toBeGreaterThan(0);
    expect(rows(answer).flatMap((row) => entityProblems(type, row))).toEqual([]);
  },
);

test('the look-up of a user has the names and types that Graph gives them', async () => {
  const select =
    'id,userPrincipalName,displayName,accountEnabled,onPremisesSyncEnabled,userType,isManagementRestricted,lastPasswordChangeDateTime,signInSessionsValidFromDateTime';
  const answer = await graph.get(`/v1.0/users?$select=${select}&$top=999`);
  expect(rows(answer).length).toBeGreaterThan(30);
  expect(rows(answer).flatMap((row) => entityProblems('user', row))).toEqual([]);
});

test('the permissions of the identity are app roles of Graph, with the ids of the documentation', () => {
  expect(productRights.roles.filter((name) => metadata.appRoles[name] === undefined)).toEqual([]);
  expect(metadata.appRoles['User-PasswordProfile.ReadWrite.All']).toBe(
    'cc117bb9-00cf-4eb8-b580-ea2a878fe8f7',
  );
  expect(metadata.appRoles['Member.Read.Hidden']).toBe('658aa5d8-239f-45c4-aa12-864f4fc7e490');
  expect(harmlessRoles).toHaveLength(9);
  expect(roleIds['User Administrator']).toBe('fe930be7-5e62-47db-91af-98c3a49a38b1');
});

const user = '/v1.0/users/87d349ed-44d7-43e1-9a83-5f2406dee5bd';
const reset = {
  accountEnabled: true,
  passwordProfile: { password: 'x', forceChangePasswordNextSignIn: true },
};

test.each([
  ['POST', '/v1.0/$batch', { requests: [] }],
  ['GET', `${user}?$select=id,accountEnabled,isManagementRestricted`, undefined],
  ['GET', "/v1.0/users('$nestor%40contoso.com')?$select=id", undefined],
  ['GET', "/v1.0/users('o''hara@contoso.com')/ownedObjects?$select=id&$top=999", undefined],
  ['POST', "/v1.0/users/o'hara%40contoso.com/getMemberObjects", { securityEnabledOnly: false }],
  ['PATCH', user, reset],
  ['POST', `${user}/revokeSignInSessions`, undefined],
  [
    'GET',
    '/v1.0/groups?$filter=isAssignableToRole%20eq%20true&$select=id,visibility&$top=999',
    undefined,
  ],
  ['GET', '/v1.0/groups?$select=id&$skiptoken=MTAw', undefined],
  [
    'GET',
    '/v1.0/roleManagement/directory/roleEligibilitySchedules?$select=principalId,roleDefinitionId,directoryScopeId',
    undefined,
  ],
])('the second opinion lets pass: %s %s', (method, path, body) => {
  expect(conformsToMetadata({ method, path, body })).toEqual([]);
});

test.each([
  ['GET', '/beta/users', undefined, ['/beta/users is not in v1.0']],
  ['GET', '/v1.0/$batch', undefined, ['GET /$batch']],
  ['PUT', user, reset, ['PUT /users/87d349ed-44d7-43e1-9a83-5f2406dee5bd does not exist']],
  [
    'GET',
    '/v1.0/users/$nestor@contoso.com',
    undefined,
    ['GET /users/$nestor@contoso.com does not exist'],
  ],
  [
    'GET',
    `${user}/assignedRoles`,
    undefined,
    ['GET /users/87d349ed-44d7-43e1-9a83-5f2406dee5bd/assignedRoles does not exist'],
  ],
  ['GET', `${user}?$select=id,assignedRoles`, undefined, ['no property assignedRoles']],
  ['GET', `${user}?$top=5`, undefined, ['no query option $top']],
  [
    'GET',
    '/v1.0/groups?$filter=isRoleAssignable%20eq%20true',
    undefined,
    ['no property isRoleAssignable'],
  ],
  ['GET', user, reset, ['GET with a body']],
  ['PATCH', user, undefined, ['PATCH without a body']],
  ['PATCH', user, { accountEnabled: 'true' }, ['accountEnabled is not Edm.Boolean']],
  ['PATCH', user, { passwordProfile: { passwort: 'x' } }, ['no property passwort']],
  ['PATCH', user, { businessPhones: null }, ['businessPhones is never null']],
  ['PATCH', user, { businessPhones: '1' }, ['businessPhones is not a collection']],
  ['PATCH', user, [], ['not an object']],
  ['POST', `${user}/getMemberObjects`, { securityOnly: true }, ['no property securityOnly']],
  [
    'POST',
    `${user}/getMemberObjects`,
    { securityEnabledOnly: 1 },
    ['securityEnabledOnly is not Edm.Boolean'],
  ],
])('the second opinion objects: %s %s %j', (method, path, body, problems) => {
  expect(conformsToMetadata({ method, path, body })).toEqual(problems);
});

test('keys in any spelling lead to the same path of the metadata', () => {
  expect(templateOf('/users/a%2Fb/ownedObjects')).toBe('/users/{}/ownedObjects');
  expect(templateOf("/users('a/b''c')/ownedObjects")).toBe('/users/{}/ownedObjects');
  expect(templateOf('/users/$count')).toBe('/users/$count');
  expect(templateOf('/users//ownedObjects')).toBeUndefined();
});
