// One user over real HTTPS: how each name is addressed, what becomes of the batch in trouble, revoking, and
// which groups hide their members.

import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { type Fault, reply } from '../../infra/local/tenant/faults.ts';
import { groupIds } from '../../infra/local/tenant/people.ts';
import { startTenant } from '../../infra/local/tenant/tenant.ts';
import { conformsToMetadata } from '../support/graph-metadata.ts';
import { directoryOf, within } from '../support/trust.ts';
import { codeOf, openTrusted, refusal } from './stage.ts';

const { tenant, forget, close } = await openTrusted();
afterEach(forget);
afterAll(close);

const requestId = '6f1a3c52-0000-4000-8000-000000000001';
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const user = (name: string, ms = 2_000) => directoryOf(tenant).user(name, requestId, within(ms));

describe('how a name is addressed', () => {
  test.each([
    ['adele.vance@contoso.com', '/users/adele.vance%40contoso.com'],
    ['87d349ed-44d7-43e1-9a83-5f2406dee5bd', '/users/87d349ed-44d7-43e1-9a83-5f2406dee5bd'],
    ['a_b#EXT#@contoso.com', '/users/a_b%23EXT%23%40contoso.com'],
    ["o'hara@contoso.com", '/users/o%27hara%40contoso.com'],
    ['$nestor.wilke@contoso.com', "/users('$nestor.wilke%40contoso.com')"],
    ['odd!~^name@contoso.com', '/users/odd!~%5Ename%40contoso.com'],
  ])('%s', async (name, address) => {
    if (name.startsWith('odd')) tenant.directory.addUser({ userPrincipalName: name });
    const facts = await user(name);
    expect(facts.ok && facts.value.id).toBe(tenant.directory.user(name)?.id);
    const items = tenant.requests.filter(({ item }) => item !== undefined);
    expect(items).toHaveLength(3);
    for (const { path } of items) expect(path.startsWith(`/v1.0${address}`)).toBe(true);
    expect(tenant.requests.flatMap((sent) => conformsToMetadata(sent))).toEqual([]);
  });

  test('an apostrophe behind a leading $ is doubled', async () => {
    const { id } = tenant.directory.addUser({ userPrincipalName: "$o'brien@contoso.com" });
    const facts = await user("$o'brien@contoso.com");
    expect(facts.ok && facts.value.id).toBe(id);
  });

  test('our request id goes along', async () => {
    await user('adele.vance@contoso.com');
    const [batch] = tenant.requests.filter(({ path }) => path.endsWith('$batch'));
    expect(batch?.headers['client-request-id']).toBe(requestId);
  });
});

test('what is known of a user', async () => {
  const { id } = tenant.directory.addUser({
    userPrincipalName: 'Known@contoso.com',
    displayName: 'Known User',
    accountEnabled: false,
    lastPasswordChangeDateTime: '2026-11-24T10:00:00Z',
  });
  tenant.directory.join(id, groupIds.protectedInner);
  tenant.directory.own(id, groupIds.sales);
  const facts = await user('KNOWN@CONTOSO.COM');
  expect(facts).toEqual({
    ok: true,
    value: {
      id,
      userPrincipalName: 'Known@contoso.com',
      displayName: 'Known User',
      accountEnabled: false,
      onPremisesSyncEnabled: null,
      userType: 'Member',
      isManagementRestricted: null,
      lastPasswordChangeAt: Date.parse('2026-11-24T10:00:00Z'),
      memberOf: expect.arrayContaining([groupIds.protectedInner, groupIds.protected]),
      owns: [groupIds.sales],
      graphRequestId: expect.stringMatching(uuid),
    },
  });
});

describe('trouble', () => {
  const name = 'adele.vance@contoso.com';
  const items = {
    user: /GET .*\?\$select=id,/,
    memberOf: /getMemberObjects/,
    owns: /ownedObjects/,
  };

  describe.each(Object.entries(items))('of the item %s', (_item, item) => {
    test.each<readonly [fault: Fault, times: number, code: string]>([
      [reply(503), 1, 'ok'],
      [reply(429, {}, { 'Retry-After': '1' }), 1, 'ok'],
      [{ kind: 'resetAfter' }, 1, 'ok'],
      [{ kind: 'truncate' }, 1, 'ok'],
      [reply(429), 999, 'TooManyRequests'],
      [reply(429, {}, { 'retry-after': '30' }), 999, 'TooManyRequests'],
      [reply(500), 999, 'GraphUnavailable'],
      [{ kind: 'hang' }, 999, 'GraphUnavailable'],
      [{ kind: 'resetBefore' }, 999, 'GraphUnavailable'],
      [refusal(403, 'Authorization_RequestDenied'), 1, 'GraphDenied'],
      [refusal(401, 'InvalidAuthenticationToken'), 1, 'IdentityUnavailable'],
      [refusal(400, 'Request_BadRequest'), 1, 'TargetProtected'],
      [refusal(424, 'FailedDependency'), 1, 'TargetProtected'],
      [reply(200), 1, 'TargetProtected'],
      [reply(200, []), 1, 'TargetProtected'],
      [reply(200, { value: [{ id: 7 }] }), 1, 'TargetProtected'],
    ])('%j × %d: %s', async (fault, times, code) => {
      tenant.faults.next({ item }, fault, times);
      expect(await codeOf(user(name))).toBe(code);
    });
  });

  test('Graph’s own id of the answer that refuses, of the batch for its items', async () => {
    const headers = { 'request-id': 'graph-1' };
    tenant.faults.next({ path: /batch/ }, reply(403, {}, headers));
    expect(await user('adele.vance@contoso.com')).toMatchObject({
      failure: { code: 'GraphDenied', graphRequestId: 'graph-1' },
    });
    expect(await user('nobody@contoso.com')).toEqual({
      ok: false,
      failure: { code: 'UserNotFound', graphRequestId: expect.stringMatching(uuid) },
    });
  });

  test('404 of the user is no user; of another item the user cannot be read', async () => {
    const gone = refusal(404, 'Request_ResourceNotFound');
    const codes: string[] = [];
    for (const item of Object.values(items)) {
      tenant.faults.next({ item }, gone);
      codes.push(await codeOf(user(name)));
    }
    expect(codes).toEqual(['UserNotFound', 'TargetProtected', 'TargetProtected']);
  });

  test('whose name was read is told, when it is all that could be', async () => {
    for (const item of [items.memberOf, items.owns]) {
      tenant.faults.next({ item }, reply(400));
      expect(await user('87d349ed-44d7-43e1-9a83-5f2406dee5bd')).toMatchObject({
        failure: { code: 'TargetProtected', userPrincipalName: name },
      });
    }
  });

  test('a second page of what is owned that fails refuses', async () => {
    const { id } = tenant.directory.addUser({ userPrincipalName: 'owner@contoso.com' });
    for (const group of tenant.directory.addGroups(1_000)) tenant.directory.own(id, group);
    const facts = await user(id, 8_000);
    expect(facts.ok && facts.value.owns).toHaveLength(1_000);
    tenant.faults.next({ path: /ownedObjects/ }, reply(200, { value: 'x' }));
    expect(await codeOf(user(id, 8_000))).toBe('TargetProtected');
    tenant.faults.next({ path: /ownedObjects/ }, reply(403));
    expect(await codeOf(user(id, 8_000))).toBe('GraphDenied');
  });

  test('a membership list with a next page is no whole list', async () => {
    const next = `${tenant.origin}/v1.0/next`;
    tenant.faults.next(
      { item: items.memberOf },
      reply(200, { value: [], '@odata.nextLink': next }),
    );
    expect(await codeOf(user(name))).toBe('TargetProtected');
  });

  test('connections refused', async () => {
    const gone = directoryOf(tenant, {});
    const other = await startTenant();
    const { origin } = other;
    await other.stop();
    const { graphDirectory } = await import('../../lib/adapters/graph-directory.ts');
    const { graphTransport } = await import('../../lib/adapters/graph-transport.ts');
    const token = async () => ({ ok: true, value: 'x' }) as const;
    const unreachable = graphDirectory(graphTransport(origin, token));
    const facts = unreachable.user(name, requestId, within(700));
    expect(await codeOf(facts)).toBe('GraphUnavailable');
    expect((await gone.user(name, requestId, within(2_000))).ok).toBe(true);
  });
});

describe('without the rights', () => {
  test.each([
    ['no permission at all', { roles: [], directoryRoles: [] }, 'GraphDenied'],
    ['a token that has expired', { seconds: -60 }, 'IdentityUnavailable'],
    ['a token for somebody else', { audience: 'https://storage.azure.com' }, 'IdentityUnavailable'],
  ])('%s', async (_what, wish, code) => {
    const directory = directoryOf(tenant, wish);
    const facts = directory.user('adele.vance@contoso.com', requestId, within(2_000));
    expect(await codeOf(facts)).toBe(code);
  });
});

describe('revoking', () => {
  const id = '87d349ed-44d7-43e1-9a83-5f2406dee5bd';
  const revoke = (ms = 900) => directoryOf(tenant).revokeSessions(id, requestId, within(ms));

  test('one POST without a body', async () => {
    expect(await revoke()).toBe(true);
    const [sent] = tenant.requests;
    expect([sent?.method, sent?.path, sent?.body]).toEqual([
      'POST',
      `/v1.0/users/${id}/revokeSignInSessions`,
      undefined,
    ]);
    expect(tenant.requests.flatMap((one) => conformsToMetadata(one))).toEqual([]);
  });

  test.each<readonly [fault: Fault, times: number, revoked: boolean]>([
    [reply(204), 1, true],
    [reply(503), 1, true],
    [{ kind: 'resetAfter' }, 1, true],
    [reply(503), 99, false],
    [{ kind: 'hang' }, 99, false],
    [reply(403), 1, false],
    [reply(404), 1, false],
  ])('%j × %d: %s', async (fault, times, revoked) => {
    tenant.faults.next({ path: /revoke/ }, fault, times);
    expect(await revoke()).toBe(revoked);
  });
});

describe('which groups hide their members', () => {
  const look = (ids: readonly string[]) => directoryOf(tenant).visibility(ids, within(5_000));

  test('visible, hidden, unknown', async () => {
    const seen = await look([
      groupIds.sales,
      groupIds.hidden,
      '99999999-9999-4999-8999-999999999999',
    ]);
    expect(seen.ok && [...seen.value]).toEqual([
      [groupIds.sales, 'visible'],
      [groupIds.hidden, 'hidden'],
    ]);
    expect(tenant.requests.flatMap((one) => conformsToMetadata(one))).toEqual([]);
  });

  test('more than a batch holds', async () => {
    const many = tenant.directory.addGroups(45);
    const seen = await look(many);
    expect(seen.ok && seen.value.size).toBe(45);
  });

  test('none asks nothing, a refusal is one', async () => {
    expect(await look([])).toEqual({ ok: true, value: new Map() });
    expect(tenant.requests).toEqual([]);
    tenant.faults.next({ item: /groups/ }, reply(403));
    expect(await codeOf(look([groupIds.sales]))).toBe('GraphDenied');
  });
});
