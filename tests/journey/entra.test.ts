// The Entra door: which tokens open it, which do not and how that is said, and that it stays shut when the
// keys cannot be had.

import { createHmac, createPublicKey, type JsonWebKey } from 'node:crypto';
import { request } from 'node:https';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { codeOf, entraDoor, type Reply } from '../support/door.ts';
import { type Door, openStage, type Stage } from '../support/journey.ts';
import { askedSince, secretsLogged, unknownToMicrosoft } from '../support/seen.ts';

let stage: Stage;
let door: Door;
beforeAll(async () => {
  stage = await openStage();
  door = await stage.open();
  expect(codeOf(await door.entra(stage.tenant.mintToken(), dry))).toBe('200 DryRun'); // warm
});
afterEach(() => stage.tenant.faults.clear());
afterAll(() => stage.close());

const dry = { UserName: 'adele.vance@contoso.com', DryRun: true };
const now = () => Math.floor(Date.now() / 1000);
const audience = () => String(stage.tenant.environment['ENTRA_AUDIENCE']);
const oldIssuer = () => `https://sts.windows.net/${stage.tenant.tenantId}/`;
const stranger = '11111111-1111-4111-8111-111111111111';
type Claims = Readonly<Record<string, unknown>>;

const opens: readonly (readonly [what: string, claims: () => Claims])[] = [
  ['an app, version 2', () => ({})],
  ['an app, version 1', () => ({ ver: '1.0' })],
  ['a user, version 2', () => ({ scp: 'user_impersonation' })],
  ['a user, version 1', () => ({ ver: '1.0', scp: 'user_impersonation' })],
  ['the audience as api://<id>', () => ({ aud: `api://${audience()}` })],
  ['the role among others', () => ({ roles: ['Other.Role', 'PasswordReset.Invoke'] })],
];
test.each(opens)('opens: %s', async (_what, claims) => {
  const token = stage.tenant.mintToken(claims());
  expect(codeOf(await door.entra(token, dry))).toBe('200 DryRun');
});

const shut: readonly (readonly [what: string, claims: () => Claims])[] = [
  ['another audience', () => ({ aud: stranger })],
  ['the audience of Graph', () => ({ aud: 'https://graph.microsoft.com' })],
  ['no audience', () => ({ aud: undefined })],
  ['another issuer', () => ({ iss: `https://login.example/${stage.tenant.tenantId}/v2.0` })],
  ['another tenant', () => ({ iss: `${stage.tenant.origin}/${stranger}/v2.0`, tid: stranger })],
  [
    'another tenant, version 1',
    () => ({ ver: '1.0', iss: `https://sts.windows.net/${stranger}/` }),
  ],
  ['no issuer', () => ({ iss: undefined })],
  ['expired', () => ({ exp: now() - 400, nbf: now() - 4_000, iat: now() - 4_000 })],
  ['no end', () => ({ exp: undefined })],
  ['not yet valid', () => ({ nbf: now() + 600 })],
  ['no app id', () => ({ azp: undefined })],
];
test.each(shut)('401: %s', async (_what, claims) => {
  const before = stage.tenant.requests.length;
  const reply = await door.entra(stage.tenant.mintToken(claims()), dry);
  expect(codeOf(reply)).toBe('401 Unauthenticated');
  expect(reply.headers['www-authenticate']).toMatch(/^Bearer/);
  expect(askedSince(stage.tenant, before)).toEqual([]);
});

const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
async function publishedKey(): Promise<string> {
  // The key as everybody can read it, as PEM: what an attacker would sign with.
  const response = await readKeys();
  return createPublicKey({ key: response, format: 'jwk' })
    .export({ type: 'spki', format: 'pem' })
    .toString();
}
async function readKeys(): Promise<JsonWebKey> {
  const url = `${stage.tenant.origin}/${stage.tenant.tenantId}/discovery/v2.0/keys`;
  const text = await new Promise<string>((resolve, reject) => {
    request(url, { ca: stage.tenant.ca, agent: false }, (incoming) => {
      let all = '';
      incoming.on('data', (part: Buffer) => {
        all += part.toString();
      });
      incoming.on('end', () => resolve(all));
    })
      .on('error', reject)
      .end();
  });
  const { keys } = JSON.parse(text) as { keys: JsonWebKey[] };
  const [first] = keys;
  if (first === undefined) throw new Error('The tenant publishes no key.');
  return first;
}

describe('forged', () => {
  const parts = (claims: Claims = {}) => stage.tenant.mintToken(claims).split('.');

  test('alg none, with and without the signature', async () => {
    const [, payload = '', signature = ''] = parts();
    for (const alg of ['none', 'None', 'NONE']) {
      const head = base64({ typ: 'JWT', alg });
      for (const token of [`${head}.${payload}.`, `${head}.${payload}.${signature}`]) {
        expect(codeOf(await door.entra(token, dry))).toBe('401 Unauthenticated');
      }
    }
  });

  test('HS256 with the public key as the secret', async () => {
    const [head = '', payload = ''] = parts();
    const { kid } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string };
    const text = `${base64({ typ: 'JWT', alg: 'HS256', kid })}.${payload}`;
    const signature = createHmac('sha256', await publishedKey())
      .update(text)
      .digest('base64url');
    expect(codeOf(await door.entra(`${text}.${signature}`, dry))).toBe('401 Unauthenticated');
  });

  test('a key of somebody else under a known id', async () => {
    const token = stage.tenant.mintToken({}, { foreignKey: true });
    expect(codeOf(await door.entra(token, dry))).toBe('401 Unauthenticated');
  });

  test('an unknown key id; many of them read the key set at most once more', async () => {
    const before = stage.tenant.authorityRequests.length;
    for (let i = 0; i < 5; i += 1) {
      const token = stage.tenant.mintToken({}, { header: { kid: `unknown-${i}` } });
      expect(codeOf(await door.entra(token, dry))).toBe('401 Unauthenticated');
    }
    expect(stage.tenant.authorityRequests.length - before).toBeLessThanOrEqual(1);
  });

  test('another payload under a good signature', async () => {
    const [head, , signature] = parts();
    const [, payload] = parts({ roles: ['PasswordReset.Invoke', 'More'] });
    expect(codeOf(await door.entra(`${head}.${payload}.${signature}`, dry))).toBe(
      '401 Unauthenticated',
    );
  });

  test.each(['', 'x', 'a.b', 'a.b.c', 'a.b.c.d.e', '..'])('no token at all: %j', async (token) => {
    const reply = await door.entra(token, dry);
    expect(codeOf(reply)).toBe('401 Unauthenticated');
    expect(reply.headers['www-authenticate']).toMatch(/^Bearer/);
  });

  test('a key, a basic password, a client principal: nothing but a token counts', async () => {
    const principal = base64({
      auth_typ: 'aad',
      claims: [{ typ: 'roles', val: 'PasswordReset.Invoke' }],
    });
    for (const headers of [
      {},
      { authorization: 'Basic YTpi' },
      { authorization: 'SharedKey x' },
      {
        'x-functions-key': undefined,
        'x-ms-client-principal': principal,
        'x-ms-client-principal-id': stranger,
      },
    ]) {
      const reply = await door.send({
        path: `${entraDoor}?code=local-function-key-0123456789`,
        body: dry,
        headers: { 'content-type': 'application/json', ...headers },
      });
      expect(codeOf(reply)).toBe('401 Unauthenticated');
    }
  });
});

describe('without the role', () => {
  const roleless: readonly (readonly [what: string, claims: Claims])[] = [
    ['an app without roles', { roles: undefined }],
    ['an app with another role', { roles: ['Other.Role'] }],
    ['an app with the role in scp of nobody', { roles: [] }],
    ['a user with the role in scp only', { scp: 'PasswordReset.Invoke', roles: undefined }],
    ['a user with the role as text', { scp: 'x', roles: 'PasswordReset.Invoke' }],
    ['a role in another case', { roles: ['passwordreset.invoke'] }],
  ];
  test.each(roleless)('403, and the command that assigns it: %s', async (_what, claims) => {
    const before = stage.tenant.requests.length;
    const reply = await door.entra(stage.tenant.mintToken(claims), {
      UserName: 'adele.vance@contoso.com',
    });
    expect(codeOf(reply)).toBe('403 CallerNotAllowed');
    expect(reply.json['detail']).toContain('PasswordReset.Invoke');
    expect(reply.json['detail']).toMatch(/npm run grant/);
    expect(askedSince(stage.tenant, before)).toEqual([]);
  });

  test('a request that cannot be read is told so first', async () => {
    const reply = await door.entra(stage.tenant.mintToken({ roles: [] }), { UserName: '' });
    expect(codeOf(reply)).toBe('400 InvalidRequest');
  });
});

test('a reset, and who did it is in the log: app, object id, user name; never the token', async () => {
  const user = stage.user({ accountEnabled: false });
  const oid = '22222222-2222-4222-8222-222222222222';
  const token = stage.tenant.mintToken({ scp: 'user_impersonation', oid });
  const reply = await door.entra(token, { UserName: user.id });
  expect(codeOf(reply)).toBe('200 Completed');
  const password = String(reply.json['Password']);
  expect(stage.tenant.signIn(user.id, password).status).toBe('PasswordExpired');
  const line = await door.host.waitForLine(new RegExp(`"event":"ResetCompleted".*${user.id}`));
  const said = JSON.parse(line.slice(line.indexOf('{'))) as Record<string, unknown>;
  const [, payload = ''] = token.split('.');
  const { azp } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { azp: string };
  expect(said).toMatchObject({
    caller: `entra-${azp}`,
    callerAppId: azp,
    callerObjectId: oid,
    callerUser: 'oncall.engineer@contoso.com',
  });
  expect(secretsLogged(stage.tenant, door.host, token)).toEqual([]);
});

test('several audiences, an id and a name', async () => {
  const other = await stage.open({ ENTRA_AUDIENCE: `${stranger} , https://reset.contoso.com` });
  const codes: string[] = [];
  for (const aud of [stranger, `api://${stranger}`, 'https://reset.contoso.com', audience()]) {
    codes.push(codeOf(await other.entra(stage.tenant.mintToken({ aud }), dry)));
  }
  expect(codes).toEqual(['200 DryRun', '200 DryRun', '200 DryRun', '401 Unauthenticated']);
  await other.host.kill();
});

describe('CALLERS', () => {
  const [flows, limited] = [
    '33333333-3333-4333-8333-333333333333',
    '44444444-4444-4444-8444-444444444444',
  ];
  let other: Door;
  beforeAll(async () => {
    other = await stage.open({
      CALLERS: JSON.stringify([
        { name: 'flows', entra: { appIds: [flows.toUpperCase()] }, password: 'withhold' },
        { name: 'limited', entra: { appIds: [limited] }, password: 'return', maxResetsPerHour: 1 },
      ]),
    });
  });
  const as = (azp: string, fields: object, more: Claims = {}): Promise<Reply> =>
    other.entra(stage.tenant.mintToken({ azp, ...more }), { ...fields });

  test('an app id names its caller, an unknown one is 401', async () => {
    const reply = await as(flows, { UserName: stage.user().id });
    expect([codeOf(reply), reply.json['PasswordReturned']]).toEqual(['200 Completed', false]);
    const before = stage.tenant.requests.length;
    const unknown = await as(stranger, { UserName: stage.user().id });
    expect(codeOf(unknown)).toBe('401 Unauthenticated');
    expect(unknown.headers['www-authenticate']).toMatch(/^Bearer/);
    expect(askedSince(stage.tenant, before)).toEqual([]);
  });

  test('version 1 names it too', async () => {
    const token = stage.tenant.mintToken({ ver: '1.0', appid: flows, iss: oldIssuer() });
    expect(codeOf(await other.entra(token, dry))).toBe('200 DryRun');
  });

  test('tokens without the role do not count towards the hour', async () => {
    const codes: string[] = [];
    for (let i = 0; i < 3; i += 1) codes.push(codeOf(await as(limited, dry, { roles: [] })));
    codes.push(codeOf(await as(limited, dry)), codeOf(await as(limited, dry)));
    expect(codes).toEqual([
      '403 CallerNotAllowed',
      '403 CallerNotAllowed',
      '403 CallerNotAllowed',
      '200 DryRun',
      '429 TooManyRequests',
    ]);
  });
});

test.each([
  ['answers 503', { kind: 'reply', status: 503 } as const],
  ['answers HTML', { kind: 'reply', status: 200, body: '<html>' } as const],
  ['breaks off', { kind: 'resetBefore' } as const],
  ['never answers', { kind: 'hang' } as const],
])('keys that cannot be had never open the door: the key set %s', async (_what, fault) => {
  stage.tenant.faults.next({ path: /discovery/ }, fault, 50);
  const cold = await stage.open();
  const reply = await cold.entra(stage.tenant.mintToken(), dry);
  expect(codeOf(reply)).toBe('503 IdentityUnavailable');
  expect(reply.headers['retry-after']).toMatch(/^([1-9]|[1-5]\d)$/);
  expect(reply.elapsedMs).toBeLessThan(9_500);
  stage.tenant.faults.clear();
  expect(codeOf(await cold.entra(stage.tenant.mintToken(), dry))).toBe('200 DryRun');
  await cold.host.kill();
});

test('a key set once read serves while its address is dead', async () => {
  stage.tenant.faults.next({ path: /discovery/ }, { kind: 'reply', status: 503 }, 50);
  expect(codeOf(await door.entra(stage.tenant.mintToken(), dry))).toBe('200 DryRun');
});

test('every request to Graph is one that Microsoft has', () => {
  expect(unknownToMicrosoft(stage.tenant)).toEqual([]);
});
