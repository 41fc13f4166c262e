// The local tenant's Graph: $batch, judged as a whole first, its items answered each on its own.

import { afterAll, expect, test } from '@jest/globals';
import { throttled } from '../../infra/local/tenant/faults.ts';
import { type Answer, errorOf, member, openTenant } from './tenant-client.ts';

const { tenant, graph, close } = await openTenant();
afterAll(close);

interface ItemAnswer {
  readonly id: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Record<string, unknown> | null;
}
const json = { 'Content-Type': 'application/json' };
const send = (requests: unknown): Promise<Answer> =>
  graph.send('POST', '/v1.0/$batch', { body: { requests } });
const responses = (answer: Answer): ItemAnswer[] => member(answer, 'responses') as ItemAnswer[];
const byId = (answer: Answer): Map<string, ItemAnswer> =>
  new Map(responses(answer).map((one) => [one.id, one]));
const get = (id: string, url = '/domains?$select=id'): object => ({ id, method: 'GET', url });

test('the look-up of the guard: three items, three answers, each with its own status', async () => {
  const answer = await send([
    get('user', '/users/role.group.owner%40contoso.com?$select=id,accountEnabled'),
    {
      id: 'memberships',
      method: 'POST',
      url: '/users/role.group.owner%40contoso.com/getMemberObjects',
      headers: json,
      body: { securityEnabledOnly: false },
    },
    get('owned', '/users/nobody%40contoso.com/ownedObjects?$select=id&$top=999'),
  ]);
  expect(answer.status).toBe(200);
  const items = byId(answer);
  expect(items.get('user')).toMatchObject({
    status: 200,
    headers: { 'Content-Type': 'application/json' },
    body: { accountEnabled: true },
  });
  expect(items.get('memberships')).toMatchObject({ status: 200, body: { value: [] } });
  expect(items.get('owned')).toMatchObject({
    status: 404,
    body: {
      error: {
        code: 'Request_ResourceNotFound',
        message:
          "Resource 'nobody@contoso.com' does not exist or one of its queried reference-property objects are not present.",
      },
    },
  });
});

test('answers come in any order', async () => {
  const orders = new Set<string>();
  for (let i = 0; i < 3; i += 1) {
    const answer = await send([get('1'), get('2'), get('3')]);
    orders.add(
      responses(answer)
        .map(({ id }) => id)
        .join(),
    );
  }
  expect(orders.size).toBeGreaterThan(1);
  expect([...orders]).not.toContain('1,2,3');
});

test('twenty items are taken, twenty-one are not', async () => {
  const items = (n: number) => Array.from({ length: n }, (_, i) => get(String(i)));
  expect(responses(await send(items(20)))).toHaveLength(20);
  const answer = await send(items(21));
  expect([answer.status, errorOf(answer)]).toEqual([
    400,
    {
      code: 'MaximumValueExceeded',
      message: 'Number of batch request steps exceeds the maximum value of 20.',
    },
  ]);
});

const patch = {
  id: 'write',
  method: 'PATCH',
  url: '/users/adele.vance%40contoso.com',
  headers: json,
  body: { accountEnabled: false },
};
const noHeader = 'Write request id : other does not contain Content-Type header or body.';
test.each([
  ['a write without a content type', { ...patch, id: 'other', headers: {} }, noHeader],
  ['a write without headers', { ...patch, id: 'other', headers: undefined }, noHeader],
  ['a write without a body', { ...patch, id: 'other', body: undefined }, noHeader],
  [
    'an action without a body',
    { id: 'other', method: 'POST', url: '/users/x/revokeSignInSessions', headers: json },
    noHeader,
  ],
  [
    'an id that is there already, in another case',
    get('WRITE'),
    'Request ids in a batch must be unique.',
  ],
  ['an id that is no string', { ...get('1'), id: 2 }, 'Invalid batch payload format.'],
  ['no id', { method: 'GET', url: '/domains' }, 'Invalid batch payload format.'],
  ['no method', { id: '2', url: '/domains' }, 'Invalid batch payload format.'],
  [
    'an absolute address',
    get('2', 'https://graph.microsoft.com/v1.0/domains'),
    'Invalid batch payload format.',
  ],
  [
    'a dependency that is not there',
    { ...get('2'), dependsOn: ['9'] },
    'Invalid batch payload format.',
  ],
])('%s fails the whole batch, nothing is carried out', async (_, bad, message) => {
  const answer = await send([patch, bad]);
  expect([answer.status, errorOf(answer)]).toEqual([400, { code: 'BadRequest', message }]);
  expect(tenant.directory.user('adele.vance@contoso.com')?.accountEnabled).toBe(true);
});

test.each([[{}], [{ requests: [] }], [{ requests: 'all' }]])(
  'a batch of %j is none',
  async (body) => {
    const answer = await graph.send('POST', '/v1.0/$batch', { body });
    expect([answer.status, errorOf(answer)]).toEqual([
      400,
      { code: 'BadRequest', message: 'Invalid batch payload format.' },
    ]);
  },
);

test('a batch that is no JSON is 400 in the words of Graph', async () => {
  const message =
    'Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.';
  for (const sent of [
    { body: '{"requests":', headers: { 'content-type': 'application/json' } },
    { body: '{"requests":[]}', headers: { 'content-type': 'text/plain' } },
  ]) {
    const answer = await graph.send('POST', '/v1.0/$batch', sent);
    expect([answer.status, errorOf(answer)]).toEqual([400, { code: 'BadRequest', message }]);
  }
});

test('a batch in a batch is no address', async () => {
  const answer = await send([{ id: '1', method: 'POST', url: '/$batch', headers: json, body: {} }]);
  expect(responses(answer)[0]).toMatchObject({
    status: 400,
    body: { error: { message: "Resource not found for the segment '$batch'." } },
  });
});

test('an item whose # is not encoded means another user', async () => {
  const answer = await send([
    get('cut', '/users/a_b#EXT#@contoso.com?$select=userPrincipalName'),
    get('whole', '/users/a_b%23EXT%23@contoso.com?$select=userPrincipalName'),
  ]);
  const items = byId(answer);
  expect(items.get('cut')?.body?.['userPrincipalName']).toBe('a_b');
  expect(items.get('whole')?.body?.['userPrincipalName']).toBe('a_b#EXT#@contoso.com');
});

test('writes in a batch: 204 with an empty body; a failed dependency is 424', async () => {
  tenant.directory.addUsers(1, 'batch');
  const url = '/users/batch-00001%40contoso.com';
  const answer = await send([
    {
      id: 'reset',
      method: 'PATCH',
      url,
      headers: json,
      body: { passwordProfile: { password: 'Korv-Tadel-77x' } },
    },
    {
      id: 'revoke',
      dependsOn: ['reset'],
      method: 'POST',
      url: `${url}/revokeSignInSessions`,
      headers: json,
      body: {},
    },
    {
      id: 'weak',
      method: 'PATCH',
      url,
      headers: json,
      body: { passwordProfile: { password: 'weak' } },
    },
    {
      id: 'after',
      dependsOn: ['weak'],
      method: 'PATCH',
      url,
      headers: json,
      body: { accountEnabled: false },
    },
  ]);
  const items = byId(answer);
  expect(items.get('reset')).toMatchObject({ status: 204, body: null });
  expect(items.get('revoke')).toMatchObject({ status: 200, body: { value: true } });
  expect(items.get('weak')?.status).toBe(400);
  expect(items.get('after')?.status).toBe(424);
  expect(tenant.directory.user('batch-00001@contoso.com')).toMatchObject({
    accountEnabled: true,
    password: 'Korv-Tadel-77x',
  });
});

test('one item throttled: 429 with its own Retry-After, the others untouched', async () => {
  tenant.faults.next({ item: /ownedObjects/ }, throttled(7));
  const owned = '/users/adele.vance%40contoso.com/ownedObjects?$select=id';
  const items = byId(await send([get('1'), get('2', owned)]));
  expect(items.get('1')?.status).toBe(200);
  expect(items.get('2')).toMatchObject({
    status: 429,
    headers: { 'Retry-After': '7' },
    body: { error: { code: 'TooManyRequests', message: 'Please retry again later.' } },
  });
  expect(byId(await send([get('2', owned)])).get('2')?.status).toBe(200);
});

test('any other fault of an item is the fault of its batch', async () => {
  tenant.directory.addUsers(1, 'lost');
  const url = '/users/lost-00001%40contoso.com';
  const disable = { ...patch, url };
  tenant.faults.next({ method: 'PATCH', item: /lost-00001@contoso\.com/ }, { kind: 'resetBefore' });
  await expect(send([disable])).rejects.toThrow('socket hang up');
  expect(tenant.directory.user('lost-00001@contoso.com')?.accountEnabled).toBe(true);
  tenant.faults.next({ item: /lost-00001/ }, { kind: 'resetAfter' });
  await expect(send([disable])).rejects.toThrow('socket hang up');
  expect(tenant.directory.user('lost-00001@contoso.com')?.accountEnabled).toBe(false);
});

test('a batch is recorded, and each of its items after it', async () => {
  tenant.requests.length = 0;
  await send([get('a'), { ...patch, body: { accountEnabled: true } }]);
  expect(
    tenant.requests.map(({ method, path, item, status }) => ({ method, path, item, status })),
  ).toEqual([
    { method: 'POST', path: '/v1.0/$batch', item: undefined, status: 200 },
    { method: 'GET', path: '/v1.0/domains?$select=id', item: 'a', status: 200 },
    { method: 'PATCH', path: '/v1.0/users/adele.vance%40contoso.com', item: 'write', status: 204 },
  ]);
  expect(tenant.requests[2]?.body).toEqual({ accountEnabled: true });
});
