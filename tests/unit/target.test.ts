// The guard: one table over what protects, in which order it refuses, and what the
// look-up has to answer with.

import { expect, test } from '@jest/globals';
import type { Failure, ProtectedBecause } from '../../lib/failure.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import {
  type Directory,
  findTarget,
  judgeTarget,
  type TenantFacts,
  type UserFacts,
} from '../../lib/target.ts';
import {
  aCaller,
  anotherGroup,
  aTenant,
  aUser,
  someGroup,
  userId,
} from '../support/a-valid-user.ts';

const free = { ok: true, value: undefined };
const refusedWith = (failure: Failure) => ({ ok: false, failure });
const protectedBy = (because: ProtectedBecause) =>
  refusedWith({ code: 'TargetProtected', because });

const judge = (
  user: Partial<UserFacts>,
  tenant: Partial<TenantFacts> = {},
  protectedGroupIds: readonly string[] = [],
) => judgeTarget(aUser(user), aTenant(tenant), protectedGroupIds);

test('an ordinary user is free', () => {
  expect(judge({})).toEqual(free);
});

// --- roles -----------------------------------------------------------------------------------------

const roles: readonly [name: string, id: string, resettable: boolean][] = [
  ['User Administrator', 'fe930be7-5e62-47db-91af-98c3a49a38b1', true],
  ['Helpdesk Administrator', '729827e3-9c14-49f7-bb1b-9608f156bbb8', true],
  ['Password Administrator', '966707d0-3269-4727-9be2-8c3a10f19b9d', true],
  ['Directory Readers', '88d8e3e3-8f55-4a1e-953a-9b9898b8876b', true],
  ['Groups Administrator', 'fdd7a751-b60b-444a-984c-02652fe8fa1c', true],
  ['Guest Inviter', '95e79109-95c0-4d8e-aee3-d01accf2d47b', true],
  ['Message Center Reader', '790c1fb9-7f7d-4f88-86a1-ef1f95c05c1b', true],
  ['Reports Reader', '4a5d8f65-41da-4de4-8968-e035b65339cf', true],
  ['Usage Summary Reports Reader', '75934031-6c7e-415a-99d7-48dbd49e875e', true],
  ['Authentication Administrator', 'c4e39bd9-1100-46d3-8c65-fb160da0071f', false],
  ['Privileged Authentication Administrator', '7be44c8a-adaf-4e2a-84d6-ab2649e08a13', false],
  ['Privileged Role Administrator', 'e8611ab8-c189-46e8-94e1-60213ab1f814', false],
  ['Global Administrator', '62e90394-69f5-4237-9190-012177145e10', false],
  ['Global Reader', 'f2ef992c-3afb-46b9-b7cf-a126ee74c451', false],
  ['Security Administrator', '194ae4cb-b126-40b2-bd5b-6091b380977d', false],
  ['Exchange Administrator', '29232cdf-9323-42fd-ade2-1d097af3e4de', false],
  ['Application Administrator', '9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3', false],
  ['a custom role', '44444444-0000-4000-8000-000000000004', false],
  ['a role without an id', '', false],
  ['a role called like a method', 'constructor', false],
];

const helpdeskAdministrator = '729827e3-9c14-49f7-bb1b-9608f156bbb8';
const globalReader = 'f2ef992c-3afb-46b9-b7cf-a126ee74c451';

test.each(roles)(
  '%s (%s), by itself or through a group, active or eligible: free is %s',
  (_name, roleId, resettable) => {
    const expected = resettable ? free : protectedBy('role');
    for (const scope of ['/', '/administrativeUnits/55555555-0000-4000-8000-000000000005']) {
      const own = [{ principalId: userId, roleId, scope }];
      const ofGroup = [{ principalId: someGroup, roleId, scope }];
      expect(judge({}, { assignments: own })).toEqual(expected);
      expect(judge({}, { eligibilities: own })).toEqual(expected);
      expect(judge({ memberOf: [someGroup] }, { assignments: ofGroup })).toEqual(expected);
      expect(judge({ memberOf: [someGroup] }, { eligibilities: ofGroup })).toEqual(expected);
    }
  },
);

test('the roles of others do not protect, and owning a group does not give its roles', () => {
  const holding = { roleId: globalReader, scope: '/' };
  const others = [
    { ...holding, principalId: someGroup },
    { ...holding, principalId: '11111111-aaaa-4bbb-8ccc-000000000009' },
  ];
  expect(
    judge(
      { memberOf: [anotherGroup], owns: [someGroup] },
      { assignments: others, eligibilities: others },
    ),
  ).toEqual(free);
});

test('one protected role among the nine protects', () => {
  const held = (roleId: string) => ({ principalId: userId, roleId, scope: '/' });
  const both = [held(helpdeskAdministrator), held(globalReader)];
  expect(judge({}, { assignments: both })).toEqual(protectedBy('role'));
  expect(
    judge({}, { assignments: [both[0] ?? held('')], eligibilities: [held(globalReader)] }),
  ).toEqual(protectedBy('role'));
});

test('without a PIM licence nobody is eligible, and the active roles still count', () => {
  expect(judge({}, { eligibilities: 'no-licence' })).toEqual(free);
  const assignments = [{ principalId: userId, roleId: globalReader, scope: '/' }];
  expect(judge({}, { eligibilities: 'no-licence', assignments })).toEqual(protectedBy('role'));
});

// --- groups and restricted management --------------------------------------------------------------

test.each<[string, Partial<UserFacts>, boolean, Result<void, Failure>]>([
  [
    'a member',
    { memberOf: [someGroup] },
    false,
    err({ code: 'TargetProtected', because: 'role-assignable-group' }),
  ],
  [
    'an owner',
    { owns: [someGroup] },
    false,
    err({ code: 'TargetProtected', because: 'role-assignable-group' }),
  ],
  [
    'a member, hidden',
    { memberOf: [someGroup] },
    true,
    err({ code: 'TargetProtected', because: 'role-assignable-group' }),
  ],
  ['a member of another group', { memberOf: [anotherGroup] }, false, ok(undefined)],
  ['an owner of another group', { owns: [anotherGroup] }, false, ok(undefined)],
])('%s of a role-assignable group', (_what, user, hidden, expected) => {
  const roleAssignableGroups = [{ id: someGroup, hidden }];
  expect(judge(user, { roleAssignableGroups })).toEqual(expected);
});

test('PROTECTED_GROUP_IDS protects members, not owners', () => {
  expect(judge({ memberOf: [anotherGroup, someGroup] }, {}, [someGroup])).toEqual(
    protectedBy('protected-group'),
  );
  expect(judge({ memberOf: [anotherGroup] }, {}, [someGroup])).toEqual(free);
  expect(judge({ owns: [someGroup] }, {}, [someGroup])).toEqual(free);
});

test.each([
  [true, protectedBy('management-restricted')],
  [false, free],
  [null, free],
])('isManagementRestricted: %s', (isManagementRestricted, expected) => {
  expect(judge({ isManagementRestricted })).toEqual(expected);
});

// --- where a cloud reset would not work ------------------------------------------------------------

test.each([
  [true, refusedWith({ code: 'DirectorySynced' })],
  [false, free],
  [null, free],
])('onPremisesSyncEnabled: %s', (onPremisesSyncEnabled, expected) => {
  expect(judge({ onPremisesSyncEnabled })).toEqual(expected);
});

test.each<[string, Partial<UserFacts>, unknown]>([
  ['userType Guest', { userType: 'Guest' }, refusedWith({ code: 'GuestUser' })],
  ['userType guest', { userType: 'guest' }, refusedWith({ code: 'GuestUser' })],
  ['userType Member', { userType: 'Member' }, free],
  ['no userType', { userType: null }, free],
  ['#EXT#', { userPrincipalName: 'a_b.com#EXT#@contoso.com' }, refusedWith({ code: 'GuestUser' })],
  ['#ext#', { userPrincipalName: 'a_b.com#ext#@contoso.com' }, refusedWith({ code: 'GuestUser' })],
  ['EXT without #', { userPrincipalName: 'text@contoso.com' }, free],
])('%s', (_what, user, expected) => {
  expect(judge(user)).toEqual(expected);
});

test.each([
  ['adele@contoso.com', free],
  ['adele@CONTOSO.com', free],
  ['adele@fabrikam.com', refusedWith({ code: 'FederatedUser' })],
  ['adele@FABRIKAM.com', refusedWith({ code: 'FederatedUser' })],
  ['adele@sub.contoso.com', protectedBy('unlisted-domain')],
  ['adele@unknown.com', protectedBy('unlisted-domain')],
  ['adele', protectedBy('unlisted-domain')],
])('the domain of %s', (userPrincipalName, expected) => {
  expect(judge({ userPrincipalName })).toEqual(expected);
});

test('a tenant that lists no domain lets nobody through', () => {
  expect(judge({}, { domains: new Map() })).toEqual(protectedBy('unlisted-domain'));
});

// --- the order -------------------------------------------------------------------------------------

test('the first rule that holds refuses, in the order of the contract', () => {
  let user: Partial<UserFacts> = {
    memberOf: [someGroup, anotherGroup],
    isManagementRestricted: true,
    onPremisesSyncEnabled: true,
    userType: 'Guest',
    userPrincipalName: 'adele@fabrikam.com',
  };
  let tenant: Partial<TenantFacts> = {
    assignments: [{ principalId: userId, roleId: globalReader, scope: '/' }],
    roleAssignableGroups: [{ id: someGroup, hidden: false }],
  };
  expect(judge(user, tenant, [anotherGroup])).toEqual(protectedBy('role'));
  tenant = { ...tenant, assignments: [] };
  expect(judge(user, tenant, [anotherGroup])).toEqual(protectedBy('role-assignable-group'));
  tenant = {};
  expect(judge(user, tenant, [anotherGroup])).toEqual(protectedBy('protected-group'));
  user = { ...user, memberOf: [] };
  expect(judge(user, tenant, [anotherGroup])).toEqual(protectedBy('management-restricted'));
  user = { ...user, isManagementRestricted: false };
  expect(judge(user)).toEqual(refusedWith({ code: 'DirectorySynced' }));
  user = { ...user, onPremisesSyncEnabled: null };
  expect(judge(user)).toEqual(refusedWith({ code: 'GuestUser' }));
  user = { ...user, userType: 'Member' };
  expect(judge(user)).toEqual(refusedWith({ code: 'FederatedUser' }));
  user = { ...user, userPrincipalName: 'adele@unknown.com' };
  expect(judge(user)).toEqual(protectedBy('unlisted-domain'));
});

// --- finding the target ----------------------------------------------------------------------------

interface Found {
  readonly user?: Result<UserFacts, Failure>;
  readonly tenant?: Result<TenantFacts, Failure>;
  readonly asked?: string;
  readonly caller?: Parameters<typeof aCaller>[0];
}

async function find({ user, tenant, asked, caller }: Found) {
  const calls: unknown[] = [];
  const directory: Directory = {
    user: async (...args) => {
      calls.push(['user', ...args]);
      return user ?? ok(aUser());
    },
    tenant: async (...args) => {
      calls.push(['tenant', ...args]);
      return tenant ?? ok(aTenant());
    },
    setPassword: () => Promise.reject(new Error('The guard writes nothing.')),
    revokeSessions: () => Promise.reject(new Error('The guard writes nothing.')),
  };
  const target = await findTarget(
    directory,
    aCaller(caller),
    { userName: asked ?? 'adele.vance@contoso.com' },
    [anotherGroup],
    'r-1',
    6_500,
  );
  return { target, calls };
}

test('one look-up of the user and one of the tenant, with the time that is left', async () => {
  const { target, calls } = await find({});
  expect(target).toEqual(ok(aUser()));
  expect(calls).toEqual([
    ['user', 'adele.vance@contoso.com', 'r-1', 6_500],
    ['tenant', 6_500],
  ]);
});

const somebodyElse: Failure = { code: 'TargetProtected', because: 'somebody-else' };

test.each<[string, string, Partial<UserFacts>, boolean]>([
  ['the UPN', 'adele.vance@contoso.com', {}, true],
  ['the UPN in other letters', 'ADELE.Vance@Contoso.com', {}, true],
  ['the object id', userId, {}, true],
  ['the object id in capitals', userId.toUpperCase(), {}, true],
  ['somebody else', 'megan.bowen@contoso.com', {}, false],
  ['another id', '11111111-aaaa-4bbb-8ccc-000000000009', {}, false],
  ['a cut name', 'adele', {}, false],
  ['nothing', '', {}, false],
])('the object that comes back must be the one asked for: %s', async (_what, asked, user, same) => {
  const { target } = await find({ asked, user: ok(aUser(user)) });
  expect(target).toEqual(same ? ok(aUser()) : err({ why: somebodyElse }));
});

const unavailable: Failure = { code: 'GraphUnavailable', retryAfterSeconds: 5 };
const denied: Failure = { code: 'GraphDenied', step: 'read', right: 'User.Read.All' };

test('who is not found, or cannot be read, is the answer, whatever the tenant says', async () => {
  const notFound: Failure = { code: 'UserNotFound' };
  expect((await find({ user: err(notFound), tenant: err(denied) })).target).toEqual(
    err({ why: notFound }),
  );
  expect((await find({ user: err(denied) })).target).toEqual(err({ why: denied }));
});

test('a tenant that cannot be read refuses', async () => {
  expect((await find({ tenant: err(unavailable) })).target).toEqual(
    err({ why: unavailable, user: aUser() }),
  );
});

test('whom the caller may not reach is refused before the guard is asked', async () => {
  const outside = await find({
    caller: { domains: ['fabrikam.com'] },
    asked: userId,
    tenant: err(unavailable),
  });
  expect(outside.target).toEqual(err({ why: { code: 'UserNotFound' }, user: aUser() }));
  const outsideTheGroup = await find({
    caller: { groups: [someGroup] },
    user: ok(aUser({ memberOf: [anotherGroup] })),
  });
  expect(outsideTheGroup.target).toMatchObject(
    err({ why: { code: 'CallerNotAllowed', rule: 'groups' } }),
  );
});

test('outside the domains nobody is told apart from nobody, also when only the name could be read', async () => {
  const unreadable = { code: 'TargetProtected', because: 'unreadable' } as const;
  const halfRead = err({ ...unreadable, userPrincipalName: 'adele.vance@contoso.com' });
  const why = async (domains: readonly string[]) =>
    (await find({ caller: { domains }, asked: userId, user: halfRead })).target;
  expect(await why(['fabrikam.com'])).toEqual(err({ why: { code: 'UserNotFound' } }));
  expect(await why(['contoso.com'])).toEqual(err({ why: unreadable }));
});

test('the protected groups of the configuration reach the guard', async () => {
  const { target } = await find({ user: ok(aUser({ memberOf: [anotherGroup] })) });
  expect(target).toMatchObject(
    err({ why: { code: 'TargetProtected', because: 'protected-group' } }),
  );
});
