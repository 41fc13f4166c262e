// A token for Graph from the identity endpoint of App Service: fetched once, renewed in time, and never waited
// for beyond the deadline, although the library tries again by itself.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { startTenant, type Tenant } from '../../infra/local/tenant/tenant.ts';
import { managedIdentity } from '../../lib/adapters/managed-identity.ts';
import { within } from '../support/trust.ts';

let tenant: Tenant;
let clientId: string;
beforeAll(async () => {
  tenant = await startTenant();
  clientId = String(tenant.environment['AZURE_CLIENT_ID']);
});
beforeEach(() => {
  process.env['IDENTITY_ENDPOINT'] = String(tenant.environment['IDENTITY_ENDPOINT']);
  process.env['IDENTITY_HEADER'] = String(tenant.environment['IDENTITY_HEADER']);
});
afterEach(() => {
  tenant.faults.clear();
  tenant.identityRequests.length = 0;
  jest.useRealTimers();
});
afterAll(async () => {
  await sleep(2_500); // the library still tries again for those who did not wait; now it gets its answers
  delete process.env['IDENTITY_ENDPOINT'];
  delete process.env['IDENTITY_HEADER'];
  await tenant.stop();
});

const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(String(token.split('.')[1]), 'base64url').toString());
/** The library keeps tokens for the whole process by resource: each test asks for one of its own. */
let audience = 0;
const resource = (): string => {
  audience += 1;
  return audience === 1 ? tenant.origin : 'https://graph.microsoft.com';
};

test('the protocol of App Service, once for many who ask at the same time', async () => {
  const identity = managedIdentity(clientId, resource());
  const tokens = await Promise.all(Array.from({ length: 10 }, () => identity.token(within(5_000))));
  const texts = new Set(tokens.map((token) => (token.ok ? token.value : token.failure.code)));
  expect(texts.size).toBe(1);
  const [token = ''] = texts;
  expect(claimsOf(token)['aud']).toBe(tenant.origin);
  expect(tenant.identityRequests).toHaveLength(1);
  const [sent] = tenant.identityRequests;
  const query = new URL(String(sent?.path), 'http://identity').searchParams;
  expect(Object.fromEntries(query)).toEqual({
    'api-version': '2019-08-01',
    resource: tenant.origin,
    client_id: clientId,
  });
  expect(sent?.headers['x-identity-header']).toBe('local-identity-header');

  // Kept: nobody is asked again.
  await identity.token(within(1_000));
  expect(tenant.identityRequests).toHaveLength(1);
});

test('what the identity may do is read from its own token', async () => {
  const rights = await managedIdentity(clientId, tenant.origin).rights(within(5_000));
  if (!rights.ok) throw new Error(rights.failure.code);
  expect(rights.value.permissions).toContain('Directory.Read.All');
  const holder = [...tenant.directory.servicePrincipals.values()].find(
    ({ appId }) => appId === clientId,
  );
  expect(rights.value.objectId).toBe(holder?.id);
});

test('the identity of the system is asked for without a client id', async () => {
  const identity = managedIdentity(undefined, 'https://graph.microsoft.com');
  expect((await identity.token(within(5_000))).ok).toBe(true);
  const query = new URL(String(tenant.identityRequests[0]?.path), 'http://identity').searchParams;
  expect(query.has('client_id')).toBe(false);
});

test.each([
  ['answers too late', { kind: 'slow', ms: 1_500 } as const],
  ['answers 500', { kind: 'reply', status: 500 } as const],
  [
    'is throttled for long',
    { kind: 'reply', status: 429, headers: { 'Retry-After': '1' } } as const,
  ],
  ['breaks off', { kind: 'resetBefore' } as const],
  ['answers what is no JSON', { kind: 'reply', status: 200, body: '<html>' } as const],
  ['answers without a token', { kind: 'reply', status: 200, body: {} } as const],
  [
    'does not know the identity',
    {
      kind: 'reply',
      status: 400,
      body: { statusCode: 400, message: 'Unable to load the proper Managed Identity.' },
    } as const,
  ],
])('an endpoint that %s: no token, and not a moment beyond the deadline', async (_what, fault) => {
  tenant.faults.next({ path: /msi/ }, fault, 100);
  // An identity that no test has asked for: nothing of it is kept.
  const unknown = managedIdentity('00000000-0000-4000-8000-0000000000aa', tenant.origin);
  const startedAt = performance.now();
  const token = await unknown.token(within(800));
  expect(token.ok ? 'ok' : token.failure.code).toBe('IdentityUnavailable');
  expect(performance.now() - startedAt).toBeLessThan(2_500);
});

test('an endpoint that comes back is asked again', async () => {
  tenant.faults.next(
    { path: /storage/ },
    { kind: 'reply', status: 400, body: { statusCode: 400 } },
    1,
  );
  const identity = managedIdentity(clientId, 'https://storage.azure.com');
  const first = await identity.token(within(800));
  expect(first.ok).toBe(false);
  expect((await identity.token(within(5_000))).ok).toBe(true);
});
