// The local tenant's Graph: who may do what. Tokens, permissions for each path and property, and the
// rules on whose password the holder of a role may reset.

import { afterAll, expect, test } from '@jest/globals';
import { groupIds, people, roleHolders, unitIds } from '../../infra/local/tenant/people.ts';
import { type Answer, errorOf, member, openTenant, productRights } from './tenant-client.ts';

const { tenant, graph, close } = await openTenant();
afterAll(close);

const denied = {
  code: 'Authorization_RequestDenied',
  message: 'Insufficient privileges to complete the operation.',
};
const adele = '/v1.0/users/adele.vance@contoso.com';
const reset = {
  passwordProfile: { password: 'Korv-Tadel-77x', forceChangePasswordNextSignIn: true },
};
const enable = { accountEnabled: true };
const patch = (name: string, body: object, token?: string): Promise<Answer> =>
  graph.send('PATCH', `/v1.0/users/${encodeURIComponent(name)}`, {
    body,
    ...(token === undefined ? {} : { token }),
  });

test.each([
  ['no token', () => undefined, 'Access token is empty.'],
  ['garbage', () => 'garbage', 'CompactToken parsing failed with error code: 80049217'],
  [
    'a token with a foreign signature',
    () => tenant.mintToken({}, { foreignKey: true }),
    'CompactToken parsing failed with error code: 80049217',
  ],
  [
    'an expired token',
    () => tenant.mintGraphToken({ ...productRights, seconds: -1 }),
    'Lifetime validation failed, the token is expired.',
  ],
  [
    'a token for someone else',
    () => tenant.mintGraphToken({ ...productRights, audience: 'https://vault.azure.net' }),
    'Access token validation failure. Invalid audience.',
  ],
  [
    'a token of the Entra door',
    () => tenant.mintToken(),
    'Access token validation failure. Invalid audience.',
  ],
])('401 in the words of Graph: %s', async (_, token, message) => {
  const single = await graph.send('GET', adele, { token: token() });
  const batch = await graph.send('POST', '/v1.0/$batch', {
    token: token(),
    body: { requests: [{ id: '1', method: 'GET', url: '/domains' }] },
  });
  for (const answer of [single, batch]) {
    expect([answer.status, errorOf(answer)]).toEqual([
      401,
      { code: 'InvalidAuthenticationToken', message },
    ]);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm=""/);
  }
});

test.each([
  'https://graph.microsoft.com',
  'https://graph.microsoft.com/',
  '00000003-0000-0000-c000-000000000000',
])('a token for %s is for Graph', async (audience) => {
  const token = tenant.mintGraphToken({ ...productRights, audience });
  expect((await graph.send('GET', adele, { token })).status).toBe(200);
});

// The least that opens each call, by Microsoft's permission data and documentation, and what does not.
test.each([
  ['GET', '/users/adele.vance@contoso.com?$select=id,displayName', ['User.ReadBasic.All'], 200],
  ['GET', '/users/adele.vance@contoso.com?$select=id,accountEnabled', ['User.ReadBasic.All'], 403],
  ['GET', '/users/adele.vance@contoso.com?$select=id,accountEnabled', ['User.Read.All'], 200],
  ['GET', '/users/adele.vance@contoso.com', ['User-PasswordProfile.ReadWrite.All'], 403],
  ['GET', '/users/adele.vance@contoso.com/ownedObjects?$select=id', ['User.Read.All'], 200],
  ['GET', '/users/adele.vance@contoso.com/ownedObjects?$select=id', ['User.ReadBasic.All'], 403],
  ['POST', '/users/adele.vance@contoso.com/getMemberObjects', ['User.Read.All'], 200],
  ['POST', '/users/adele.vance@contoso.com/getMemberObjects', ['Application.Read.All'], 403],
  ['POST', '/users/adele.vance@contoso.com/revokeSignInSessions', ['User.RevokeSessions.All'], 200],
  ['POST', '/users/adele.vance@contoso.com/revokeSignInSessions', ['User.Read.All'], 403],
  ['GET', '/domains', ['Domain.Read.All'], 200],
  ['GET', '/domains', ['Directory.Read.All'], 200],
  ['GET', '/domains', ['User.Read.All'], 403],
  ['GET', '/groups?$select=id,visibility', ['GroupMember.Read.All'], 200],
  ['GET', '/groups?$select=id,isAssignableToRole', ['GroupMember.Read.All'], 403],
  ['GET', '/groups?$filter=isAssignableToRole%20eq%20true', ['GroupMember.Read.All'], 403],
  ['GET', '/groups?$filter=isAssignableToRole%20eq%20true', ['Directory.Read.All'], 200],
  ['GET', '/roleManagement/directory/roleAssignments', ['RoleManagement.Read.Directory'], 200],
  ['GET', '/roleManagement/directory/roleAssignments', ['Directory.Read.All'], 200],
  ['GET', '/roleManagement/directory/roleAssignments', ['User.Read.All'], 403],
  [
    'GET',
    '/roleManagement/directory/roleEligibilitySchedules',
    ['RoleEligibilitySchedule.Read.Directory'],
    200,
  ],
  ['GET', '/roleManagement/directory/roleEligibilitySchedules', ['Directory.Read.All'], 403],
  ['GET', '/organization', ['User.Read.All'], 200],
  ['GET', '/organization', [], 403],
])('%s %s with %j: %i', async (method, path, roles, status) => {
  const token = tenant.mintGraphToken({ roles });
  const body = path.endsWith('getMemberObjects') ? { securityEnabledOnly: false } : undefined;
  const answer = await graph.send(method, `/v1.0${path}`, { token, body });
  expect(answer.status).toBe(status);
  if (status === 403) expect(errorOf(answer)).toEqual(denied);
});

// Both the permission and the role, as documented, by default; either alone when switched.
const permission = ['User-PasswordProfile.ReadWrite.All'];
const enabling = ['User.EnableDisableAccount.All', 'User.Read.All'];
const role = ['User Administrator'];
test.each([
  ['both', reset, permission, role, 204],
  ['both', reset, permission, [], 403],
  ['both', reset, [], role, 403],
  ['both', reset, ['User.ReadWrite.All', 'Directory.ReadWrite.All'], role, 403],
  ['both', enable, enabling, [], 204],
  ['both', enable, ['User.EnableDisableAccount.All'], [], 403],
  ['both', enable, permission, [], 403],
  ['both', enable, [], role, 204],
  ['both', { ...enable, ...reset }, permission, role, 204],
  ['both', { ...enable, ...reset }, [...permission, ...enabling], [], 403],
  ['role', reset, [], role, 204],
  ['role', reset, permission, [], 403],
  ['permission', reset, permission, [], 204],
  ['permission', { ...enable, ...reset }, permission, [], 403],
  ['permission', reset, [], role, 403],
] as const)(
  'authority %s, PATCH %j with %j and %j: %i',
  async (authority, body, roles, directoryRoles, status) => {
    tenant.settings.authority = authority;
    const token = tenant.mintGraphToken({ roles, directoryRoles });
    const answer = await patch('adele.vance@contoso.com', body, token);
    tenant.settings.authority = 'both';
    expect(answer.status).toBe(status);
    if (status === 403) expect(errorOf(answer)).toEqual(denied);
  },
);

test('a refused PATCH changes nothing, also not the half that was allowed', async () => {
  const { userPrincipalName } = people.disabled;
  const token = tenant.mintGraphToken({ roles: enabling });
  const answer = await patch(userPrincipalName, { ...enable, ...reset }, token);
  expect(answer.status).toBe(403);
  expect(tenant.directory.user(userPrincipalName)).toMatchObject({
    accountEnabled: false,
    password: 'Autumn-Harbor-41',
  });
});

test.each([
  people.globalAdministrator,
  people.administratorByGroup,
  people.eligibleAdministrator,
  people.eligibleByGroup,
  people.customRole,
  people.unitAdministrator,
  people.roleGroupMember,
  people.roleGroupOwner,
])(
  'a User Administrator may not reset $userPrincipalName ($shows)',
  async ({ userPrincipalName }) => {
    const byPassword = await patch(userPrincipalName, reset);
    const byEnabling = await patch(userPrincipalName, enable);
    expect([byPassword.status, errorOf(byPassword)]).toEqual([403, denied]);
    expect([byEnabling.status, errorOf(byEnabling)]).toEqual([403, denied]);
    expect(tenant.directory.user(userPrincipalName)?.password).toBe('Autumn-Harbor-41');
  },
);

test('it may reset the holders of nine roles', async () => {
  const statuses = await Promise.all(
    roleHolders.map(
      async ({ userPrincipalName }) => (await patch(userPrincipalName, reset)).status,
    ),
  );
  expect(statuses).toEqual([204, 204, 204, 204, 204, 204, 204, 204, 204]);
});

test('not when such a role is scoped to a restricted management unit', async () => {
  const [user] = tenant.directory.addUsers(1, 'scoped');
  tenant.directory.assignRole(
    user?.id ?? '',
    '729827e3-9c14-49f7-bb1b-9608f156bbb8',
    `/administrativeUnits/${unitIds.restricted}`,
  );
  expect((await patch('scoped-00001@contoso.com', reset)).status).toBe(403);
});

test.each([
  ['Privileged Authentication Administrator', 'global.admin@contoso.com', 204],
  ['Global Administrator', 'role.group.owner@contoso.com', 204],
  ['Directory Readers', 'adele.vance@contoso.com', 403],
])('%s and %s: %i', async (role, name, status) => {
  const token = tenant.mintGraphToken({ roles: permission, directoryRoles: [role] });
  expect((await patch(name, reset, token)).status).toBe(status);
});

test('when the permission alone decides, it reaches administrators too: only a guard stops it', async () => {
  tenant.settings.authority = 'permission';
  const token = tenant.mintGraphToken({ roles: permission });
  const answer = await patch('admin.custom@contoso.com', reset, token);
  tenant.settings.authority = 'both';
  expect(answer.status).toBe(204);
});

const restricted =
  'Insufficient privileges to complete the operation. Target object is a member of a restricted management administrative unit and can only be modified by administrators scoped to that administrative unit. Check that you are assigned a role that has permission to perform the operation for this restricted management administrative unit. Learn more: https://go.microsoft.com/fwlink/?linkid=2197831';

test('a user in a restricted management unit is beyond every right of the whole tenant', async () => {
  const global = tenant.mintGraphToken({ directoryRoles: ['Global Administrator'] });
  for (const token of [undefined, global]) {
    const answer = await patch('restricted@contoso.com', reset, token);
    expect([answer.status, errorOf(answer)]).toEqual([
      403,
      { code: 'Authorization_RequestDenied', message: restricted },
    ]);
  }
});

test('an administrator of that unit may, within the unit', async () => {
  const principalId = 'a26d4a0e-8d0f-4f67-8a9c-1c5d8b0f7a11';
  const userAdministrator = 'fe930be7-5e62-47db-91af-98c3a49a38b1';
  const unit = `/administrativeUnits/${unitIds.restricted}`;
  tenant.directory.assignRole(principalId, userAdministrator, unit);
  const token = tenant.mintGraphToken({ roles: permission, principalId });
  expect((await patch('restricted@contoso.com', reset, token)).status).toBe(204);
  expect((await patch('adele.vance@contoso.com', reset, token)).status).toBe(403);
});

const memberships = async (token: string): Promise<unknown> =>
  member(
    await graph.send('POST', '/v1.0/users/hidden.member@contoso.com/getMemberObjects', {
      token,
      body: { securityEnabledOnly: false },
    }),
    'value',
  );

test('groups of hidden membership are absent without Member.Read.Hidden', async () => {
  const without = tenant.mintGraphToken({ roles: ['Directory.Read.All'] });
  const having = tenant.mintGraphToken({ roles: ['Directory.Read.All', 'Member.Read.Hidden'] });
  expect(await memberships(without)).toEqual([]);
  expect(await memberships(having)).toEqual([groupIds.hidden]);
});

test('an owned group is listed all the same: owning is not being a member', async () => {
  const [owner] = tenant.directory.addUsers(1, 'owner');
  tenant.directory.own(owner?.id ?? '', groupIds.hidden);
  const token = tenant.mintGraphToken({ roles: ['Directory.Read.All'] });
  const answer = await graph.send(
    'GET',
    '/v1.0/users/owner-00001@contoso.com/ownedObjects?$select=id',
    { token },
  );
  expect(member(answer, 'value')).toEqual([
    { '@odata.type': '#microsoft.graph.group', id: groupIds.hidden },
  ]);
});

test('a right can be withheld while the tenant runs, from tokens already issued too', async () => {
  tenant.settings.withheld.add('User Administrator');
  const without = await patch('adele.vance@contoso.com', reset);
  tenant.settings.withheld.clear();
  const having = await patch('adele.vance@contoso.com', reset);
  expect([without.status, having.status]).toEqual([403, 204]);
});
