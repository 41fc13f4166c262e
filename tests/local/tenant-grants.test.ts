// The local tenant's Graph: what whoever sets the product up asks of it. Applications, service principals,
// app role and directory role assignments, with an administrator's rights.

import { afterAll, expect, test } from '@jest/globals';
import { unitIds } from '../../infra/local/tenant/people.ts';
import { ids } from '../../infra/local/tenant/population.ts';
import { type Answer, errorOf, member, openTenant, rows } from './tenant-client.ts';

const administrator = {
  roles: [
    'AppRoleAssignment.ReadWrite.All',
    'Application.ReadWrite.All',
    'RoleManagement.ReadWrite.Directory',
    'Directory.Read.All',
  ],
};
const lacking = { without: ['User.Read.All', 'User Administrator'] };
const { tenant, graph, close } = await openTenant(administrator, lacking);
afterAll(close);

const graphAppId = '00000003-0000-0000-c000-000000000000';
const userReadAll = 'df021288-bdef-4463-88db-98f22de89214';
const userAdministrator = 'fe930be7-5e62-47db-91af-98c3a49a38b1';
const assignments = `/v1.0/servicePrincipals/${ids.identity}/appRoleAssignments`;
const wish = { principalId: ids.identity, resourceId: ids.graph, appRoleId: userReadAll };
const post = (path: string, body: object, token?: string): Promise<Answer> =>
  graph.send('POST', path, { body, ...(token === undefined ? {} : { token }) });
const filtered = (clause: string) => `$filter=${encodeURIComponent(clause)}`;
const denied = {
  code: 'Authorization_RequestDenied',
  message: 'Insufficient privileges to complete the operation.',
};

test('Microsoft Graph is found by its app id, with its app roles', async () => {
  const query = `${filtered(`appId eq '${graphAppId}'`)}&$select=id,appId,appRoles`;
  const found = rows(await graph.get(`/v1.0/servicePrincipals?${query}`));
  expect(found).toHaveLength(1);
  expect(found[0]?.['id']).toBe(ids.graph);
  expect(found[0]?.['appRoles']).toContainEqual(
    expect.objectContaining({ id: userReadAll, value: 'User.Read.All' }),
  );
  const byKey = await graph.get(`/v1.0/servicePrincipals(appId='${graphAppId}')?$select=id`);
  expect(member(byKey, 'id')).toBe(ids.graph);
});

test('the identity is found by name, and is a managed identity', async () => {
  const query = `${filtered("displayName eq 'id-password-reset' and servicePrincipalType eq 'ManagedIdentity'")}&$select=id`;
  expect(rows(await graph.get(`/v1.0/servicePrincipals?${query}`))).toEqual([{ id: ids.identity }]);
});

test('an app role is granted once, listed, and taken back', async () => {
  const made = await post(assignments, wish);
  expect(made.status).toBe(201);
  expect(made.body).toMatchObject({
    ...wish,
    principalType: 'ServicePrincipal',
    principalDisplayName: 'id-password-reset',
    resourceDisplayName: 'Microsoft Graph',
  });
  const twice = await post(assignments, wish);
  expect([twice.status, errorOf(twice)]).toEqual([
    400,
    {
      code: 'Request_BadRequest',
      message: 'Permission being assigned already exists on the object',
    },
  ]);
  const id = String(member(made, 'id'));
  const listed = rows(await graph.get(assignments)).map((row) => row['id']);
  expect(listed).toContain(id);
  expect(member(await graph.get(`${assignments}/${id}`), 'appRoleId')).toBe(userReadAll);
  expect((await graph.send('DELETE', `${assignments}/${id}`)).status).toBe(204);
  expect((await graph.send('DELETE', `${assignments}/${id}`)).status).toBe(404);
  expect(rows(await graph.get(assignments)).map((row) => row['id'])).not.toContain(id);
});

const unknown = '00000000-1111-2222-3333-444444444444';
test.each([
  ['for someone else than the path says', { ...wish, principalId: ids.clientPrincipal }, 400],
  ['of an unknown resource', { ...wish, resourceId: unknown }, 404],
  ['of an unknown role', { ...wish, appRoleId: unknown }, 400],
  ['without a role', { principalId: ids.identity, resourceId: ids.graph }, 400],
  ['with an id that is none', { ...wish, appRoleId: 'User.Read.All' }, 400],
  ['with a property that is not there', { ...wish, role: 'x' }, 400],
])('an app role assignment %s is refused', async (_, body, status) => {
  const before = tenant.directory.appRoleAssignments.size;
  expect((await post(assignments, body)).status).toBe(status);
  expect(tenant.directory.appRoleAssignments.size).toBe(before);
});

test.each([
  [['Application.Read.All'], [], 403],
  [['AppRoleAssignment.ReadWrite.All'], [], 403],
  [['AppRoleAssignment.ReadWrite.All', 'Application.Read.All'], [], 201],
  [[], ['Application Administrator'], 403],
  [[], ['Privileged Role Administrator'], 201],
  [[], ['Global Administrator'], 201],
])('granting an app role with %j and %j: %i', async (roles, directoryRoles, status) => {
  const answer = await post(assignments, wish, tenant.mintGraphToken({ roles, directoryRoles }));
  expect(answer.status).toBe(status);
  if (status === 403) expect(errorOf(answer)).toEqual(denied);
  else await graph.send('DELETE', `${assignments}/${member(answer, 'id')}`);
});

const roleAssignments = '/v1.0/roleManagement/directory/roleAssignments';
const roleWish = {
  '@odata.type': '#microsoft.graph.unifiedRoleAssignment',
  roleDefinitionId: userAdministrator,
  principalId: ids.identity,
  directoryScopeId: '/',
};

test('a directory role is assigned once, found by filter, and taken back', async () => {
  const made = await post(roleAssignments, roleWish);
  expect([made.status, member(made, 'directoryScopeId')]).toEqual([201, '/']);
  const twice = await post(roleAssignments, roleWish);
  expect([twice.status, errorOf(twice)]).toEqual([
    400,
    {
      code: 'Request_BadRequest',
      message:
        'A conflicting object with one or more of the specified property values is present in the directory.',
    },
  ]);
  const id = String(member(made, 'id'));
  const clause = `principalId eq '${ids.identity}' and roleDefinitionId eq '${userAdministrator}'`;
  const query = `${filtered(clause)}&$select=id,directoryScopeId`;
  expect(rows(await graph.get(`${roleAssignments}?${query}`))).toEqual([
    { id, directoryScopeId: '/' },
  ]);
  expect((await graph.send('DELETE', `${roleAssignments}/${id}`)).status).toBe(204);
  expect((await graph.get(`${roleAssignments}/${id}`)).status).toBe(404);
});

test('a role can be scoped to a unit that is there', async () => {
  const directoryScopeId = `/administrativeUnits/${unitIds.ordinary}`;
  const unit = await graph.get(`/v1.0/directory/administrativeUnits/${unitIds.ordinary}`);
  expect(member(unit, 'isMemberManagementRestricted')).toBe(false);
  const made = await post(roleAssignments, { ...roleWish, directoryScopeId });
  expect(made.status).toBe(201);
  await graph.send('DELETE', `${roleAssignments}/${member(made, 'id')}`);
  const nowhere = { ...roleWish, directoryScopeId: `/administrativeUnits/${unknown}` };
  expect((await post(roleAssignments, nowhere)).status).toBe(404);
});

test.each([
  ['an unknown role', { ...roleWish, roleDefinitionId: unknown }, 404],
  ['an unknown principal', { ...roleWish, principalId: unknown }, 404],
  ['no scope', { roleDefinitionId: userAdministrator, principalId: ids.identity }, 400],
])('a role assignment with %s is refused', async (_, body, status) => {
  expect((await post(roleAssignments, body)).status).toBe(status);
});

test('assigning roles needs its own right', async () => {
  const token = tenant.mintGraphToken({ roles: ['Directory.ReadWrite.All'] });
  const answer = await post(roleAssignments, roleWish, token);
  expect([answer.status, errorOf(answer)]).toEqual([403, denied]);
});

// /applications and single app role assignments are not in the metadata subset: what is expected here
// comes from the documentation of the calls and is not held to Microsoft's metadata by a test.
const role = {
  id: '0b7a4a6e-4b8c-4f3e-9d53-b6d1a1c4f0d2',
  value: 'PasswordReset.Invoke',
  displayName: 'Reset passwords',
  description: 'May call the endpoint',
  isEnabled: true,
  allowedMemberTypes: ['User', 'Application'],
};

test('an application is registered, changed, given a service principal, and its role assigned', async () => {
  const made = await post('/v1.0/applications', { displayName: 'Desk' });
  expect(made.status).toBe(201);
  expect(made.body).toMatchObject({ displayName: 'Desk', signInAudience: 'AzureADMyOrg' });
  const { id, appId } = made.body as { id: string; appId: string };
  const change = {
    appRoles: [role],
    identifierUris: [`api://${appId}`],
    api: { requestedAccessTokenVersion: 2 },
  };
  expect((await graph.send('PATCH', `/v1.0/applications/${id}`, { body: change })).status).toBe(
    204,
  );
  const found = await graph.get(
    `/v1.0/applications?${filtered("displayName eq 'Desk'")}&$select=id,identifierUris`,
  );
  expect(rows(found)).toEqual([{ id, identifierUris: [`api://${appId}`] }]);

  const principal = await post('/v1.0/servicePrincipals', { appId });
  expect(principal.body).toMatchObject({ appId, displayName: 'Desk', appRoles: [role] });
  expect((await post('/v1.0/servicePrincipals', { appId })).status).toBe(400);
  const resourceId = String(member(principal, 'id'));
  const assigned = await post(`/v1.0/servicePrincipals/${resourceId}/appRoleAssignedTo`, {
    principalId: tenant.directory.user('adele.vance@contoso.com')?.id,
    resourceId,
    appRoleId: role.id,
  });
  expect(assigned.body).toMatchObject({
    principalType: 'User',
    principalDisplayName: 'Adele Vance',
  });
  const holders = await graph.get(`/v1.0/servicePrincipals/${resourceId}/appRoleAssignedTo`);
  expect(rows(holders)).toHaveLength(1);
  const single = `/v1.0/servicePrincipals/${resourceId}/appRoleAssignedTo/${member(assigned, 'id')}`;
  expect(member(await graph.get(single), 'appRoleId')).toBe(role.id);
  expect((await graph.send('DELETE', single)).status).toBe(204);
  expect((await graph.get(single)).status).toBe(404);

  const later = { appRoles: [{ ...role, isEnabled: false }] };
  await graph.send('PATCH', `/v1.0/applications/${id}`, { body: later });
  const principalNow = await graph.get(`/v1.0/servicePrincipals/${resourceId}?$select=appRoles`);
  expect(member(principalNow, 'appRoles')).toEqual([{ ...role, isEnabled: false }]);
});

test.each([
  ['/v1.0/applications', {}, 400],
  ['/v1.0/applications', { displayName: 7 }, 400],
  ['/v1.0/applications', { displayName: 'x', appRoles: [{ colour: 'red' }] }, 400],
  ['/v1.0/servicePrincipals', {}, 400],
  ['/v1.0/servicePrincipals', { appId: unknown }, 404],
])('POST %s %j: %i', async (path, body, status) => {
  expect((await post(path, body)).status).toBe(status);
});

test("an Application Administrator assigns the app roles of the product, not Graph's", async () => {
  const token = tenant.mintGraphToken({ directoryRoles: ['Application Administrator'] });
  const principalId = tenant.directory.user('adele.vance@contoso.com')?.id;
  const product = await graph.get(`/v1.0/servicePrincipals/${ids.product}?$select=appRoles`);
  const [offered] = member(product, 'appRoles') as { id: string }[];
  const body = { principalId, resourceId: ids.product, appRoleId: offered?.id };
  const path = `/v1.0/servicePrincipals/${ids.product}/appRoleAssignedTo`;
  expect((await post(path, body, token)).status).toBe(201);
  expect((await post(assignments, wish, token)).status).toBe(403);
});

test('registering needs the right to it', async () => {
  const token = tenant.mintGraphToken({ roles: ['Application.Read.All'] });
  expect((await post('/v1.0/applications', { displayName: 'x' }, token)).status).toBe(403);
  expect((await graph.send('GET', '/v1.0/applications', { token })).status).toBe(200);
});

test('what was granted is in the next token of the identity', async () => {
  const made = [await post(assignments, wish), await post(roleAssignments, roleWish)];
  expect(made.map(({ status }) => status)).toEqual([201, 201]);
  const { IDENTITY_ENDPOINT: endpoint, IDENTITY_HEADER: header = '' } = tenant.environment;
  const url = `${endpoint}?api-version=2019-08-01&resource=${encodeURIComponent(tenant.origin)}`;
  const response = await fetch(url, { headers: { 'X-IDENTITY-HEADER': header } });
  const { access_token: token } = (await response.json()) as { access_token: string };
  const body = { passwordProfile: { password: 'Korv-Tadel-77x' } };
  const path = '/v1.0/users/adele.vance@contoso.com';
  expect((await graph.send('PATCH', path, { token, body })).status).toBe(204);
});
