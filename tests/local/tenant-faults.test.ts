// The local tenant: trouble on order, the record of what was asked, and the side door for other processes.

import { afterAll, afterEach, expect, test } from '@jest/globals';
import { type Answer, member, openTenant } from './tenant-client.ts';

const { tenant, graph, close } = await openTenant();
afterEach(() => tenant.faults.clear());
afterAll(close);

const path = '/v1.0/users/adele.vance@contoso.com';
const get = (): Promise<Answer> => graph.get(`${path}?$select=accountEnabled`);
const enable = (accountEnabled: boolean): Promise<Answer> =>
  graph.send('PATCH', path, { body: { accountEnabled } });
const isEnabled = () => tenant.directory.user('adele.vance@contoso.com')?.accountEnabled;

test('a reply instead: exactly what was ordered, as often as ordered, nothing done', async () => {
  const fault = { kind: 'reply', status: 503, headers: { 'Retry-After': '3' } } as const;
  tenant.faults.next({ method: 'PATCH', path: /adele\.vance@contoso\.com/ }, fault, 2);
  const [other, first, second] = [await get(), await enable(false), await enable(false)];
  expect([other.status, first.status, second.status]).toEqual([200, 503, 503]);
  expect([first.body, first.headers['content-type'], first.headers['retry-after']]).toEqual([
    '',
    undefined,
    '3',
  ]);
  expect(isEnabled()).toBe(true);
  expect(tenant.faults.pending()).toBe(0);
  expect((await enable(true)).status).toBe(204);
});

test('an order is lifted by its own answer, and the others stand', async () => {
  const lift = tenant.faults.next({ method: 'GET' }, { kind: 'reply', status: 418 }, 9);
  tenant.faults.next({ method: 'GET' }, { kind: 'reply', status: 503 });
  expect((await get()).status).toBe(418);
  lift();
  expect(tenant.faults.pending()).toBe(1);
  expect([(await get()).status, (await get()).status]).toEqual([503, 200]);
});

test('a reply instead of the answer, but carried out: a gateway that loses it', async () => {
  tenant.faults.next({ method: 'PATCH' }, { kind: 'reply', status: 504, applied: true });
  expect((await enable(false)).status).toBe(504);
  expect(isEnabled()).toBe(false);
  await enable(true);
});

test('a socket that goes before anything is done', async () => {
  tenant.faults.next({ method: 'PATCH' }, { kind: 'resetBefore' });
  await expect(enable(false)).rejects.toThrow('socket hang up');
  expect(isEnabled()).toBe(true);
});

test('a socket that goes after it is done', async () => {
  tenant.faults.next({ method: 'PATCH' }, { kind: 'resetAfter' });
  await expect(enable(false)).rejects.toThrow('socket hang up');
  expect(isEnabled()).toBe(false);
  await enable(true);
});

test('half an answer', async () => {
  tenant.faults.next({}, { kind: 'truncate' });
  await expect(get()).rejects.toThrow('aborted');
});

test('an answer that never comes, until the tenant is stopped', async () => {
  const { tenant: short, graph: client, close: end } = await openTenant();
  short.faults.next({}, { kind: 'hang' });
  const pending = client.get(path);
  const refused = expect(pending).rejects.toThrow('socket hang up');
  while (short.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await end();
  await refused;
});

test('a slow answer, and latency on all of Graph, take at least their time', async () => {
  const timed = async (): Promise<number> => {
    const start = performance.now();
    await get();
    return performance.now() - start;
  };
  tenant.faults.next({}, { kind: 'slow', ms: 60 });
  expect(await timed()).toBeGreaterThanOrEqual(55);
  tenant.settings.latencyMs = 60;
  expect(await timed()).toBeGreaterThanOrEqual(55);
  tenant.settings.latencyMs = 0;
});

test('the identity endpoint and the key set fail on order too', async () => {
  const gone = { kind: 'reply', status: 500 } as const;
  tenant.faults.next({ path: /\/msi\/token/ }, gone);
  tenant.faults.next({ path: /\/discovery\/v2\.0\/keys/ }, gone);
  const identity = await fetch(String(tenant.environment['IDENTITY_ENDPOINT']));
  const keys = await graph.get(`/${tenant.tenantId}/discovery/v2.0/keys`);
  expect([identity.status, keys.status]).toEqual([500, 500]);
  expect(tenant.identityRequests.at(-1)?.status).toBe(500);
  expect(tenant.authorityRequests.at(-1)?.status).toBe(500);
});

test('the record: what was asked, with the password, when, and what left', async () => {
  tenant.requests.length = 0;
  const before = Date.now();
  const body = {
    passwordProfile: { password: 'Korv-Tadel-77x', forceChangePasswordNextSignIn: true },
  };
  await graph.send('PATCH', path, { body });
  tenant.faults.next({}, { kind: 'resetAfter' });
  await expect(get()).rejects.toThrow('socket hang up');
  expect(tenant.requests).toHaveLength(2);
  expect(tenant.requests[0]).toMatchObject({ method: 'PATCH', path, body, status: 204 });
  expect(tenant.requests[0]?.headers['content-type']).toBe('application/json');
  expect(tenant.requests[0]?.at).toBeGreaterThanOrEqual(before);
  expect(tenant.requests[1]).toMatchObject({ method: 'GET', status: 0 });
});

const control = async (method: string, address: string, body?: object): Promise<unknown> => {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(`${tenant.control}${address}`, { method, ...sent });
  expect(response.status).toBe(200);
  return response.json();
};

test('side door: faults', async () => {
  const order = {
    match: { method: 'GET', path: 'adele\\.vance' },
    fault: { kind: 'reply', status: 418 },
    times: 2,
  };
  expect(await control('POST', '/faults', order)).toEqual({ pending: 2 });
  expect((await get()).status).toBe(418);
  expect(await control('DELETE', '/faults')).toEqual({ pending: 0 });
  expect((await get()).status).toBe(200);
});

test('side door: requests', async () => {
  await control('DELETE', '/requests');
  await get();
  expect(await control('GET', '/requests')).toMatchObject([{ method: 'GET', status: 200 }]);
});

test('side door: users', async () => {
  const added = await control('POST', '/users', {
    userPrincipalName: 'new@contoso.com',
    accountEnabled: false,
  });
  expect(added).toMatchObject({ userPrincipalName: 'new@contoso.com', accountEnabled: false });
  expect(await control('POST', '/users', { count: 3, prefix: 'side' })).toHaveLength(3);
  const answer = await graph.get('/v1.0/users/side-00003@contoso.com?$select=accountEnabled');
  expect(member(answer, 'accountEnabled')).toBe(true);
  expect(await control('GET', '/users')).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        userPrincipalName: 'adele.vance@contoso.com',
        shows: 'enabled: reset',
      }),
      expect.objectContaining({ userPrincipalName: 'new@contoso.com', shows: '' }),
    ]),
  );
});

test('side door: rights', async () => {
  await control('POST', '/rights', { without: ['User.Read.All', 'Directory.Read.All'] });
  expect((await get()).status).toBe(403);
  await control('POST', '/rights', { without: [] });
  expect((await get()).status).toBe(200);
});

test('side door: what it does not know, and what is no JSON', async () => {
  const unknown = await fetch(`${tenant.control}/secrets`);
  const empty = await fetch(`${tenant.control}/faults`, { method: 'POST', body: '{}' });
  const broken = await fetch(`${tenant.control}/faults`, { method: 'POST', body: '{' });
  expect([unknown.status, empty.status, broken.status]).toEqual([404, 400, 500]);
});

test('the side door leaves no trace in the record', async () => {
  const before = [tenant.requests.length, tenant.identityRequests.length];
  await control('GET', '/users');
  expect([tenant.requests.length, tenant.identityRequests.length]).toEqual(before);
});

test('five hundred connections at once are served', async () => {
  const answers = await Promise.all(Array.from({ length: 500 }, get));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(500);
});
