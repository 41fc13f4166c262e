// The local tenant's Graph: what a PATCH does to a user, and what the user sees who signs in after it.

import { afterAll, expect, test } from '@jest/globals';
import { everyone, people } from '../../infra/local/tenant/people.ts';
import { type Answer, errorOf, openTenant } from './tenant-client.ts';

const { tenant, graph, close } = await openTenant();
afterAll(close);

const strong = 'Korv-Tadel-77x';
const patch = (name: string, body: object): Promise<Answer> =>
  graph.send('PATCH', `/v1.0/users/${encodeURIComponent(name)}`, { body });
const withPassword = (password: unknown, more: object = {}): object => ({
  passwordProfile: { password, forceChangePasswordNextSignIn: false, ...more },
});

test('a reset: 204 without a body, the old password is forgotten, the time is noted', async () => {
  const [user] = tenant.directory.addUsers(1, 'reset');
  const name = 'reset-00001@contoso.com';
  expect(tenant.signIn(name, 'Autumn-Harbor-41')).toEqual({ status: 'SignedIn' });
  const before = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString();
  const answer = await patch(name, withPassword(strong, { forceChangePasswordNextSignIn: true }));
  expect([answer.status, answer.body]).toEqual([204, '']);
  expect(answer.headers['request-id']).toMatch(/^[0-9a-f-]{36}$/);
  expect(tenant.signIn(name, 'Autumn-Harbor-41')).toEqual({ status: 'Denied' });
  expect(tenant.signIn(name, strong)).toEqual({ status: 'PasswordExpired' });
  expect(user?.lastPasswordChangeDateTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  expect(Date.parse(String(user?.lastPasswordChangeDateTime))).toBeGreaterThanOrEqual(
    Date.parse(before),
  );
});

test('one PATCH enables and resets', async () => {
  const { userPrincipalName } = people.disabled;
  expect(tenant.signIn(userPrincipalName, 'Autumn-Harbor-41')).toEqual({ status: 'Disabled' });
  const answer = await patch(userPrincipalName, { accountEnabled: true, ...withPassword(strong) });
  expect(answer.status).toBe(204);
  expect(tenant.signIn(userPrincipalName, strong)).toEqual({ status: 'SignedIn' });
});

test('a weak password beside accountEnabled enables nothing', async () => {
  const [user] = tenant.directory.addUsers(1, 'whole');
  if (user) user.accountEnabled = false;
  const body = { accountEnabled: true, ...withPassword('short') };
  expect((await patch('whole-00001@contoso.com', body)).status).toBe(400);
  expect(user).toMatchObject({ accountEnabled: false, password: 'Autumn-Harbor-41' });
});

test.each([
  ['explicit false', { forceChangePasswordNextSignIn: false }, 'no'],
  ['explicit true', { forceChangePasswordNextSignIn: true }, 'password'],
  [
    'with MFA',
    { forceChangePasswordNextSignIn: true, forceChangePasswordNextSignInWithMfa: true },
    'passwordWithMfa',
  ],
  ['left out: true in the field, whatever the documentation says', {}, 'password'],
])('the force-change flag, %s', async (_, flags, expected) => {
  const [user] = tenant.directory.addUsers(1, 'flag');
  const body = { passwordProfile: { password: strong, ...flags } };
  expect((await patch('flag-00001@contoso.com', body)).status).toBe(204);
  expect(user?.mustChange).toBe(expected);
});

test('a force-change flag without a password is answered 204 and does nothing', async () => {
  const [user] = tenant.directory.addUsers(1, 'alone');
  const body = { passwordProfile: { forceChangePasswordNextSignIn: true } };
  expect((await patch('alone-00001@contoso.com', body)).status).toBe(204);
  expect(user?.mustChange).toBe('no');
});

test.each([
  ['too short', 'Ab3-efg'],
  ['too long', `Ab3-${'x'.repeat(253)}`],
  ['two classes', 'abcdefgh123'],
  ['Unicode', 'Päss-Wörd-77'],
  ['a control character', 'Korv-Tadel\n77'],
  ['banned, in disguise', 'P@ssw0rd1'],
  ['banned twice', 'Welcome-Summer'],
])('a weak password is refused in the words of Graph: %s', async (_, password) => {
  const answer = await patch('adele.vance@contoso.com', withPassword(password));
  expect([answer.status, errorOf(answer)]).toEqual([
    400,
    {
      code: 'Request_BadRequest',
      message:
        'The specified password does not comply with password complexity requirements. Please provide a different password.',
    },
  ]);
  expect(tenant.directory.user('adele.vance@contoso.com')?.password).toBe('Autumn-Harbor-41');
});

test.each([
  ['eight characters', 'Ab3-efgh'],
  ['256 characters', `Ab3-${'x'.repeat(252)}`],
  ['three classes without a symbol', 'Abcdefg1'],
  ['every symbol', 'aA @#$%^&*-_!+=[]{}|\\:\',.?/`~"();<>'],
  ['a banned word with much around it', 'Welcome-Korv-77'],
])('a strong password is taken: %s', async (_, password) => {
  tenant.directory.addUsers(1, 'strong');
  expect((await patch('strong-00001@contoso.com', withPassword(password))).status).toBe(204);
  expect(tenant.signIn('strong-00001@contoso.com', password)).toEqual({ status: 'SignedIn' });
});

test('a test can ban words of its own', async () => {
  tenant.directory.bannedWords.push('tadel', 'korv');
  const answer = await patch('adele.vance@contoso.com', withPassword('Korv-Tadel7'));
  tenant.directory.bannedWords.splice(-2);
  expect(answer.status).toBe(400);
});

test('a synced user: 400 in the words of Graph, or 204, as the tenant has it', async () => {
  const refused = await patch(people.synced.userPrincipalName, withPassword(strong));
  expect([refused.status, errorOf(refused)]).toEqual([
    400,
    {
      code: 'Request_BadRequest',
      message:
        'Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.',
    },
  ]);
  expect((await patch(people.syncedQuiet.userPrincipalName, withPassword(strong))).status).toBe(
    204,
  );
  const enabled = await patch(people.synced.userPrincipalName, { accountEnabled: false });
  expect(enabled.status).toBe(204); // taken, and undone by the next sync
});

test.each([people.guest, people.guestAsMember, people.federated])(
  'a password is not for $userPrincipalName ($shows)',
  async ({ userPrincipalName }) => {
    const answer = await patch(userPrincipalName, withPassword(strong));
    expect([answer.status, errorOf(answer)]).toEqual([
      400,
      { code: 'Request_BadRequest', message: 'Property userPrincipalName is invalid.' },
    ]);
  },
);

test.each([
  [
    'a property that is not there',
    { passWord: 'x' },
    "The property 'passWord' does not exist on type 'microsoft.graph.user'. Make sure to only use property names that are defined by the type.",
  ],
  ['the id', { id: 'x' }, "Property 'id' is read-only and cannot be set."],
  [
    'one within the profile',
    { passwordProfile: { force: true } },
    "The property 'force' does not exist on type 'microsoft.graph.passwordProfile'. Make sure to only use property names that are defined by the type.",
  ],
  [
    'a text for a Boolean',
    { accountEnabled: 'true' },
    "Cannot convert the value of 'accountEnabled' to the expected type 'Edm.Boolean'.",
  ],
  [
    'a number for a text',
    { passwordProfile: { password: 12345678 } },
    "Cannot convert the value of 'password' to the expected type 'Edm.String'.",
  ],
])('%s is refused', async (_, body, message) => {
  const answer = await patch('adele.vance@contoso.com', body);
  expect([answer.status, errorOf(answer)]).toEqual([400, { code: 'Request_BadRequest', message }]);
});

test('a PATCH of nobody is 404', async () => {
  const answer = await patch('nobody@contoso.com', withPassword(strong));
  expect(answer.status).toBe(404);
  expect(errorOf(answer)).toMatchObject({ code: 'Request_ResourceNotFound' });
});

test.each([undefined, {}])('ending sessions, body %j', async (body) => {
  const [user] = tenant.directory.addUsers(1, 'session');
  const path = '/v1.0/users/session-00001@contoso.com/revokeSignInSessions';
  const answer = await graph.send('POST', path, { body });
  expect([answer.status, answer.body]).toEqual([
    200,
    { '@odata.context': `${tenant.origin}/v1.0/$metadata#Edm.Boolean`, value: true },
  ]);
  expect(Date.parse(String(user?.signInSessionsValidFromDateTime))).toBeGreaterThan(
    Date.parse('2026-01-15T08:30:00Z'),
  );
});

test('the list for people names everyone once, and each can be tried', () => {
  const names = everyone.map(({ userPrincipalName }) => userPrincipalName);
  expect(new Set(names).size).toBe(names.length);
  expect(everyone.filter(({ shows }) => shows === '')).toEqual([]);
  expect(names.filter((name) => tenant.directory.user(name) === undefined)).toEqual([
    'deleted@contoso.com',
  ]);
  expect(tenant.directory.user('adele.vance@contoso.com')?.accountEnabled).toBe(true);
});
