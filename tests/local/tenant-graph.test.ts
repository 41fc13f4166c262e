// The local tenant's Graph: addressing, reading, paging, and the words with which it refuses.

import { afterAll, expect, test } from '@jest/globals';
import { groupIds, people } from '../../infra/local/tenant/people.ts';
import { errorOf, member, openTenant, rows } from './tenant-client.ts';

const { tenant, graph, close } = await openTenant();
afterAll(close);

const adele = '87d349ed-44d7-43e1-9a83-5f2406dee5bd';

test('a user shows what is selected and nothing else, unset properties as null', async () => {
  const select =
    'id,userPrincipalName,displayName,accountEnabled,onPremisesSyncEnabled,userType,isManagementRestricted,lastPasswordChangeDateTime';
  const answer = await graph.get(`/v1.0/users/adele.vance%40contoso.com?$select=${select}`);
  expect(answer.status).toBe(200);
  expect(answer.body).toEqual({
    '@odata.context': `${tenant.origin}/v1.0/$metadata#users(${select})/$entity`,
    id: adele,
    userPrincipalName: 'adele.vance@contoso.com',
    displayName: 'Adele Vance',
    accountEnabled: true,
    onPremisesSyncEnabled: null,
    userType: 'Member',
    isManagementRestricted: null,
    lastPasswordChangeDateTime: '2026-01-15T08:30:00Z',
  });
});

test('without $select a user shows the eleven default properties: not accountEnabled', async () => {
  const answer = await graph.get(`/v1.0/users/${adele}`);
  expect(Object.keys(answer.body as object).sort()).toEqual([
    '@odata.context',
    'businessPhones',
    'displayName',
    'givenName',
    'id',
    'jobTitle',
    'mail',
    'mobilePhone',
    'officeLocation',
    'preferredLanguage',
    'surname',
    'userPrincipalName',
  ]);
});

test('a password never comes back', async () => {
  const answer = await graph.get(`/v1.0/users/${adele}?$select=id,passwordProfile`);
  expect(member(answer, 'passwordProfile')).toBeNull();
  expect(JSON.stringify(answer.body)).not.toContain('Autumn-Harbor-41');
});

test.each([
  ['an object id', `/users/${adele}`, 'adele.vance@contoso.com'],
  ['an object id in capitals', `/users/${adele.toUpperCase()}`, 'adele.vance@contoso.com'],
  ['a name in another case', '/users/ADELE.Vance@contoso.com', 'adele.vance@contoso.com'],
  ['an apostrophe, not doubled', "/users/o'hara@contoso.com", "o'hara@contoso.com"],
  ['an encoded apostrophe', '/users/o%27hara@contoso.com', "o'hara@contoso.com"],
  ['parentheses, apostrophe doubled', "/users('o''hara@contoso.com')", "o'hara@contoso.com"],
  [
    'a leading $ in parentheses',
    "/users('$nestor.wilke@contoso.com')",
    '$nestor.wilke@contoso.com',
  ],
  ['the same, encoded', "/users('%24nestor.wilke%40contoso.com')", '$nestor.wilke@contoso.com'],
  ['a guest, # encoded', '/users/a_b%23EXT%23@contoso.com', 'a_b#EXT#@contoso.com'],
  ['a guest whose # was not encoded: another user', '/users/a_b#EXT#@contoso.com', 'a_b'],
])('addressing a user by %s', async (_, path, found) => {
  const answer = await graph.get(`/v1.0${path}`);
  expect([answer.status, member(answer, 'userPrincipalName')]).toEqual([200, found]);
});

test.each([
  ['unknown', '/users/nobody@contoso.com', 'nobody@contoso.com'],
  ['soft-deleted', '/users/deleted@contoso.com', 'deleted@contoso.com'],
  [
    'with a doubled apostrophe outside of parentheses',
    "/users/o''hara@contoso.com",
    "o''hara@contoso.com",
  ],
  ['with a name that is an address too', "/users('$count')", '$count'],
  [
    'unknown group',
    '/groups/61b0c52f-a902-4769-9a09-c6628335b00a',
    '61b0c52f-a902-4769-9a09-c6628335b00a',
  ],
])('404 in the words of Graph: %s', async (_, path, name) => {
  const answer = await graph.get(`/v1.0${path}`);
  expect(answer.status).toBe(404);
  expect(answer.body).toEqual({
    error: {
      code: 'Request_ResourceNotFound',
      message: `Resource '${name}' does not exist or one of its queried reference-property objects are not present.`,
      innerError: {
        date: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/),
        'request-id': answer.headers['request-id'],
        'client-request-id': answer.headers['client-request-id'],
      },
    },
  });
});

test.each([
  [
    'GET',
    '/users/$nestor.wilke@contoso.com',
    "Resource not found for the segment '$nestor.wilke@contoso.com'.",
  ],
  [
    'GET',
    '/users/%24nestor.wilke@contoso.com',
    "Resource not found for the segment '$nestor.wilke@contoso.com'.",
  ],
  [
    'GET',
    "/users('o'hara@contoso.com')",
    "Resource not found for the segment 'users('o'hara@contoso.com')'.",
  ],
  ['GET', '/people', "Resource not found for the segment 'people'."],
  ['GET', `/users/${adele}/passwords`, "Resource not found for the segment 'passwords'."],
  ['GET', '/v1.0/users', "Resource not found for the segment 'v1.0'."],
])('%s %s leads nowhere: 400', async (method, path, message) => {
  const answer = await graph.send(method, `/v1.0${path}`);
  expect([answer.status, errorOf(answer)]).toEqual([400, { code: 'BadRequest', message }]);
});

test('another version than v1.0 is refused', async () => {
  const answer = await graph.get(`/beta/users/${adele}`);
  expect([answer.status, errorOf(answer)]).toEqual([
    400,
    { code: 'BadRequest', message: 'Invalid version: beta' },
  ]);
});

test.each([
  ['PUT', `/users/${adele}`],
  ['POST', `/users/${adele}`],
  ['DELETE', '/users'],
  ['GET', `/users/${adele}/revokeSignInSessions`],
  ['PATCH', '/domains'],
  ['GET', '/$batch'],
])('405 in the words of Graph: %s %s', async (method, path) => {
  const answer = await graph.send(method, `/v1.0${path}`);
  expect([answer.status, errorOf(answer)]).toEqual([
    405,
    {
      code: 'Request_BadRequest',
      message: 'Specified HTTP method is not allowed for the request target.',
    },
  ]);
});

test('what Graph has and the tenant has not is said to be so, never made up', async () => {
  const deletion = await graph.send('DELETE', `/v1.0/users/${adele}`);
  const title = { jobTitle: 'x' };
  const change = await graph.send('PATCH', `/v1.0/users/${adele}`, { body: title });
  const expansion = await graph.get(`/v1.0/users/${adele}?$expand=manager`);
  expect([deletion.status, change.status, expansion.status]).toEqual([501, 501, 501]);
  expect(errorOf(deletion)).toEqual({
    code: 'NotServedByLocalTenant',
    message: 'The local tenant does not serve DELETE /users/{}.',
  });
});

test.each([
  [
    '$select of a property that is not there',
    '$select=id,assignedRoles',
    'BadRequest',
    "Parsing OData Select and Expand failed: Could not find a property named 'assignedRoles' on type 'microsoft.graph.user'.",
  ],
  [
    'an option of lists',
    '$top=5',
    'Request_UnsupportedQuery',
    "The query option '$top' is not supported.",
  ],
  [
    'an option that is not there',
    '$where=1',
    'Request_UnsupportedQuery',
    "The query option '$where' is not supported.",
  ],
])('400 for %s', async (_, query, code, message) => {
  const answer = await graph.get(`/v1.0/users/${adele}?${query}`);
  expect([answer.status, errorOf(answer)]).toEqual([400, { code, message }]);
});

test.each(['1000', '0', '-1', 'many'])('$top=%s is 400', async (top) => {
  const answer = await graph.get(`/v1.0/groups?$select=id&$top=${top}`);
  expect([answer.status, errorOf(answer)]).toEqual([
    400,
    {
      code: 'Request_UnsupportedQuery',
      message: `Invalid page size specified: '${top}'. Must be between 1 and 999 inclusive.`,
    },
  ]);
});

test.each([
  ['an operator that is not served', 'displayName ne null', 'displayName ne null'],
  ['a property that is not there', "color eq 'red'", "color eq 'red'"],
  ['a literal of another type', "isAssignableToRole eq 'true'", "isAssignableToRole eq 'true'"],
])('$filter with %s is 400', async (_, filter, clause) => {
  const answer = await graph.get(`/v1.0/groups?$filter=${encodeURIComponent(filter)}`);
  expect([answer.status, errorOf(answer)]).toEqual([
    400,
    {
      code: 'Request_UnsupportedQuery',
      message: `Unsupported or invalid query filter clause: ${clause}`,
    },
  ]);
});

test.each([
  ['malformed', '{"accountEnabled":', { 'content-type': 'application/json' }],
  ['no object', '[]', { 'content-type': 'application/json' }],
  ['of another content type', '{"accountEnabled":true}', { 'content-type': 'text/plain' }],
  ['without a content type', '{"accountEnabled":true}', {}],
  ['absent', undefined, {}],
])('a body that is %s is 400 in the words of Graph', async (_, body, headers) => {
  const answer = await graph.send('PATCH', `/v1.0/users/${adele}`, { body, headers });
  expect([answer.status, errorOf(answer)]).toEqual([
    400,
    {
      code: 'BadRequest',
      message:
        'Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.',
    },
  ]);
});

test('the ids of a request come back; without one Graph makes its own', async () => {
  const id = '6f1a0d4c-8f3f-4a53-9f0e-0d5a3b5f1c11';
  const named = await graph.send('GET', `/v1.0/users/${adele}`, {
    headers: { 'client-request-id': id },
  });
  const unnamed = await graph.get(`/v1.0/users/${adele}`);
  expect(named.headers['client-request-id']).toBe(id);
  expect(named.headers['request-id']).toMatch(/^[0-9a-f-]{36}$/);
  expect(named.headers['request-id']).not.toBe(id);
  expect(unnamed.headers['client-request-id']).toBe(unnamed.headers['request-id']);
  expect(named.headers).toMatchObject({
    'cache-control': 'no-cache',
    'strict-transport-security': 'max-age=31536000',
    'x-ms-resource-unit': '1',
  });
});

test('the four lists of the guard', async () => {
  const filter = encodeURIComponent('isAssignableToRole eq true');
  const groups = await graph.get(`/v1.0/groups?$filter=${filter}&$select=id,visibility&$top=999`);
  expect(rows(groups)).toEqual([
    { id: groupIds.roleAssignable, visibility: null },
    { id: groupIds.administrators, visibility: null },
    { id: groupIds.eligible, visibility: null },
  ]);
  const domains = await graph.get('/v1.0/domains?$select=id,authenticationType');
  expect(domains.body).toEqual({
    '@odata.context': `${tenant.origin}/v1.0/$metadata#domains(id,authenticationType)`,
    value: [
      { id: 'contoso.com', authenticationType: 'Managed' },
      { id: 'contoso.onmicrosoft.com', authenticationType: 'Managed' },
      { id: 'fabrikam.com', authenticationType: 'Federated' },
    ],
  });
  const select = '$select=principalId,roleDefinitionId,directoryScopeId';
  const assignments = await graph.get(`/v1.0/roleManagement/directory/roleAssignments?${select}`);
  const globalAdministrator = tenant.directory.user('global.admin@contoso.com')?.id;
  expect(rows(assignments)).toContainEqual({
    principalId: globalAdministrator,
    roleDefinitionId: '62e90394-69f5-4237-9190-012177145e10',
    directoryScopeId: '/',
  });
  expect(rows(assignments)).toContainEqual({
    principalId: groupIds.administrators,
    roleDefinitionId: '62e90394-69f5-4237-9190-012177145e10',
    directoryScopeId: '/',
  });
  const eligible = await graph.get(
    `/v1.0/roleManagement/directory/roleEligibilitySchedules?${select}`,
  );
  expect(rows(eligible)).toEqual([
    {
      principalId: groupIds.eligible,
      roleDefinitionId: '194ae4cb-b126-40b2-bd5b-6091b380977d',
      directoryScopeId: '/',
    },
    {
      principalId: tenant.directory.user(people.eligibleAdministrator.userPrincipalName)?.id,
      roleDefinitionId: 'e8611ab8-c189-46e8-94e1-60213ab1f814',
      directoryScopeId: '/',
    },
  ]);
});

test.each([400, 403] as const)(
  'a tenant without PIM answers %i to eligibilities',
  async (status) => {
    tenant.settings.noPim = status;
    const answer = await graph.get('/v1.0/roleManagement/directory/roleEligibilitySchedules');
    tenant.settings.noPim = undefined;
    expect([answer.status, errorOf(answer)]).toEqual([
      status,
      {
        code: 'AadPremiumLicenseRequired',
        message:
          'The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license.',
      },
    ]);
  },
);

test('lists come in pages of a hundred, each with an absolute link to the next', async () => {
  const list = '/v1.0/roleManagement/directory/roleAssignments';
  const before = rows(await graph.get(`${list}?$top=999`)).length;
  tenant.directory.addRoleAssignments(250);
  const first = await graph.get(`${list}?$select=id`);
  const link = String(member(first, '@odata.nextLink'));
  expect(link.startsWith(`${tenant.origin}${list}?$select=id&$skiptoken=`)).toBe(true);
  const second = await graph.get(link.slice(tenant.origin.length));
  const third = await graph.get(
    String(member(second, '@odata.nextLink')).slice(tenant.origin.length),
  );
  const pages = [first, second, third].map(rows);
  expect(pages.map(({ length }) => length)).toEqual([100, 100, 50 + before]);
  expect(new Set(pages.flat().map(({ id }) => id)).size).toBe(250 + before);
  expect(member(third, '@odata.nextLink')).toBeUndefined();
});

test('the size of a page can be set, also below what $top asks', async () => {
  tenant.settings.paging.largest = 2;
  const first = await graph.get('/v1.0/domains?$select=id&$top=999');
  const link = String(member(first, '@odata.nextLink'));
  const second = await graph.get(link.slice(tenant.origin.length));
  tenant.settings.paging.largest = 999;
  expect(rows(first)).toEqual([{ id: 'contoso.com' }, { id: 'contoso.onmicrosoft.com' }]);
  expect(rows(second)).toEqual([{ id: 'fabrikam.com' }]);
  expect(member(second, '@odata.nextLink')).toBeUndefined();
});

test('a link that Graph did not make is refused', async () => {
  const answer = await graph.get('/v1.0/domains?$skiptoken=abc');
  expect(answer.status).toBe(400);
  expect(errorOf(answer)).toMatchObject({ code: 'Directory_ExpiredPageToken' });
});

test('directory roles know no $top', async () => {
  const answer = await graph.get('/v1.0/directoryRoles?$top=5');
  expect([answer.status, errorOf(answer)]).toEqual([
    400,
    { code: 'Request_UnsupportedQuery', message: "The query option '$top' is not supported." },
  ]);
});

const membershipsOf = async (name: string, securityEnabledOnly = false): Promise<unknown> => {
  const path = `/v1.0/users/${encodeURIComponent(name)}/getMemberObjects`;
  return member(await graph.send('POST', path, { body: { securityEnabledOnly } }), 'value');
};

test('getMemberObjects: ids of groups, units and directory roles, through other groups too', async () => {
  const role = [...tenant.directory.directoryRoles.values()].find(
    ({ displayName }) => displayName === 'Global Administrator',
  );
  expect(await membershipsOf('protected.inner@contoso.com')).toEqual([
    groupIds.protectedInner,
    groupIds.protected,
  ]);
  expect(await membershipsOf('admin.by.group@contoso.com')).toEqual([
    groupIds.administrators,
    role?.id,
  ]);
  expect(await membershipsOf('unit.member@contoso.com')).toHaveLength(1);
  expect(await membershipsOf('unit.member@contoso.com', true)).toEqual([]);
  expect(await membershipsOf('admin.of.unit@contoso.com')).toEqual([]); // scoped: not a member of the role
});

test('getMemberObjects wants a Boolean', async () => {
  const answer = await graph.send('POST', `/v1.0/users/${adele}/getMemberObjects`, {
    body: { securityEnabledOnly: 'no' },
  });
  expect([answer.status, errorOf(answer)]).toEqual([
    400,
    {
      code: 'Request_BadRequest',
      message:
        "Cannot convert the value of 'securityEnabledOnly' to the expected type 'Edm.Boolean'.",
    },
  ]);
});

test('beyond 11,000 memberships Graph lists none', async () => {
  const [most, tooMany] = tenant.directory.addUsers(2, 'joiner');
  for (const [i, group] of tenant.directory.addGroups(11_001).entries()) {
    tenant.directory.join(tooMany?.id ?? '', group);
    if (i < 11_000) tenant.directory.join(most?.id ?? '', group);
  }
  expect(await membershipsOf('joiner-00001@contoso.com')).toHaveLength(11_000);
  const path = '/v1.0/users/joiner-00002@contoso.com/getMemberObjects';
  const answer = await graph.send('POST', path, { body: { securityEnabledOnly: false } });
  expect(answer.status).toBe(400);
  expect(errorOf(answer)).toMatchObject({ code: 'Directory_ResultSizeLimitExceeded' });
});

test('ownedObjects: ids with their type, 999 on a page', async () => {
  const owner = await graph.get(
    '/v1.0/users/role.group.owner@contoso.com/ownedObjects?$select=id&$top=999',
  );
  expect(owner.body).toEqual({
    '@odata.context': `${tenant.origin}/v1.0/$metadata#directoryObjects(id)`,
    value: [{ '@odata.type': '#microsoft.graph.group', id: groupIds.roleAssignable }],
  });
  const [collector] = tenant.directory.addUsers(1, 'collector');
  for (const group of tenant.directory.addGroups(1_000))
    tenant.directory.own(collector?.id ?? '', group);
  const path = '/v1.0/users/collector-00001@contoso.com/ownedObjects?$select=id&$top=999';
  const first = await graph.get(path);
  const second = await graph.get(
    String(member(first, '@odata.nextLink')).slice(tenant.origin.length),
  );
  expect([rows(first).length, rows(second).length]).toEqual([999, 1]);
});

test('the tenant says who it is and what hides', async () => {
  const organization = await graph.get('/v1.0/organization?$select=id,displayName');
  const hidden = await graph.get(
    `/v1.0/groups/${groupIds.hidden.toUpperCase()}?$select=id,visibility`,
  );
  expect(rows(organization)).toEqual([{ id: tenant.tenantId, displayName: 'Contoso' }]);
  expect(member(hidden, 'visibility')).toBe('HiddenMembership');
});
