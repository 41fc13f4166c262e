// The kill switch and the way back: what is done in which order, what goes on when one half fails, and what
// is said to be left. Graph is the local tenant, az is played.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals';
import { kill } from '../../infra/azure/kill-switch.ts';
import { revive } from '../../infra/azure/revive.ts';
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

const app = 'password-reset';
const place = ['--app', app, '--resource-group', 'rg-reset'];

let tenant: Tenant;
let person: Terminal;
let played: ReturnType<typeof playAz>;
let state: string;
let site: Server | undefined;
const azure = {
  'functionapp stop': () => {
    // Not a right has been taken when the app is told to stop.
    expect(writesOf(tenant)).toEqual([]);
    state = 'Stopped';
  },
  'functionapp start': () => {
    state = 'Running';
  },
  'functionapp show': () => ({ state, defaultHostName: 'password-reset.azurewebsites.net' }),
};

beforeEach(async () => {
  tenant = await startTrustedTenant();
  state = 'Running';
  sit(azure);
});
afterEach(async () => {
  site?.close();
  site = undefined;
  await tenant.stop();
});
afterAll(forgetCertificate);

function sit(answers: Readonly<Record<string, unknown>>, ...rights: readonly string[][]): void {
  played = playAz(answers);
  person = terminal(tenant, played.az, ...rights);
}
const rights = () => [
  ...appRolesOf(tenant.directory, ids.identity, ids.graph),
  ...[...tenant.directory.roleAssignments.values()]
    .filter(({ principalId }) => principalId === ids.identity)
    .map(({ directoryScopeId }) => `role on ${directoryScopeId}`),
];

test('kill stops the app first, then takes every right, and says what a stop is for', async () => {
  expect(await kill(place, person.ports)).toBe(true);
  expect(played.lines).toEqual([
    'az functionapp stop --name password-reset --resource-group rg-reset',
    'az functionapp show --name password-reset --resource-group rg-reset',
  ]);
  expect(rights()).toEqual([]);
  const said = person.said();
  expect(said).toMatch(
    /^password-reset is stopped\. .*curl -i https:\/\/password-reset\.azurewebsites\.net\/api\/health/,
  );
  expect(said).toMatch(/^User Administrator, whole tenant +yes +no, taken$/m);
  expect(said).toMatch(/^Directory\.Read\.All, whole tenant +yes +no, taken$/m);
  expect(said).toContain('keeps its rights for up to 24 hours');
  expect(said).toContain('The way back: npm run revive -- --app password-reset\n');
  expect(said).not.toContain('LEFT TO DO');
});

test('the rights of others, and roles at other apps, stay', async () => {
  tenant.directory.add(tenant.directory.appRoleAssignments, {
    id: 'an-app-role-elsewhere',
    principalId: ids.identity,
    resourceId: ids.product,
    appRoleId: '00000000-0000-0000-0000-000000000000',
  });
  const others = tenant.directory.roleAssignments.size - 1;
  await kill(place, person.ports);
  expect(tenant.directory.appRoleAssignments.has('an-app-role-elsewhere')).toBe(true);
  expect(tenant.directory.roleAssignments.size).toBe(others);
});

test('when the app cannot be stopped the rights are taken all the same, and the stop is left', async () => {
  sit({
    ...azure,
    'functionapp stop': new Error('az functionapp stop\ndid not work: AuthorizationFailed'),
  });
  expect(await kill(place, person.ports)).toBe(false);
  expect(rights()).toEqual([]);
  expect(person.said()).toContain('AuthorizationFailed');
  expect(person.said()).toContain(
    'LEFT TO DO\n  the app: az functionapp stop --name password-reset --resource-group rg-reset',
  );
});

test('an app that goes on running after it was told to stop is left to do', async () => {
  sit({ ...azure, 'functionapp stop': undefined });
  expect(await kill(place, person.ports)).toBe(false);
  expect(person.said()).toContain('password-reset was told to stop, and Azure calls it Running.');
  expect(person.said()).toContain('LEFT TO DO\n  the app: az functionapp stop');
});

test('without the right to revoke the app is stopped, and the rights are left', async () => {
  sit(azure, [], ['Directory.Read.All']);
  expect(await kill(place, person.ports)).toBe(false);
  expect(state).toBe('Stopped');
  expect(person.said()).toContain('You need the role Privileged Role Administrator');
  expect(person.said()).toContain(
    'LEFT TO DO\n  the rights: npm run kill -- --app password-reset, as a Privileged Role Administrator',
  );
});

test('a refusal of one right does not save the others', async () => {
  tenant.faults.next(
    { method: 'DELETE', path: /roleAssignments/ },
    {
      kind: 'reply',
      status: 403,
      headers: { 'content-type': 'application/json' },
      body: { error: { code: 'Authorization_RequestDenied', message: 'no' } },
    },
  );
  expect(await kill(place, person.ports)).toBe(false);
  expect(rights()).toEqual(['role on /']);
  expect(person.said()).toMatch(/^User Administrator, whole tenant +yes +REFUSED$/m);
});

test('both halves can fail, and both are left', async () => {
  sit({ 'functionapp stop': new Error('no') }, [], []);
  expect(await kill(place, person.ports)).toBe(false);
  expect(person.said()).toMatch(/LEFT TO DO\n {2}the app: .*\n {2}the rights: .*$/);
});

test('twice is once', async () => {
  await kill(place, person.ports);
  sit({ ...azure, 'functionapp stop': undefined });
  expect(await kill(place, person.ports)).toBe(true);
  expect(person.said()).toContain('id-password-reset holds no right.');
});

test('the way back names the unit, or the mode, that was held', async () => {
  const { directory } = tenant;
  for (const one of directory.roleAssignments.values()) {
    if (one.principalId === ids.identity)
      one.directoryScopeId = `/administrativeUnits/${unitIds.ordinary}`;
  }
  await kill(place, person.ports);
  expect(person.said()).toContain(
    `The way back: npm run revive -- --app password-reset --administrative-unit ${unitIds.ordinary}\n`,
  );
});

test('without the role, the way back is by permissions', async () => {
  for (const [id, one] of tenant.directory.roleAssignments) {
    if (one.principalId === ids.identity) tenant.directory.roleAssignments.delete(id);
  }
  await kill(place, person.ports);
  expect(person.said()).toContain('npm run revive -- --app password-reset --mode permissions\n');
});

/** The app as the world sees it after the start: the answers of /api/ready, one after the other. */
async function answering(answers: readonly [status: number, body: string][]): Promise<unknown[]> {
  const keys: unknown[] = [];
  const queue = [...answers];
  site = createServer((request, response) => {
    keys.push(request.headers['x-functions-key']);
    const [status, body] = (queue.length > 1 ? queue.shift() : queue[0]) ?? [500, ''];
    response.writeHead(status).end(body);
  });
  await new Promise<void>((done) => site?.listen(0, '127.0.0.1', done));
  const { port } = site.address() as AddressInfo;
  const shown = () => ({ state, url: '', defaultHostName: `127.0.0.1:${port}` });
  sit({
    ...azure,
    'functionapp show': shown,
    'functionapp keys list': { functionKeys: { default: 'host-key-of-the-app' }, masterKey: 'm' },
  });
  // The platform's addresses are https; this one is not.
  const { fetch } = globalThis;
  restoreFetch = () => {
    globalThis.fetch = fetch;
  };
  globalThis.fetch = (input, init) =>
    fetch(
      typeof input === 'string'
        ? input.replace(`https://127.0.0.1:${port}`, `http://127.0.0.1:${port}`)
        : input,
      init,
    );
  return keys;
}
let restoreFetch = (): void => {};
afterEach(() => restoreFetch());

const ready =
  '{"Status":"Ready","Checks":[{"Name":"Graph","Status":"Passed","Detail":"It answers.","Remedy":""}]}';
const notReady =
  '{"Status":"NotReady","Checks":[{"Name":"WriteRight","Status":"Failed","Detail":"It lacks a role.","Remedy":"npm run grant -- --app NAME"}]}';

test('revive grants, then starts, then shows readiness until it is green', async () => {
  await kill(place, person.ports);
  const keys = await answering([
    [503, ''],
    [503, notReady],
    [503, notReady],
    [200, ready],
  ]);
  expect(await revive(place, person.ports)).toBe(true);
  expect(rights()).toEqual([
    'Directory.Read.All',
    'RoleEligibilitySchedule.Read.Directory',
    'Member.Read.Hidden',
    'role on /',
  ]);
  expect(played.lines.filter((line) => !line.includes(' show '))).toEqual([
    'az functionapp start --name password-reset --resource-group rg-reset',
    ...Array(4).fill('az functionapp keys list --name password-reset --resource-group rg-reset'),
  ]);
  expect(keys).toEqual(Array(4).fill('host-key-of-the-app'));
  const said = person.said();
  expect(said.match(/✗ WriteRight/g)).toHaveLength(1); // what has not changed is not said again
  expect(said.endsWith('✓ Graph  It answers.\n\nReady.')).toBe(true);
  expect(said).not.toContain('host-key-of-the-app');
});

test('what was not granted is not started', async () => {
  await kill(place, person.ports);
  sit(azure, [], ['Directory.Read.All']);
  expect(await revive(place, person.ports)).toBe(false);
  expect(state).toBe('Stopped');
  expect(person.said()).toContain('password-reset was not started');
});

test('it does not wait for ever, and says how long rights may need', async () => {
  await answering([[503, notReady]]);
  const waits: number[] = [];
  const wait = async (ms: number) => {
    waits.push(ms);
  };
  expect(await revive([...place, '--minutes', '2'], { ...person.ports, wait })).toBe(false);
  expect(waits).toEqual([5_000, 10_000, 20_000, 40_000]);
  expect(person.said()).toContain('can need up to 24 hours');
});

test('options of the grant are handed on, and a rehearsal starts nothing', async () => {
  await kill(place, person.ports);
  await answering([[200, ready]]);
  const unit = ['--administrative-unit', unitIds.ordinary, '--no-entra-door'];
  expect(await revive([...place, ...unit], person.ports)).toBe(true);
  expect(rights()).toContain(`role on /administrativeUnits/${unitIds.ordinary}`);
  await expect(revive([...place, '--what-if'], person.ports)).rejects.toThrow(
    '--what-if is for npm run grant alone.',
  );
  await expect(revive([], person.ports)).rejects.toThrow('Type: npm run revive -- --app NAME');
  await expect(kill([], person.ports)).rejects.toThrow('Type: npm run kill -- --app NAME');
  await expect(revive([...place, '--minutes', 'x'], person.ports)).rejects.toThrow('--minutes is');
});
