// /api/ready: is the configuration whole, and may and can the identity do its work?

import { expect, test } from '@jest/globals';
import type { AuditEvent, LogFields } from '../../lib/audit.ts';
import {
  type Check,
  checkReadiness,
  isReady,
  logReadiness,
  type ReadyPorts,
  readinessBody,
} from '../../lib/readiness.ts';
import { err, ok } from '../../lib/result.ts';
import type { Directory, TenantFacts } from '../../lib/target.ts';
import { aConfig } from '../support/a-journey.ts';
import { aCaller, anotherGroup, aTenant, someGroup } from '../support/a-valid-user.ts';

const until = 8_000;
const all = [
  'Directory.Read.All',
  'RoleEligibilitySchedule.Read.Directory',
  'User-PasswordProfile.ReadWrite.All',
  'User.ReadWrite.All',
  'Member.Read.Hidden',
];
const without = (...lacking: readonly string[]) => all.filter((right) => !lacking.includes(right));

interface Changes {
  readonly tenant?: Awaited<ReturnType<Directory['tenant']>>;
  readonly facts?: Partial<TenantFacts>;
  readonly permissions?: readonly string[];
  readonly identity?: ReadyPorts['identity'];
  readonly visible?: Awaited<ReturnType<ReadyPorts['visibility']>>;
  readonly usable?: boolean;
  readonly keys?: boolean;
  readonly config?: Parameters<typeof aConfig>[0];
}

function check(changes: Changes = {}): Promise<readonly Check[]> {
  const { permissions = all, keys } = changes;
  const ports: ReadyPorts = {
    tenantNow: async () => changes.tenant ?? ok(aTenant(changes.facts)),
    identity: changes.identity ?? { rights: async () => ok({ objectId: 'oid-1', permissions }) },
    visibility: async () => changes.visible ?? ok(new Map()),
    usable: async () => changes.usable ?? true,
    keysReachable: keys === undefined ? undefined : async () => keys,
  };
  return checkReadiness(ok(aConfig(changes.config)), async () => ports, until);
}
const one = async (name: string, changes: Changes = {}) =>
  (await check(changes)).find(({ Name }) => Name === name);

test('all well', async () => {
  expect(await check()).toEqual([
    {
      Name: 'Configuration',
      Status: 'Passed',
      Detail: 'CALLERS is not set: every function key receives passwords.',
      Remedy: '',
    },
    {
      Name: 'Identity',
      Status: 'Passed',
      Detail: 'A token for Microsoft Graph was issued to oid-1.',
      Remedy: '',
    },
    {
      Name: 'Permissions',
      Status: 'Passed',
      Detail:
        'The token carries Directory.Read.All, RoleEligibilitySchedule.Read.Directory, User-PasswordProfile.ReadWrite.All, User.ReadWrite.All, Member.Read.Hidden.',
      Remedy: '',
    },
    {
      Name: 'WriteRight',
      Status: 'Passed',
      Detail: 'By application permissions, without a role.',
      Remedy: '',
    },
    { Name: 'Graph', Status: 'Passed', Detail: 'Microsoft Graph answers.', Remedy: '' },
    {
      Name: 'Guard',
      Status: 'Passed',
      Detail: 'Read: 0 role assignments, 0 eligibilities, 0 role-assignable groups.',
      Remedy: '',
    },
    {
      Name: 'ProtectedGroups',
      Status: 'Skipped',
      Detail: 'PROTECTED_GROUP_IDS is not set.',
      Remedy: '',
    },
    {
      Name: 'Ledger',
      Status: 'Passed',
      Detail: 'Rows were written, read and removed.',
      Remedy: '',
    },
    { Name: 'TokenKeys', Status: 'Skipped', Detail: 'The Entra door is closed.', Remedy: '' },
  ]);
});

test('a configuration that is not whole: all mistakes, and no port is opened', async () => {
  const mistakes = [
    { setting: 'CALLERS', detail: 'It is not JSON.' },
    { setting: 'COOLDOWN_SECONDS', detail: 'Set a whole number from 0 to 3600.' },
  ];
  const checks = await checkReadiness(
    err(mistakes),
    () => Promise.reject(new Error('Nothing to open.')),
    until,
  );
  expect(checks.filter(({ Status }) => Status === 'Failed')).toEqual([
    {
      Name: 'Configuration',
      Status: 'Failed',
      Detail: 'CALLERS: It is not JSON.',
      Remedy: 'Correct the setting CALLERS.',
    },
    {
      Name: 'Configuration',
      Status: 'Failed',
      Detail: 'COOLDOWN_SECONDS: Set a whole number from 0 to 3600.',
      Remedy: 'Correct the setting COOLDOWN_SECONDS.',
    },
  ]);
  const skipped = checks.slice(2);
  expect(new Set(skipped.map(({ Status, Detail }) => `${Status} ${Detail}`))).toEqual(
    new Set(['Skipped The configuration is not whole.']),
  );
  // the same checks under the same names as when the configuration is whole
  expect(skipped.map(({ Name }) => Name).sort()).toEqual(
    (await check())
      .map(({ Name }) => Name)
      .filter((name) => name !== 'Configuration')
      .sort(),
  );
});

test('adapters that cannot be opened: the checks say so instead of failing themselves', async () => {
  const broken = () => Promise.reject(new Error('Invalid connection string of a secret account.'));
  const [configuration, ...others] = await checkReadiness(ok(aConfig()), broken, until);
  expect([configuration]).toEqual([
    {
      Name: 'Configuration',
      Status: 'Failed',
      Detail: 'The adapters could not be opened: the storage settings are not usable.',
      Remedy: 'Correct AzureWebJobsStorage.',
    },
  ]);
  expect(others.map(({ Status }) => Status)).toEqual(Array.from({ length: 8 }, () => 'Skipped'));
});

// --- callers ---------------------------------------------------------------------------------------

test.each([
  ['one that returns', ['return'], 'Callers: 1, withholding: 0.'],
  ['one of each', ['return', 'withhold'], 'Callers: 2, withholding: 1.'],
  [
    'only such as withhold: no failure, but said',
    ['withhold', 'withhold'],
    'Callers: 2, withholding: 2. All of them withhold passwords: nobody can hand one to a user. Add a ' +
      'caller with "password": "return".',
  ],
] as const)('callers: %s', async (_what, passwords, detail) => {
  const callers = passwords.map((password) => aCaller({ password }));
  expect(await one('Configuration', { config: { callers } })).toEqual({
    Name: 'Configuration',
    Status: 'Passed',
    Detail: detail,
    Remedy: '',
  });
});

// --- identity and rights ---------------------------------------------------------------------------

const grant = 'npm run grant -- --app NAME';

test('no token', async () => {
  const checks = await check({
    identity: { rights: async () => err({ code: 'IdentityUnavailable' }) },
  });
  expect(checks.slice(1, 4)).toEqual([
    {
      Name: 'Identity',
      Status: 'Failed',
      Detail: 'No token could be had.',
      Remedy:
        'Assign the identity to the app and set AZURE_CLIENT_ID to its client id: az webapp identity ' +
        'show -g GROUP -n APP',
    },
    { Name: 'Permissions', Status: 'Skipped', Detail: 'No token.', Remedy: '' },
    { Name: 'WriteRight', Status: 'Skipped', Detail: 'No token.', Remedy: '' },
  ]);
});

test.each([
  [['Directory.Read.All'], 'The token lacks Directory.Read.All.'],
  [
    ['RoleEligibilitySchedule.Read.Directory'],
    'The token lacks RoleEligibilitySchedule.Read.Directory.',
  ],
  [
    ['Directory.Read.All', 'RoleEligibilitySchedule.Read.Directory'],
    'The token lacks Directory.Read.All, RoleEligibilitySchedule.Read.Directory.',
  ],
])('a token without %j', async (lacking, detail) => {
  expect(await one('Permissions', { permissions: without(...lacking) })).toEqual({
    Name: 'Permissions',
    Status: 'Failed',
    Detail: detail,
    Remedy: grant,
  });
});

test.each([
  ['Directory.Read.All', 'Directory.ReadWrite.All'],
  ['RoleEligibilitySchedule.Read.Directory', 'RoleEligibilitySchedule.ReadWrite.Directory'],
  ['RoleEligibilitySchedule.Read.Directory', 'RoleManagement.Read.Directory'],
  ['RoleEligibilitySchedule.Read.Directory', 'RoleManagement.ReadWrite.Directory'],
  ['RoleEligibilitySchedule.Read.Directory', 'RoleManagement.Read.All'],
])('instead of %s, the wider %s', async (least, wider) => {
  const permissions = [...without(least), wider];
  expect((await one('Permissions', { permissions }))?.Status).toBe('Passed');
});

test('a token that tells nothing of itself is no failure; one with an id or a right tells something', async () => {
  const told = async (objectId: string | undefined, permissions: readonly string[]) => {
    const checks = await check({ identity: { rights: async () => ok({ objectId, permissions }) } });
    return checks.slice(2, 4).map(({ Name, Status, Detail }) => [Name, Status, Detail]);
  };
  expect(await told(undefined, [])).toEqual([
    ['Permissions', 'Skipped', 'The token does not tell what it carries.'],
    ['WriteRight', 'Skipped', 'The token does not tell what it carries.'],
  ]);
  expect((await told('oid-1', [])).map(([, status]) => status)).toEqual(['Failed', 'Failed']);
  expect((await told(undefined, all)).map(([, status]) => status)).toEqual(['Passed', 'Passed']);
});

const administrator = {
  principalId: 'oid-1',
  roleId: 'fe930be7-5e62-47db-91af-98c3a49a38b1',
  scope: '/',
};

test('the right to write: a role, permissions, or neither', async () => {
  const readers = without('User-PasswordProfile.ReadWrite.All', 'User.ReadWrite.All');
  expect(
    await one('WriteRight', { permissions: readers, facts: { assignments: [administrator] } }),
  ).toEqual({
    Name: 'WriteRight',
    Status: 'Passed',
    Detail: 'User Administrator on /.',
    Remedy: '',
  });
  expect(await one('WriteRight', { permissions: readers })).toEqual({
    Name: 'WriteRight',
    Status: 'Failed',
    Detail: 'The identity lacks the directory role User Administrator.',
    Remedy: grant,
  });
  expect(await one('WriteRight', { permissions: without('User.ReadWrite.All') })).toEqual({
    Name: 'WriteRight',
    Status: 'Failed',
    Detail: 'The identity lacks User.EnableDisableAccount.All, User.RevokeSessions.All.',
    Remedy: grant,
  });
});

test('several roles, each with its scope', async () => {
  const elsewhere = { ...administrator, scope: '/administrativeUnits/1' };
  const facts = { assignments: [administrator, elsewhere] };
  expect((await one('WriteRight', { facts }))?.Detail).toBe(
    'User Administrator on /, User Administrator on /administrativeUnits/1.',
  );
});

test('without the role assignments nobody can say who may write', async () => {
  expect(
    await one('WriteRight', { tenant: err({ code: 'GraphUnavailable', retryAfterSeconds: 5 }) }),
  ).toEqual({
    Name: 'WriteRight',
    Status: 'Skipped',
    Detail: 'The role assignments could not be read.',
    Remedy: '',
  });
});

// --- Graph and the guard ---------------------------------------------------------------------------

test.each([
  [{ code: 'GraphUnavailable', retryAfterSeconds: 5 } as const, 'Failed'],
  [{ code: 'IdentityUnavailable' } as const, 'Failed'],
  [{ code: 'TooManyRequests', by: 'graph', retryAfterSeconds: 5 } as const, 'Failed'],
  [{ code: 'GraphDenied', step: 'read', right: 'Directory.Read.All' } as const, 'Passed'],
  [{ code: 'TargetProtected', because: 'unreadable' } as const, 'Passed'],
])('Graph says %j: %s', async (failure, status) => {
  const graph = await one('Graph', { tenant: err(failure) });
  expect(graph).toEqual(
    status === 'Passed'
      ? { Name: 'Graph', Status: 'Passed', Detail: 'Microsoft Graph answers.', Remedy: '' }
      : {
          Name: 'Graph',
          Status: 'Failed',
          Detail: `Microsoft Graph could not be read (${failure.code}).`,
          Remedy: 'Check GRAPH_ENDPOINT and the outbound network; then call /api/ready again.',
        },
  );
  expect(await one('Guard', { tenant: err(failure) })).toEqual({
    Name: 'Guard',
    Status: 'Failed',
    Detail:
      failure.code === 'GraphDenied'
        ? 'Roles, groups or domains of the tenant could not be read (GraphDenied). It likely lacks ' +
          'Directory.Read.All.'
        : `Roles, groups or domains of the tenant could not be read (${failure.code}).`,
    Remedy: grant,
  });
});

test('how much the guard knows; a tenant without PIM is said', async () => {
  const facts: Partial<TenantFacts> = {
    assignments: [administrator, administrator],
    eligibilities: [administrator],
    roleAssignableGroups: [{ id: someGroup, hidden: false }],
  };
  expect((await one('Guard', { facts }))?.Detail).toBe(
    'Read: 2 role assignments, 1 eligibilities, 1 role-assignable groups.',
  );
  expect((await one('Guard', { facts: { eligibilities: 'no-licence' } }))?.Detail).toBe(
    'Read: 0 role assignments, no PIM licence, so no eligibilities, 0 role-assignable groups.',
  );
});

test('role-assignable groups that hide their members', async () => {
  const facts = {
    roleAssignableGroups: [
      { id: someGroup, hidden: true },
      { id: anotherGroup, hidden: false },
    ],
  };
  expect((await one('Guard', { facts }))?.Status).toBe('Passed');
  expect(await one('Guard', { facts, permissions: without('Member.Read.Hidden') })).toEqual({
    Name: 'Guard',
    Status: 'Failed',
    Detail: '1 role-assignable groups hide their members, and the token lacks Member.Read.Hidden.',
    Remedy: grant,
  });
  expect(
    (
      await one('Guard', {
        facts: { roleAssignableGroups: [{ id: someGroup, hidden: false }] },
        permissions: without('Member.Read.Hidden'),
      })
    )?.Status,
  ).toBe('Passed');
});

// --- protected groups ------------------------------------------------------------------------------

const config = { protectedGroupIds: [someGroup, anotherGroup] };
const visible = ok(
  new Map([
    [someGroup, 'visible'],
    [anotherGroup, 'visible'],
  ] as const),
);
const hidden = ok(
  new Map([
    [someGroup, 'visible'],
    [anotherGroup, 'hidden'],
  ] as const),
);

test.each<[string, Changes, string, string, string]>([
  ['visible', { visible }, 'Passed', '2 protected groups are visible.', ''],
  ['hidden, with the right', { visible: hidden }, 'Passed', '2 protected groups are visible.', ''],
  [
    'hidden, without the right',
    { visible: hidden, permissions: without('Member.Read.Hidden') },
    'Failed',
    '1 protected groups hide their members, and the token lacks Member.Read.Hidden.',
    grant,
  ],
  [
    'visible, without the right',
    { visible, permissions: without('Member.Read.Hidden') },
    'Passed',
    '2 protected groups are visible.',
    '',
  ],
  [
    'unknown',
    { visible: ok(new Map([[someGroup, 'visible']] as const)) },
    'Failed',
    '1 of PROTECTED_GROUP_IDS are no groups of this tenant.',
    'Correct PROTECTED_GROUP_IDS: az ad group show --group NAME --query id',
  ],
  [
    'unreadable',
    { visible: err({ code: 'GraphUnavailable', retryAfterSeconds: 5 }) },
    'Failed',
    'The groups could not be read (GraphUnavailable).',
    grant,
  ],
])('protected groups: %s', async (_what, changes, Status, Detail, Remedy) => {
  expect(await one('ProtectedGroups', { ...changes, config })).toEqual({
    Name: 'ProtectedGroups',
    Status,
    Detail,
    Remedy,
  });
});

// --- ledger and keys -------------------------------------------------------------------------------

test('a ledger that takes no row', async () => {
  expect(await one('Ledger', { usable: false })).toEqual({
    Name: 'Ledger',
    Status: 'Failed',
    Detail: 'Rows could not be written, read and removed in table storage.',
    Remedy:
      'Give the identity the role Storage Table Data Contributor on the storage account: az role ' +
      'assignment create --role "Storage Table Data Contributor" --assignee OBJECT_ID --scope STORAGE_ID',
  });
});

test.each<[boolean, Check]>([
  [
    true,
    {
      Name: 'TokenKeys',
      Status: 'Passed',
      Detail: 'The key set of the tenant was read.',
      Remedy: '',
    },
  ],
  [
    false,
    {
      Name: 'TokenKeys',
      Status: 'Failed',
      Detail: 'The key set of the tenant could not be read.',
      Remedy: 'Check ENTRA_AUTHORITY, ENTRA_TENANT_ID and the outbound network.',
    },
  ],
])('the keys of the Entra door can be had: %s', async (keys, expected) => {
  expect(await one('TokenKeys', { keys })).toEqual(expected);
});

// --- the answer and the log ------------------------------------------------------------------------

const passed: Check = { Name: 'A', Status: 'Passed', Detail: 'a', Remedy: '' };
const skipped: Check = { Name: 'B', Status: 'Skipped', Detail: 'b', Remedy: '' };
const failed: Check = { Name: 'C', Status: 'Failed', Detail: 'c', Remedy: 'type this' };

test('each check on a line of its own', () => {
  expect(readinessBody([passed, skipped])).toBe(
    '{"Status":"Ready","Checks":[\n' +
      '{"Name":"A","Status":"Passed","Detail":"a","Remedy":""},\n' +
      '{"Name":"B","Status":"Skipped","Detail":"b","Remedy":""}\n' +
      ']}\n',
  );
  expect(readinessBody([failed])).toBe(
    '{"Status":"NotReady","Checks":[\n' +
      '{"Name":"C","Status":"Failed","Detail":"c","Remedy":"type this"}\n' +
      ']}\n',
  );
});

test('ready means that nothing failed', () => {
  expect(isReady([passed, skipped])).toBe(true);
  expect(isReady([passed, failed])).toBe(false);
});

test('the log says which checks failed', () => {
  const lines: [string, AuditEvent, LogFields][] = [];
  const log = (...line: [string, AuditEvent, LogFields]) => lines.push(line);
  logReadiness(log, [passed, skipped]);
  logReadiness(log, [passed, failed]);
  expect(lines).toEqual([
    ['info', 'ReadinessChecked', { status: 'Ready', failed: [] }],
    ['error', 'ReadinessChecked', { status: 'NotReady', failed: ['C'] }],
  ]);
});
