// The local tenant: the managed-identity endpoint, the token authority, and the certificate.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { get as httpsGet } from 'node:https';
import { ManagedIdentityCredential } from '@azure/identity';
import { afterAll, expect, test } from '@jest/globals';
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  type JSONWebKeySet,
  jwtVerify,
} from 'jose';
import { startTenant } from '../../infra/local/tenant/tenant.ts';
import { type Answer, member, openTenant } from './tenant-client.ts';

const { tenant, graph, close } = await openTenant();
afterAll(close);

const ask = async (query: Record<string, string>, header?: string): Promise<Answer> => {
  const url = `${tenant.environment['IDENTITY_ENDPOINT']}?${new URLSearchParams(query)}`;
  const headers: Record<string, string> =
    header === undefined ? {} : { 'X-IDENTITY-HEADER': header };
  const response = await fetch(url, { headers });
  return { status: response.status, headers: {}, body: await response.json() };
};
const good = (): Record<string, string> => ({
  'api-version': '2019-08-01',
  resource: tenant.origin,
  client_id: String(tenant.environment['AZURE_CLIENT_ID']),
});

test('the identity gets a token by the App Service protocol', async () => {
  const answer = await ask(good(), 'local-identity-header');
  expect(answer).toMatchObject({
    status: 200,
    body: {
      access_token: expect.stringMatching(/^eyJ/),
      expires_on: expect.stringMatching(/^\d{10}$/),
      resource: tenant.origin,
      token_type: 'Bearer',
      client_id: tenant.environment['AZURE_CLIENT_ID'],
    },
  });
  expect(decodeJwt(String(member(answer, 'access_token')))).toMatchObject({
    aud: tenant.origin,
    iss: `https://sts.windows.net/${tenant.tenantId}/`,
    appid: tenant.environment['AZURE_CLIENT_ID'],
    tid: tenant.tenantId,
    roles: ['Directory.Read.All', 'RoleEligibilitySchedule.Read.Directory', 'Member.Read.Hidden'],
    wids: ['fe930be7-5e62-47db-91af-98c3a49a38b1'],
  });
});

test.each([
  [
    'another client id',
    { client_id: '00000000-0000-0000-0000-000000000001' },
    'local-identity-header',
    400,
    'Unable to load the proper Managed Identity.',
  ],
  [
    'two names for it',
    { object_id: 'x' },
    'local-identity-header',
    400,
    'Unable to load the proper Managed Identity.',
  ],
  [
    'another api-version',
    { 'api-version': '2017-09-01' },
    'local-identity-header',
    400,
    'The api-version is missing or not supported.',
  ],
  [
    'an unknown resource',
    { resource: 'https://example.com' },
    'local-identity-header',
    400,
    "The resource 'https://example.com' was not found in the tenant.",
  ],
  ['a wrong header', {}, 'guess', 401, 'The X-IDENTITY-HEADER is missing or wrong.'],
  ['no header', {}, undefined, 401, 'The X-IDENTITY-HEADER is missing or wrong.'],
])('the identity endpoint refuses %s', async (_, changes, header, status, message) => {
  const answer = await ask({ ...good(), ...changes }, header);
  expect(answer).toMatchObject({
    status,
    body: { statusCode: status, message, correlationId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
  });
});

test('the Azure identity library gets a token, and Graph takes it', async () => {
  const { IDENTITY_ENDPOINT, IDENTITY_HEADER, AZURE_CLIENT_ID = '' } = tenant.environment;
  Object.assign(process.env, { IDENTITY_ENDPOINT, IDENTITY_HEADER });
  const credential = new ManagedIdentityCredential({ clientId: AZURE_CLIENT_ID });
  const { token } = await credential.getToken(`${tenant.origin}/.default`);
  const answer = await graph.send('GET', '/v1.0/domains?$select=id', { token });
  expect(answer.status).toBe(200);
});

test('what is not granted is not in the token, and a grant is in the next one', async () => {
  const poor = await startTenant({ without: ['Member.Read.Hidden', 'User Administrator'] });
  const { IDENTITY_ENDPOINT: endpoint, IDENTITY_HEADER: header = '' } = poor.environment;
  const claims = async () => {
    const url = `${endpoint}?api-version=2019-08-01&resource=${encodeURIComponent(poor.origin)}`;
    const response = await fetch(url, { headers: { 'X-IDENTITY-HEADER': header } });
    const { access_token } = (await response.json()) as { access_token: string };
    return decodeJwt(access_token);
  };
  const before = await claims();
  expect(before['roles']).not.toContain('Member.Read.Hidden');
  expect(before['wids']).toEqual([]);
  const identity = String(before['oid']);
  poor.directory.assignRole(identity, 'fe930be7-5e62-47db-91af-98c3a49a38b1');
  expect((await claims())['wids']).toEqual(['fe930be7-5e62-47db-91af-98c3a49a38b1']);
  await poor.stop();
});

const keySet = async () =>
  createLocalJWKSet(
    (await graph.get(`/${tenant.tenantId}/discovery/v2.0/keys`)).body as JSONWebKeySet,
  );

test('the discovery document and the keys verify a token of the Entra door', async () => {
  const answer = await graph.get(`/${tenant.tenantId}/v2.0/.well-known/openid-configuration`);
  expect(answer.body).toEqual({
    issuer: `${tenant.origin}/${tenant.tenantId}/v2.0`,
    jwks_uri: `${tenant.origin}/${tenant.tenantId}/discovery/v2.0/keys`,
    token_endpoint: `${tenant.origin}/${tenant.tenantId}/oauth2/v2.0/token`,
    id_token_signing_alg_values_supported: ['RS256'],
  });
  const { payload } = await jwtVerify(tenant.mintToken(), await keySet(), {
    issuer: `${tenant.origin}/${tenant.tenantId}/v2.0`,
    audience: String(tenant.environment['ENTRA_AUDIENCE']),
  });
  expect(payload).toMatchObject({ ver: '2.0', roles: ['PasswordReset.Invoke'], idtyp: 'app' });
  expect(payload['azp']).toMatch(/^[0-9a-f-]{36}$/);
});

test('tokens of version 1, of a user, without a claim', () => {
  const old = decodeJwt(tenant.mintToken({ ver: '1.0' }));
  const user = decodeJwt(tenant.mintToken({ scp: 'user_impersonation', roles: undefined }));
  expect(old).toMatchObject({
    iss: `https://sts.windows.net/${tenant.tenantId}/`,
    aud: `api://${tenant.environment['ENTRA_AUDIENCE']}`,
    appid: expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
  expect(user).toMatchObject({ preferred_username: 'oncall.engineer@contoso.com' });
  expect('roles' in user || 'idtyp' in user || 'azp' in old).toBe(false);
});

test('a foreign key and a changed header do not verify; a rotated key does', async () => {
  const foreign = tenant.mintToken({}, { foreignKey: true });
  const unknown = tenant.mintToken({}, { header: { kid: 'unknown' } });
  const before = tenant.mintToken();
  await expect(jwtVerify(foreign, await keySet())).rejects.toThrow('signature verification failed');
  await expect(jwtVerify(unknown, await keySet())).rejects.toThrow('no applicable key');
  tenant.rotateKeys();
  const after = tenant.mintToken();
  expect(decodeProtectedHeader(after).kid).not.toBe(decodeProtectedHeader(before).kid);
  await jwtVerify(before, await keySet());
  await jwtVerify(after, await keySet());
  tenant.rotateKeys(true);
  await expect(jwtVerify(after, await keySet())).rejects.toThrow('no applicable key');
});

const signIn = (form: Record<string, string>): Promise<Answer> =>
  graph.send('POST', `/${tenant.tenantId}/oauth2/v2.0/token`, {
    body: new URLSearchParams(form).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
const person = (username: string, password = 'Autumn-Harbor-41') =>
  signIn({ grant_type: 'password', client_id: 'any', scope: 'openid', username, password });

test.each([
  [
    'adele.vance@contoso.com',
    'wrong',
    50126,
    'Error validating credentials due to invalid username or password.',
  ],
  [
    'nobody@contoso.com',
    'Autumn-Harbor-41',
    50126,
    'Error validating credentials due to invalid username or password.',
  ],
  ['diego.disabled@contoso.com', 'Autumn-Harbor-41', 50057, 'The user account is disabled.'],
  ['expired@contoso.com', 'Autumn-Harbor-41', 50055, 'The password is expired.'],
])('%s cannot sign in with %s', async (name, password, code, text) => {
  tenant.directory.addUser({
    userPrincipalName: 'expired@contoso.com',
    password: 'Autumn-Harbor-41',
    mustChange: 'password',
  });
  expect(await person(name, password)).toMatchObject({
    status: 400,
    body: {
      error: 'invalid_grant',
      error_description: `AADSTS${code}: ${text}`,
      error_codes: [code],
    },
  });
});

test('a user signs in and gets a token with the app roles assigned to it', async () => {
  const engineer = await person('oncall.engineer@contoso.com');
  const other = await person('adele.vance@contoso.com');
  const claimsOf = (answer: Answer) => decodeJwt(String(member(answer, 'access_token')));
  expect(claimsOf(engineer)).toMatchObject({
    scp: 'user_impersonation',
    roles: ['PasswordReset.Invoke'],
    preferred_username: 'oncall.engineer@contoso.com',
    oid: tenant.directory.user('oncall.engineer@contoso.com')?.id,
  });
  expect(other.status).toBe(200);
  expect('roles' in claimsOf(other)).toBe(false);
});

test('the client application gets a token of its own, a stranger none', async () => {
  const { azp } = decodeJwt(tenant.mintToken());
  const ours = await signIn({ grant_type: 'client_credentials', client_id: String(azp) });
  const stranger = await signIn({ grant_type: 'client_credentials', client_id: 'stranger' });
  const odd = await signIn({ grant_type: 'device_code' });
  expect(decodeJwt(String(member(ours, 'access_token')))).toMatchObject({ azp, idtyp: 'app' });
  expect([stranger.status, odd.status]).toEqual([401, 400]);
});

test('the certificate speaks for 127.0.0.1 and localhost, is private, and goes with the tenant', async () => {
  const short = await startTenant();
  const { caFile } = short;
  expect(statSync(caFile).mode & 0o077).toBe(0);
  expect(readFileSync(caFile, 'utf8')).toBe(short.ca);
  for (const host of ['127.0.0.1', 'localhost']) {
    const status = await new Promise((resolve, reject) => {
      const url = `https://${host}:${new URL(short.origin).port}/v1.0/domains`;
      httpsGet(url, { ca: short.ca, family: 4, agent: false }, (incoming) => {
        incoming.resume();
        resolve(incoming.statusCode);
      }).on('error', reject);
    });
    expect(status).toBe(401);
  }
  await short.stop();
  expect(existsSync(caFile)).toBe(false);
});
