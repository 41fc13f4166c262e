// The main job, for every kind of user that a tenant has: who is reset, who is refused, and that nobody
// else is ever touched.

import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { initialPassword } from '../../infra/local/tenant/entities.ts';
import { groupIds } from '../../infra/local/tenant/people.ts';
import { codeOf, type Reply } from '../support/door.ts';
import { type Door, openStage, type Stage } from '../support/journey.ts';
import { bodiesTo, secretsLogged, unknownToMicrosoft, writesTo } from '../support/seen.ts';

let stage: Stage;
let door: Door;
beforeAll(async () => {
  stage = await openStage();
  const guarded = [groupIds.protected, groupIds.hidden].join(', ');
  door = await stage.open({ PROTECTED_GROUP_IDS: guarded });
  await door.reset({ UserName: 'adele.vance@contoso.com', DryRun: true }); // warm
});
afterEach(() => {
  stage.tenant.faults.clear();
  stage.tenant.settings.withheld.clear();
});
afterAll(() => stage.close());

const userNamed = (name: string) => {
  const user = stage.tenant.directory.user(name);
  if (user === undefined) throw new Error(`The tenant has no user ${name}.`);
  return user;
};
const password = (reply: Reply): string => String(reply.json['Password']);

test('an enabled user: two requests to Graph, one write, the whole answer', async () => {
  const { tenant } = stage;
  const before = tenant.requests.length;
  const reply = await door.reset(
    { UserName: 'ADELE.Vance@Contoso.COM', TicketId: 'INC0042' },
    { 'idempotency-key': 'first-1' },
  );
  expect(reply.status).toBe(200);
  expect(reply.json).toEqual({
    Status: 'Completed',
    UserName: 'adele.vance@contoso.com',
    UserId: '87d349ed-44d7-43e1-9a83-5f2406dee5bd',
    AccountWasEnabled: true,
    AccountEnabled: true,
    ForceChangePasswordNextSignIn: true,
    SessionsRevoked: 'NotRequested',
    PasswordReturned: true,
    CompletedAt: expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    RequestId: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
    Password: expect.stringMatching(/^[!-~]{12,24}$/),
  });
  expect(Object.keys(reply.json).at(-1)).toBe('Password');
  expect(Object.values(reply.json).filter((value) => typeof value === 'object')).toEqual([]);

  const asked = tenant.requests.slice(before).filter(({ item }) => item === undefined);
  expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'POST /v1.0/$batch',
    'PATCH /v1.0/users/87d349ed-44d7-43e1-9a83-5f2406dee5bd',
  ]);
  expect(asked[1]?.body).toEqual({
    passwordProfile: { password: password(reply), forceChangePasswordNextSignIn: true },
  });
  // A read-back would come after the answer was built; nothing of the kind was asked.
  expect(tenant.signIn('adele.vance@contoso.com', initialPassword).status).toBe('Denied');
  expect(tenant.signIn('adele.vance@contoso.com', password(reply)).status).toBe('PasswordExpired');
});

test('a disabled user is enabled by the same write that sets the password', async () => {
  const reply = await door.reset({ UserName: 'diego.disabled@contoso.com' });
  expect(codeOf(reply)).toBe('200 Completed');
  expect([reply.json['AccountWasEnabled'], reply.json['AccountEnabled']]).toEqual([false, true]);
  const { id } = userNamed('diego.disabled@contoso.com');
  expect(bodiesTo(stage.tenant, id)).toEqual([
    {
      accountEnabled: true,
      passwordProfile: { password: password(reply), forceChangePasswordNextSignIn: true },
    },
  ]);
  const signIn = (text: string) => stage.tenant.signIn('diego.disabled@contoso.com', text).status;
  expect([signIn(initialPassword), signIn(password(reply))]).toEqual(['Denied', 'PasswordExpired']);
});

test('EnableUserIfNeeded: false resets a disabled user and says that the account stays so', async () => {
  const user = stage.user({ accountEnabled: false });
  const reply = await door.reset({ UserName: user.userPrincipalName, EnableUserIfNeeded: false });
  expect(codeOf(reply)).toBe('200 Completed');
  expect([reply.json['AccountWasEnabled'], reply.json['AccountEnabled']]).toEqual([false, false]);
  expect(reply.json['Warning']).toMatch(/disabled/i);
  expect(bodiesTo(stage.tenant, user.id)).toEqual([
    { passwordProfile: { password: password(reply), forceChangePasswordNextSignIn: true } },
  ]);
  expect(stage.tenant.signIn(user.id, password(reply)).status).toBe('Disabled');
});

test('an enabled user is not written accountEnabled, asked for or not', async () => {
  const user = stage.user();
  await door.reset({ UserName: user.id, EnableUserIfNeeded: true });
  await door.reset({ UserName: user.id, EnableUserIfNeeded: false });
  const profile = { password: expect.any(String), forceChangePasswordNextSignIn: true };
  expect(bodiesTo(stage.tenant, user.id)).toEqual([
    { passwordProfile: profile },
    { passwordProfile: profile },
  ]);
});

test('ForceChangePasswordNextSignIn: false is written as false, never left out', async () => {
  const user = stage.user();
  const reply = await door.reset({ UserName: user.id, ForceChangePasswordNextSignIn: false });
  expect(reply.json['ForceChangePasswordNextSignIn']).toBe(false);
  expect(bodiesTo(stage.tenant, user.id)).toEqual([
    { passwordProfile: { password: password(reply), forceChangePasswordNextSignIn: false } },
  ]);
  expect(stage.tenant.signIn(user.id, password(reply)).status).toBe('SignedIn');
});

test.each([
  ['an apostrophe', "O'HARA@contoso.com", "o'hara@contoso.com"],
  ['a leading $', '$Nestor.Wilke@contoso.com', '$nestor.wilke@contoso.com'],
  ['a display name that tries to break out', 'robert.tables@contoso.com', undefined],
  ['an ordinary administrative unit', 'unit.member@contoso.com', undefined],
  ['the role User Administrator', 'user.administrator@contoso.com', undefined],
  ['the role Helpdesk Administrator', 'helpdesk.administrator@contoso.com', undefined],
  ['the role Password Administrator', 'password.administrator@contoso.com', undefined],
  ['the role Directory Readers', 'directory.readers@contoso.com', undefined],
  ['the role Groups Administrator', 'groups.administrator@contoso.com', undefined],
  ['the role Guest Inviter', 'guest.inviter@contoso.com', undefined],
  ['the role Message Center Reader', 'message.center.reader@contoso.com', undefined],
  ['the role Reports Reader', 'reports.reader@contoso.com', undefined],
  ['the role Usage Summary Reports Reader', 'usage.summary.reports.reader@contoso.com', undefined],
])('reset, by name and by object id: %s', async (_kind, asked, canonical = asked) => {
  const user = userNamed(asked);
  const byName = await door.reset({ UserName: asked });
  expect([codeOf(byName), byName.json['UserName'], byName.json['UserId']]).toEqual([
    '200 Completed',
    canonical,
    user.id,
  ]);
  const byId = await door.reset({ UserName: user.id.toUpperCase() });
  expect([codeOf(byId), byId.json['UserName'], byId.json['UserId']]).toEqual([
    '200 Completed',
    canonical,
    user.id,
  ]);
  expect(writesTo(stage.tenant, user.id)).toHaveLength(2);
  expect(stage.tenant.signIn(canonical, password(byName)).status).toBe('Denied');
  expect(stage.tenant.signIn(canonical, password(byId)).status).toBe('PasswordExpired');
});

const refused: readonly (readonly [code: string, userName: string, shows: string])[] = [
  ['422 DirectorySynced', 'Synced@contoso.com', 'synced'],
  ['422 DirectorySynced', 'synced.quiet@contoso.com', 'synced where Graph would answer 204'],
  ['422 GuestUser', 'a_b#EXT#@contoso.com', 'guest'],
  ['422 GuestUser', 'C_D#ext#@contoso.com', 'external user of type Member'],
  ['422 FederatedUser', 'federated@FABRIKAM.com', 'federated domain'],
  ['403 TargetProtected', 'unlisted@retired.contoso.com', 'domain that the tenant does not list'],
  ['403 TargetProtected', 'Global.Admin@contoso.com', 'Global Administrator'],
  ['403 TargetProtected', 'admin.by.group@contoso.com', 'administrator through a group'],
  ['403 TargetProtected', 'admin.eligible@contoso.com', 'PIM-eligible administrator'],
  ['403 TargetProtected', 'admin.eligible.by.group@contoso.com', 'eligible through a group'],
  ['403 TargetProtected', 'admin.custom@contoso.com', 'custom role'],
  ['403 TargetProtected', 'admin.of.unit@contoso.com', 'role scoped to one unit'],
  ['403 TargetProtected', 'role.group.member@contoso.com', 'member of a role-assignable group'],
  ['403 TargetProtected', 'role.group.owner@contoso.com', 'owner of a role-assignable group'],
  ['403 TargetProtected', 'restricted@contoso.com', 'restricted management unit'],
  ['403 TargetProtected', 'protected.member@contoso.com', 'member of a protected group'],
  ['403 TargetProtected', 'protected.inner@contoso.com', 'protected through a nested group'],
  ['403 TargetProtected', 'hidden.member@contoso.com', 'member of a hidden protected group'],
];

test.each(refused)('%s, by name and by object id: %s (%s)', async (code, userName) => {
  const user = userNamed(userName);
  const replies = [
    await door.reset({ UserName: userName }),
    await door.reset({ UserName: user.id }),
    await door.reset({ UserName: user.id, DryRun: true }),
  ];
  expect(replies.map(codeOf)).toEqual([code, code, code]);
  expect(writesTo(stage.tenant, user.id)).toEqual([]);
  expect(user.password).toBe(initialPassword);
});

test.each([
  ['synced@contoso.com', /on-premises|Active Directory/],
  ['a_b#EXT#@contoso.com', /home organi[sz]ation/],
  ['federated@fabrikam.com', /identity provider|federat/],
  ['global.admin@contoso.com', /Privileged Authentication Administrator/],
])('the refusal of %s names the place where the user can be reset', async (UserName, place) => {
  const reply = await door.reset({ UserName });
  expect(reply.json['detail']).toMatch(place);
  expect(reply.text).not.toContain(UserName);
});

test.each([
  ['unknown', 'nobody.knows@contoso.com'],
  ['unknown, by object id', '00000000-0000-4000-8000-000000000001'],
  ['deleted', 'deleted@contoso.com'],
])('%s: 404, and what to look for', async (_kind, UserName) => {
  const reply = await door.reset({ UserName });
  expect(codeOf(reply)).toBe('404 UserNotFound');
  expect(reply.json['detail']).toMatch(/e-mail address/i);
  expect(reply.json['detail']).toMatch(/user principal name/i);
  expect(reply.json['detail']).toMatch(/deleted/i);
  expect(reply.json['detail']).toMatch(/restore/i);
});

test('the guest a_b#EXT#@contoso.com is never mistaken for a_b, whom a path cut at the # would name', async () => {
  const { tenant } = stage;
  const before = tenant.requests.length;
  const cut = userNamed('a_b');
  await door.reset({ UserName: 'a_b#EXT#@contoso.com' });
  const addressed = tenant.requests.slice(before).map(({ path }) => path);
  expect(addressed.filter((path) => /\/users\/a_b([/?]|$)/.test(path))).toEqual([]);
  expect(addressed.filter((path) => path.includes(cut.id))).toEqual([]);
  expect([cut.password, cut.lastPasswordChangeDateTime]).toEqual([
    initialPassword,
    '2026-01-15T08:30:00Z',
  ]);
});

test.each([
  ['another id and another name', { id: '99999999-9999-4999-8999-999999999999' }],
  ['a name that only looks like it', { userPrincipalName: 'adele.vance@contoso.com.evil.com' }],
])('a look-up that answers with somebody else writes nothing: %s', async (_case, other) => {
  const { tenant } = stage;
  const before = writesTo(tenant).length;
  const body = {
    id: '99999999-9999-4999-8999-999999999999',
    userPrincipalName: 'somebody.else@contoso.com',
    displayName: 'Somebody Else',
    accountEnabled: false,
    onPremisesSyncEnabled: null,
    userType: 'Member',
    isManagementRestricted: null,
    lastPasswordChangeDateTime: null,
    ...other,
  };
  for (const UserName of ['adele.vance@contoso.com', '87d349ed-44d7-43e1-9a83-5f2406dee5bd']) {
    tenant.faults.next({ item: /^GET \/users\/[^/]+\?/ }, { kind: 'reply', status: 200, body });
    const reply = await door.reset({ UserName });
    expect(reply.status).toBe(403);
    expect(tenant.faults.pending()).toBe(0);
  }
  expect(writesTo(tenant)).toHaveLength(before);
});

test('without Member.Read.Hidden the members of hidden groups cannot be told (an honest limit)', async () => {
  stage.tenant.settings.withheld.add('Member.Read.Hidden');
  const reply = await door.reset({ UserName: 'hidden.member@contoso.com' });
  expect(codeOf(reply)).toBe('200 Completed');
});

test('what is refused first: protected before synced before guest before federated', async () => {
  const { directory } = stage.tenant;
  const all = stage.user({
    userPrincipalName: 'every#EXT#@fabrikam.com',
    onPremisesSyncEnabled: true,
    isManagementRestricted: true,
    userType: 'Guest',
  });
  const codes: string[] = [];
  const ask = async () => codes.push(codeOf(await door.reset({ UserName: all.id })));
  await ask();
  directory.addUser({ ...all, isManagementRestricted: false });
  await ask();
  directory.addUser({ ...all, isManagementRestricted: false, onPremisesSyncEnabled: null });
  await ask();
  directory.addUser({
    ...all,
    userPrincipalName: 'every@fabrikam.com',
    isManagementRestricted: false,
    onPremisesSyncEnabled: false,
    userType: 'Member',
  });
  await ask();
  expect(codes).toEqual([
    '403 TargetProtected',
    '422 DirectorySynced',
    '422 GuestUser',
    '422 FederatedUser',
  ]);
});

test('a role given to a user counts from the next reading of the tenant on', async () => {
  // Read anew by another worker, which has no older copy.
  const user = stage.user();
  stage.tenant.directory.assignRole(user.id, '194ae4cb-b126-40b2-bd5b-6091b380977d');
  const fresh = await stage.open();
  expect(codeOf(await fresh.reset({ UserName: user.id }))).toBe('403 TargetProtected');
});

test('a name full of words: none of them is in the password, whatever is drawn', async () => {
  const { id } = userNamed('amber.river@contoso.com');
  for (let round = 0; round < 5; round += 1) {
    const reply = await door.reset({ UserName: id });
    expect(password(reply)).not.toMatch(
      /amber|river|ston|tone|mapl|aple|tige|iger|falc|alco|lcon/i,
    );
  }
});

test('every request to Graph is one that Microsoft has, and the log holds no secret', async () => {
  expect(unknownToMicrosoft(stage.tenant)).toEqual([]);
  expect(secretsLogged(stage.tenant, door.host)).toEqual([]);
});
