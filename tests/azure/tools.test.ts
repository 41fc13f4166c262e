// The tools as they are typed: processes with an Azure CLI on their path that is a script of this test.
// Exit codes, no stack traces, and the real command lines, down to the token that az is asked for.

import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { ids } from '../../infra/local/tenant/population.ts';
import { startTenant, type Tenant } from '../../infra/local/tenant/tenant.ts';

// A script with a shebang line is no program for Windows.
const onPosix = process.platform === 'win32' ? test.skip : test;

let tenant: Tenant;
let folder: string;
beforeAll(async () => {
  tenant = await startTenant();
  folder = mkdtempSync(path.join(tmpdir(), 'tools-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await tenant.stop();
});
beforeEach(() => writeFileSync(path.join(folder, 'lines'), ''));

/** `answers`: beginning of the arguments → standard output, or an error on standard error. */
function installAz(answers: Readonly<Record<string, string | { readonly error: string }>>): void {
  const script = `#!${process.execPath}
const { appendFileSync } = require('node:fs');
const line = process.argv.slice(2).join(' ');
appendFileSync(${JSON.stringify(path.join(folder, 'lines'))}, line + '\\n');
const answers = ${JSON.stringify(answers)};
const known = Object.keys(answers).find((start) => line.startsWith(start));
const answer = known === undefined ? { error: 'ERROR: not played: ' + line } : answers[known];
if (typeof answer === 'string') process.stdout.write(answer);
else { process.stderr.write(answer.error); process.exitCode = 1; }
`;
  writeFileSync(path.join(folder, 'az'), script);
  chmodSync(path.join(folder, 'az'), 0o755);
}
const lines = () => readFileSync(path.join(folder, 'lines'), 'utf8').trim().split('\n');

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}
const type = (tool: string, args: readonly string[], withAz = true): Promise<Ended> =>
  new Promise((resolve) => {
    const env = {
      PATH: withAz ? folder : path.join(folder, 'nothing'),
      HOME: folder,
      GRAPH_ENDPOINT: tenant.origin,
      NODE_EXTRA_CA_CERTS: tenant.caFile,
    };
    const file = path.resolve('infra/azure', tool);
    const flags = ['--disable-warning=ExperimentalWarning'];
    execFile(process.execPath, [...flags, file, ...args], { env }, (error, out, err) =>
      resolve({ code: Number(error?.code ?? 0), out, err }),
    );
  });

const token = () =>
  JSON.stringify({
    accessToken: tenant.mintGraphToken({ directoryRoles: ['Global Administrator'] }),
    expires_on: Math.floor(Date.now() / 1000) + 3_600,
    expiresOn: '2999-01-01 00:00:00.000000',
    tokenType: 'Bearer',
  });

test.each(['grant', 'caller', 'kill-switch', 'audit', 'doctor'])('%s --help', async (tool) => {
  const { code, out, err } = await type(`${tool}.ts`, ['--help'], false);
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(/^npm run (grant|caller|kill|audit|doctor) -- /);
  expect(out.split('\n').filter((line) => line.length > 100)).toEqual([]);
});

test.each([
  ['grant.ts', ['--app'], "Option '--app <value>' argument missing\nAll options: add --help\n"],
  ['kill-switch.ts', ['--ap', 'x'], "Unknown option '--ap'\nAll options: add --help\n"],
  [
    'doctor.ts',
    [],
    'Which app? Type: npm run doctor -- --url https://NAME.azurewebsites.net --key KEY\n',
  ],
  ['audit.ts', ['--since', 'x'], '--since is 30m, 1h, 7d, or a time such as 2026-11-23T09:00Z.\n'],
])('%s %j ends with a sentence and code 1', async (tool, args, sentence) => {
  expect(await type(tool, args, false)).toEqual({ code: 1, out: '', err: sentence });
});

onPosix('grant signs in through az, grants, and looks whether the app runs', async () => {
  tenant.directory.roleAssignments.clear();
  installAz({
    'account get-access-token': token(),
    'resource list': '[{"resourceGroup":"rg-reset"}]',
    'functionapp show': '{"state":"Running","defaultHostName":"x"}',
  });
  const { code, out, err } = await type('grant.ts', ['--app', 'password-reset', '--no-entra-door']);
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(/^User Administrator, whole tenant +no +yes, new$/m);
  expect(out).toContain('WARNING: password-reset is running.');
  expect([...tenant.directory.roleAssignments.values()]).toMatchObject([
    { principalId: ids.identity, directoryScopeId: '/' },
  ]);
  expect([...new Set(lines())]).toEqual([
    `account get-access-token --output json --resource ${tenant.origin}`,
    'resource list --name password-reset --resource-type Microsoft.Web/sites --output json --only-show-errors',
    'functionapp show --name password-reset --resource-group rg-reset --output json --only-show-errors',
  ]);
});

onPosix('somebody who is not signed in is told to sign in', async () => {
  installAz({
    '': { error: "ERROR: Please run 'az login' to setup account.\n" },
  });
  const granted = await type('grant.ts', ['--app', 'password-reset']);
  expect(granted.code).toBe(1);
  expect(granted.err).toMatch(/^No sign-in to Microsoft Graph: .*\nType: az login\n$/);
  const killed = await type('kill-switch.ts', ['--app', 'password-reset']);
  expect(killed.code).toBe(1);
  expect(killed.out).toContain('The Azure CLI is not signed in. Type: az login');
  expect(killed.out).toContain('LEFT TO DO');
  expect(granted.err + killed.out + killed.err).not.toMatch(/\n +at /);
});

onPosix('what az says of its own failure is handed on', async () => {
  installAz({
    'account get-access-token': token(),
    'functionapp stop': {
      error: 'ERROR: (AuthorizationFailed) The client has no authorization.\n',
    },
  });
  const args = ['--app', 'password-reset', '--resource-group', 'rg-reset'];
  const { code, out } = await type('kill-switch.ts', args);
  expect(code).toBe(1);
  expect(out).toContain(
    'az functionapp stop --name password-reset --resource-group rg-reset\ndid not work: (AuthorizationFailed) The client has no authorization.',
  );
});

onPosix('a machine without az is told where to get it', async () => {
  const { code, out } = await type('kill-switch.ts', ['--app', 'password-reset'], false);
  expect(code).toBe(1);
  expect(out).toContain('The Azure CLI (az) is not installed. See https://aka.ms/azure-cli');
});

onPosix('nothing that a shell would read is handed to az', async () => {
  installAz({ 'account get-access-token': token() });
  const args = ['--app', 'password-reset', '--resource-group', 'x;id'];
  const { out } = await type('kill-switch.ts', args);
  expect(out).toContain('This is no name that Azure knows: x;id');
  expect(lines().filter((line) => line.startsWith('functionapp'))).toEqual([]);
});
