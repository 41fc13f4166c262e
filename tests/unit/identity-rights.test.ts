// What the identity seems to lack for a reset (graph.md: a directory role, or application permissions).

import { expect, test } from '@jest/globals';
import { missingToReset, writerRolesOf } from '../../lib/identity-rights.ts';

const objectId = '77777777-0000-4000-8000-000000000007';
const userAdministrator = 'fe930be7-5e62-47db-91af-98c3a49a38b1';
const held = (roleId: string, principalId = objectId, scope = '/') => ({
  principalId,
  roleId,
  scope,
});
const role = 'the directory role User Administrator';
const password = 'User-PasswordProfile.ReadWrite.All';

const missing = (
  permissions: readonly string[],
  assignments = [held('x', 'nobody')],
  enableUserIfNeeded = true,
  revokeSessions = true,
) => missingToReset({ objectId, permissions }, assignments, { enableUserIfNeeded, revokeSessions });

test.each([
  ['User Administrator', userAdministrator, []],
  ['Privileged Authentication Administrator', '7be44c8a-adaf-4e2a-84d6-ab2649e08a13', []],
  ['Global Administrator', '62e90394-69f5-4237-9190-012177145e10', []],
  ['Helpdesk Administrator', '729827e3-9c14-49f7-bb1b-9608f156bbb8', [role]],
  ['Directory Readers', '88d8e3e3-8f55-4a1e-953a-9b9898b8876b', [role]],
])('with the role %s it lacks', (_name, roleId, lacks) => {
  expect(missing([], [held(roleId)])).toEqual(lacks);
});

test('the role of somebody else does not help', () => {
  expect(missing([], [held(userAdministrator, 'somebody-else')])).toEqual([role]);
  expect(
    missingToReset({ objectId: undefined, permissions: [] }, [held(userAdministrator)], {
      enableUserIfNeeded: false,
      revokeSessions: false,
    }),
  ).toEqual([role]);
});

test.each([
  [[], true, true, [role]],
  [['User.ReadWrite.All'], true, true, [role]],
  [[password], false, false, []],
  [[password], true, false, ['User.EnableDisableAccount.All']],
  [[password], false, true, ['User.RevokeSessions.All']],
  [[password], true, true, ['User.EnableDisableAccount.All', 'User.RevokeSessions.All']],
  [[password, 'User.EnableDisableAccount.All'], true, true, ['User.RevokeSessions.All']],
  [[password, 'User.RevokeSessions.All'], true, true, ['User.EnableDisableAccount.All']],
  [[password, 'User.ReadWrite.All'], true, true, []],
  [[password, 'Directory.ReadWrite.All'], true, true, []],
])('permissions %j, enabling %s, revoking %s: lacks %j', (permissions, enables, revokes, lacks) => {
  expect(missing(permissions, [], enables, revokes)).toEqual(lacks);
});

test('the writer roles, each with its scope', () => {
  expect(
    writerRolesOf({ objectId, permissions: [] }, [
      held(userAdministrator, objectId, '/administrativeUnits/1'),
      held('62e90394-69f5-4237-9190-012177145e10'),
      held('7be44c8a-adaf-4e2a-84d6-ab2649e08a13'),
      held('729827e3-9c14-49f7-bb1b-9608f156bbb8'),
      held(userAdministrator, 'somebody-else'),
    ]),
  ).toEqual([
    { name: 'User Administrator', scope: '/administrativeUnits/1' },
    { name: 'Global Administrator', scope: '/' },
    { name: 'Privileged Authentication Administrator', scope: '/' },
  ]);
});
