// `npm run grant` against the local tenant, whose Graph refuses what the real one refuses: each mode, each
// missing right, twice, and with names that fit several identities.

import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals';
import { grant } from '../../infra/azure/grant.ts';
import { appRolesOf } from '../../infra/local/tenant/app-roles.ts';
import { unitIds } from '../../infra/local/tenant/people.ts';
import { ids } from '../../infra/local/tenant/population.ts';
import type { Tenant } from '../../infra/local/tenant/tenant.ts';
import {
  forgetCertificate,
  playAz,
  startTrustedTenant,
  type Terminal,
  terminal,
  writesOf,
} from './admin.ts';

const nothing = [
  'User-PasswordProfile.ReadWrite.All',
  'User.EnableDisableAccount.All',
  'User.RevokeSessions.All',
  'User.Read.All',
  'Directory.Read.All',
  'RoleEligibilitySchedule.Read.Directory',
  'Member.Read.Hidden',
  'User Administrator',
];
const app = 'password-reset'; // the tenant's identity is named id-password-reset
const stopped = {
  'resource list': [{ resourceGroup: 'rg-reset' }],
  'functionapp show': { state: 'Stopped', defaultHostName: 'password-reset.azurewebsites.net' },
};

let tenant: Tenant;
let played: ReturnType<typeof playAz>;
let person: Terminal;
beforeEach(async () => {
  tenant = await startTrustedTenant({ without: nothing });
  played = playAz(stopped);
  person = terminal(tenant, played.az);
});
afterEach(() => tenant.stop());
afterAll(forgetCertificate);

const run = (...args: readonly string[]) => grant(['--app', app, ...args], person.ports);
const permissions = () => appRolesOf(tenant.directory, ids.identity, ids.graph).sort();
const roles = () =>
  [...tenant.directory.roleAssignments.values()]
    .filter(({ principalId }) => principalId === ids.identity)
    .map(({ roleDefinitionId, directoryScopeId }) => [roleDefinitionId, directoryScopeId]);
const userAdministrator = 'fe930be7-5e62-47db-91af-98c3a49a38b1';
const reading = [
  'Directory.Read.All',
  'Member.Read.Hidden',
  'RoleEligibilitySchedule.Read.Directory',
];

test('role is the default: User Administrator on the tenant, and the three rights to read', async () => {
  expect(await run('--no-entra-door')).toBe(true);
  expect(roles()).toEqual([[userAdministrator, '/']]);
  expect(permissions()).toEqual(reading);
  expect(person.said()).toContain(`Identity id-password-reset: object id ${ids.identity}`);
  expect(person.said().split('\n').slice(2, 7)).toEqual([
    'RIGHT OR OBJECT                         BEFORE  AFTER',
    'User Administrator, whole tenant        no      yes, new',
    'Directory.Read.All                      no      yes, new',
    'RoleEligibilitySchedule.Read.Directory  no      yes, new',
    'Member.Read.Hidden                      no      yes, new',
  ]);
  expect(person.said()).toContain('Microsoft Graph itself refuses administrators as targets');
  expect(person.said()).toContain('password-reset is stopped: it will find its rights');
});

test('permissions: the three rights to write instead of the role, and a word on what guards then', async () => {
  expect(await run('--mode', 'permissions', '--no-entra-door')).toBe(true);
  expect(roles()).toEqual([]);
  expect(permissions()).toEqual([
    'Directory.Read.All',
    'Member.Read.Hidden',
    'RoleEligibilitySchedule.Read.Directory',
    'User-PasswordProfile.ReadWrite.All',
    'User.EnableDisableAccount.All',
    'User.RevokeSessions.All',
  ]);
  expect(person.said()).toContain('the guard of the app is the only one');
});

test('the role can be limited to an administrative unit that is there', async () => {
  expect(await run('--administrative-unit', unitIds.ordinary, '--no-entra-door')).toBe(true);
  expect(roles()).toEqual([[userAdministrator, `/administrativeUnits/${unitIds.ordinary}`]]);
  expect(person.said()).toContain('Administrative unit "Unit ordinary"');

  const nowhere = '00000000-1111-2222-3333-444444444444';
  await expect(run('--administrative-unit', nowhere)).rejects.toThrow(
    'There is no administrative unit with the id 00000000-1111-2222-3333-444444444444.',
  );
});

test('a unit beside permissions is refused, for it would limit nothing', async () => {
  const args = ['--mode', 'permissions', '--administrative-unit', unitIds.ordinary];
  await expect(run(...args)).rejects.toThrow('application permissions are tenant-wide');
  await expect(run('--mode', 'owner')).rejects.toThrow('--mode is role or permissions, not owner.');
  expect(tenant.requests).toEqual([]);
});

test('a wider right from before is not taken in silence, and not left in silence', async () => {
  await run('--mode', 'permissions', '--no-entra-door');
  await run('--administrative-unit', unitIds.ordinary, '--no-entra-door');
  expect(person.said()).toContain('WARNING: the identity holds more.');
  expect(person.said()).toContain('\nUser-PasswordProfile.ReadWrite.All, whole tenant\n  az rest');
  expect(person.said()).toMatch(
    /az rest --method delete --url https:\/\/127\.0\.0\.1:\d+\/v1\.0\/servicePrincipals\/[-\da-f]{36}\/appRoleAssignments\/[-\da-f]{36}/,
  );
  expect(permissions()).toContain('User-PasswordProfile.ReadWrite.All');
});

test('a second run writes nothing', async () => {
  await run();
  const writes = writesOf(tenant).length;
  expect(writes).toBe(9); // a role, three permissions, the registration in five steps
  const again = terminal(tenant, played.az);
  expect(await grant(['--app', app], again.ports)).toBe(true);
  expect(writesOf(tenant)).toHaveLength(9);
  expect(again.said()).not.toMatch(/yes, new|stopped|running/);
  expect(again.said()).toContain('User Administrator, whole tenant                  yes     yes');
});

test('what-if writes nothing and says what would be', async () => {
  expect(await run('--what-if')).toBe(true);
  expect(writesOf(tenant)).toEqual([]);
  expect(person.said()).toContain(
    'User Administrator, whole tenant                  no      would be yes',
  );
  expect(person.said()).toContain('app registration "Password reset password-reset"');
  expect(person.said()).not.toContain('yes, new');
  expect(played.lines).toEqual([]);
});

test('without the right to grant it stops at the first refusal and names the role', async () => {
  person = terminal(tenant, played.az, ['Application Administrator']);
  expect(await run()).toBe(false);
  expect(writesOf(tenant)).toEqual(['POST /v1.0/roleManagement/directory/roleAssignments']);
  expect(person.said()).toContain(
    'User Administrator, whole tenant                  no      REFUSED',
  );
  expect(person.said()).toContain(
    'Directory.Read.All                                no      not tried',
  );
  expect(person.said()).toContain(
    'You need the role Privileged Role Administrator (or Global Administrator)',
  );
  expect(person.said()).toContain('Nothing was changed');
});

test('who may grant but not register gets the rights, and hears what is missing', async () => {
  person = terminal(tenant, played.az, ['Privileged Role Administrator']);
  expect(await run()).toBe(false);
  expect(permissions()).toEqual(reading);
  expect(person.said()).toContain('You need the role Application Administrator');
  expect(person.said()).toContain('What the table calls new stays');
  person = terminal(tenant, played.az, ['Privileged Role Administrator']);
  expect(await run('--no-entra-door')).toBe(true);
});

test('who may not even read the directory hears that', async () => {
  person = terminal(tenant, played.az, []);
  await expect(run()).rejects.toThrow(
    /did not show \/servicePrincipals \(403 .*\nSign in \(az login\)/s,
  );
});

test('several identities of one name: it asks which, and takes the one that is named', async () => {
  const other = '11111111-aaaa-4bbb-8ccc-222222222222';
  tenant.directory.add(tenant.directory.servicePrincipals, {
    id: other,
    appId: '33333333-aaaa-4bbb-8ccc-222222222222',
    displayName: 'password-reset',
    servicePrincipalType: 'ManagedIdentity',
    alternativeNames: [
      'isExplicit=False',
      '/subscriptions/s/resourcegroups/g/sites/password-reset',
    ],
  });
  await expect(run()).rejects.toThrow(
    `Several managed identities fit password-reset. Say which:\n  --identity ${ids.identity}   id-password-reset\n  --identity ${other}   /subscriptions/s/resourcegroups/g/sites/password-reset`,
  );
  expect(await run('--identity', other, '--no-entra-door')).toBe(true);
  expect(appRolesOf(tenant.directory, other, ids.graph).sort()).toEqual(reading);
  expect(permissions()).toEqual([]);
});

test('an application of the same name is no identity', async () => {
  tenant.directory.servicePrincipals.delete(ids.identity);
  tenant.directory.add(tenant.directory.servicePrincipals, {
    id: '11111111-aaaa-4bbb-8ccc-222222222222',
    appId: '33333333-aaaa-4bbb-8ccc-222222222222',
    displayName: 'id-password-reset',
    servicePrincipalType: 'Application',
  });
  await expect(run()).rejects.toThrow(
    'no managed identity named id-password-reset or password-reset',
  );
  expect(writesOf(tenant)).toEqual([]);
});

const door = () =>
  [...tenant.directory.applications.values()].find(
    ({ displayName }) => displayName === 'Password reset password-reset',
  );

test('the Entra door: one tenant, the app role, the Azure CLI pre-authorised, and what to set', async () => {
  expect(await run()).toBe(true);
  const application = door();
  expect(application).toMatchObject({
    signInAudience: 'AzureADMyOrg',
    identifierUris: [`api://${application?.['appId']}`],
    appRoles: [
      {
        value: 'PasswordReset.Invoke',
        isEnabled: true,
        allowedMemberTypes: ['User', 'Application'],
      },
    ],
    api: {
      requestedAccessTokenVersion: 2,
      oauth2PermissionScopes: [{ value: 'user_impersonation', type: 'User', isEnabled: true }],
      preAuthorizedApplications: [
        {
          appId: '04b07795-8ddb-461a-bbee-02f9e1bf7b46',
          delegatedPermissionIds: ['8c5a3d1e-2f47-4b69-8a3c-5e7d9b1f0c24'],
        },
      ],
    },
  });
  const principal = [...tenant.directory.servicePrincipals.values()].find(
    ({ appId }) => appId === application?.['appId'],
  );
  expect(principal?.['appRoles']).toMatchObject([{ value: 'PasswordReset.Invoke' }]);
  expect(person.said()).toContain(`set ENTRA_AUDIENCE=${application?.['appId']} and provision`);
});

test('the scope and who may use it without consent go in two requests', async () => {
  await run();
  const patches = tenant.requests
    .filter(({ method }) => method === 'PATCH')
    .map(({ body }) => Object.keys(Object(Object(body).api)));
  expect(patches).toEqual([
    [],
    ['requestedAccessTokenVersion', 'oauth2PermissionScopes'],
    ['requestedAccessTokenVersion', 'oauth2PermissionScopes', 'preAuthorizedApplications'],
  ]);
});

test('a new registration that is not known everywhere yet is waited for', async () => {
  const late = {
    kind: 'reply',
    status: 404,
    headers: { 'content-type': 'application/json' },
    body: { error: { code: 'Request_ResourceNotFound', message: 'does not exist' } },
  } as const;
  tenant.faults.next({ method: 'PATCH', path: /applications/ }, late, 3);
  expect(await run()).toBe(true);
  expect(door()?.['appRoles']).toHaveLength(1);
});

test('a registration that was there keeps its roles and scopes, and its owners are to be looked at', async () => {
  await run();
  const application = door();
  const own = { id: '55555555-aaaa-4bbb-8ccc-222222222222', value: 'Other.Role' };
  Object.assign(application ?? {}, { appRoles: [own], api: { oauth2PermissionScopes: [own] } });
  person = terminal(tenant, played.az);
  expect(await run()).toBe(true);
  expect(door()).toMatchObject({
    appRoles: [{ value: 'Other.Role' }, { value: 'PasswordReset.Invoke' }],
    api: { oauth2PermissionScopes: [{ value: 'Other.Role' }, { value: 'user_impersonation' }] },
  });
  expect(person.said()).toContain(`az ad app owner list --id ${application?.['appId']}`);
});

test('once ENTRA_AUDIENCE is set there is nothing left to set', async () => {
  await run();
  const appId = String(door()?.['appId']);
  person = terminal(tenant, played.az);
  const env = { ...person.ports.env, ENTRA_AUDIENCE: appId };
  expect(await grant(['--app', app], { ...person.ports, env })).toBe(true);
  expect(person.said()).toContain(`The Entra door stands on ENTRA_AUDIENCE=${appId}.`);
  expect(person.said()).not.toContain('owner list');
});

test('two registrations of the name: it asks which', async () => {
  await run();
  const first = String(door()?.['appId']);
  tenant.directory.add(tenant.directory.applications, {
    id: '22222222-aaaa-4bbb-8ccc-222222222222',
    appId: '44444444-aaaa-4bbb-8ccc-222222222222',
    displayName: 'Password reset password-reset',
  });
  await expect(run()).rejects.toThrow(
    `Several app registrations are named "Password reset password-reset". Say which:\n  --entra-app ${first}\n  --entra-app 44444444-aaaa-4bbb-8ccc-222222222222`,
  );
  expect(await run('--entra-app', first)).toBe(true);
});

test('a running app: the warning about the token that outlives the grant', async () => {
  played = playAz({
    'resource list': [{ resourceGroup: 'rg-reset' }],
    'functionapp show': { properties: { state: 'Running', defaultHostName: 'x' } },
  });
  person = terminal(tenant, played.az);
  expect(await run('--no-entra-door')).toBe(true);
  expect(person.said()).toContain('WARNING: password-reset is running.');
  expect(person.said()).toContain('up to 24 hours, and a restart does not help');
  expect(played.lines).toEqual([
    'az resource list --name password-reset --resource-type Microsoft.Web/sites',
    'az functionapp show --name password-reset --resource-group rg-reset',
  ]);
});

test('when az cannot say whether it runs, the grant stands and the warning is conditional', async () => {
  played = playAz({ 'functionapp show': new Error('az is not signed in') });
  person = terminal(tenant, played.az);
  expect(await run('--no-entra-door', '--resource-group', 'rg-reset')).toBe(true);
  expect(person.said()).toContain(
    'Whether password-reset runs could not be seen (az is not signed in)',
  );
  expect(permissions()).toEqual(reading);
});

const holders = () => {
  const principal = [...tenant.directory.servicePrincipals.values()].find(
    ({ appId }) => appId === door()?.['appId'],
  );
  return [...tenant.directory.appRoleAssignments.values()]
    .filter(({ resourceId }) => resourceId === principal?.id)
    .map(({ principalId }) => principalId)
    .sort();
};
const adele = '87d349ed-44d7-43e1-9a83-5f2406dee5bd';

test('callers are let in by name, object id, group or client id, once, and nothing else is done', async () => {
  await run();
  const before = writesOf(tenant).length;
  const sales = [...tenant.directory.groups.values()].find(
    ({ displayName }) => displayName === 'Group sales',
  );
  const args = ['adele.vance@contoso.com', sales?.id ?? '', ids.client].flatMap((id) => [
    '--allow-caller',
    id,
  ]);
  expect(await run(...args)).toBe(true);
  expect(holders()).toEqual([adele, sales?.id, ids.clientPrincipal].sort());
  expect(await run(...args, '--allow-caller', adele)).toBe(true);
  expect(writesOf(tenant).slice(before)).toHaveLength(3);
  expect(person.said()).toContain(`caller user Adele Vance (${adele})`);
});

test('a caller is sent away by the id of the assignment', async () => {
  await run();
  await run('--allow-caller', 'adele.vance@contoso.com', '--allow-caller', ids.client);
  const assignment = [...tenant.directory.appRoleAssignments.values()].find(
    ({ principalId, resourceId }) => principalId === adele && resourceId !== ids.product,
  );
  // The local tenant does not serve this call: the request is what is looked at.
  tenant.faults.next(
    { method: 'DELETE', path: /appRoleAssignedTo/ },
    { kind: 'reply', status: 204 },
  );
  expect(await run('--remove-caller', 'adele.vance@contoso.com')).toBe(true);
  expect(writesOf(tenant).at(-1)).toBe(
    `DELETE /v1.0/servicePrincipals/${assignment?.resourceId}/appRoleAssignedTo/${assignment?.id}`,
  );
  expect(person.said()).toContain('A token that was issued before keeps its roles');
});

test('nobody of that name, and a door that is not there, are sentences', async () => {
  await expect(run('--allow-caller', 'adele.vance@contoso.com')).rejects.toThrow(
    'There is no "Password reset password-reset" yet. Type: npm run grant -- --app password-reset',
  );
  await run();
  await expect(run('--allow-caller', 'nobody@contoso.com')).rejects.toThrow(
    'Nobody in this tenant is nobody@contoso.com.',
  );
  await expect(run('--allow-caller', 'helpdesk')).rejects.toThrow(
    'Nobody in this tenant is helpdesk.',
  );
});

test('who may not assign hears which role may', async () => {
  await run();
  person = terminal(tenant, played.az, [], ['Directory.Read.All']);
  expect(await run('--allow-caller', 'adele.vance@contoso.com')).toBe(false);
  expect(person.said()).toContain('You need the role Application Administrator');
});

test('a write whose answer is lost: the table is shown all the same, and a second run goes on', async () => {
  tenant.faults.next({ method: 'POST', path: /appRoleAssignments/ }, { kind: 'resetAfter' });
  expect(await run('--no-entra-door')).toBe(false);
  expect(person.said()).toMatch(/User Administrator, whole tenant +no +yes, new/);
  expect(person.said()).toMatch(/Directory\.Read\.All +no +REFUSED/);
  expect(person.said()).toContain('It may have been done all the same; a second run will see.');
  expect(permissions()).toEqual(['Directory.Read.All']);
  expect(await run('--no-entra-door')).toBe(true);
  expect(permissions()).toEqual(reading);
});

test('no sign-in, no answer and no app are sentences', async () => {
  const unavailable = { getToken: () => Promise.reject(new Error("Please run 'az login'")) };
  await expect(grant(['--app', app], { ...person.ports, credential: unavailable })).rejects.toThrow(
    "No sign-in to Microsoft Graph: Please run 'az login'\nType: az login",
  );
  tenant.faults.next({}, { kind: 'resetBefore' }, 99);
  await expect(run()).rejects.toThrow(/^Microsoft Graph \(https:\/\/127.* did not answer: /);
  await expect(grant([], person.ports)).rejects.toThrow('Type: npm run grant -- --app NAME');
  await expect(run('--mod', 'role')).rejects.toThrow("Unknown option '--mod'");
});
