// Do the lines for a terminal work as they are typed? bash and curl are the real ones; az is a stand-in
// that gets a token and sends what az sends. PowerShell runs where it is installed.

import { execFile, spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { requestSchema } from '../../lib/request-schema.ts';
import { type Delivery, type House, keyOf, send, startHouse } from './house.ts';
import { block, fillIn, readRecipe } from './recipe.ts';
import { allEntries, secrets } from './recipe-entries.ts';

const run = promisify(execFile);
const azureCli = '04b07795-8ddb-461a-bbee-02f9e1bf7b46';
const has = (command: string): boolean => spawnSync(command, ['--version']).status === 0;
/** Said by Jest as skipped, not passed in silence, on a machine without them. */
const withCurl = has('curl') && has('bash') ? test : test.skip;
const withPwsh = has('pwsh') ? test : test.skip;

let house: House;
let folder = '';
beforeAll(async () => {
  house = await startHouse(allEntries(), secrets);
  folder = await mkdtemp(path.join(tmpdir(), 'terminal-'));
  await writeFile(path.join(folder, 'az'), standInForAz);
  await chmod(path.join(folder, 'az'), 0o755);
});
afterAll(async () => {
  await house?.stop();
  if (folder !== '') await rm(folder, { recursive: true, force: true });
});

/** Azure CLI 2: the token is for --resource; a body goes out as JSON; errors are "reason(text)", exit 1. */
const standInForAz = `#!${process.execPath}
const { values, positionals } = require('node:util').parseArgs({
  strict: true,
  allowPositionals: true,
  options: Object.fromEntries(
    ['resource', 'query', 'method', 'url', 'body'].map((name) => [name, { type: 'string' }])
      .concat([['output', { type: 'string', short: 'o' }], ['headers', { type: 'string' }]])),
});
if (values.resource !== 'api://' + process.env.API_CLIENT_ID) process.exit(3);
const command = positionals.slice(0, 2).join(' ');
if (command === 'account get-access-token') {
  if (values.query !== 'accessToken' || values.output !== 'tsv') process.exit(4);
  console.log(process.env.AZ_TOKEN);
} else if (positionals[0] === 'rest') {
  const pairs = [values.headers, ...positionals.slice(1)].map((pair) => pair.split(/=(.*)/s));
  fetch(values.url, {
    method: values.method,
    body: values.body,
    headers: {
      'User-Agent': 'python/3.12 AZURECLI/2.70.0',
      Accept: '*/*',
      'x-ms-client-request-id': '4a5c0a8e-0000-4000-8000-0000000000aa',
      Authorization: 'Bearer ' + process.env.AZ_TOKEN,
      ...Object.fromEntries(pairs),
    },
  }).then(async (answer) => {
    const text = await answer.text();
    if (answer.ok) return process.stdout.write(text);
    console.error(answer.statusText + '(' + text + ')');
    process.exitCode = 1;
  });
} else process.exit(5);
`;

const tokenOf = (appId: string): string =>
  house.tenant.mintToken({ scp: 'user_impersonation', azp: appId });
const apiClientId = (): string => house.tenant.environment['ENTRA_AUDIENCE'] ?? '';

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function bash(file: string, name: string, more: Record<string, string> = {}): Promise<Ran> {
  const script = `set -eu\n${block(readRecipe(file), name)}`;
  const token = tokenOf(azureCli);
  const env = {
    PATH: `${folder}:${process.env['PATH']}`,
    URL: house.url,
    API_CLIENT_ID: apiClientId(),
    AZ_TOKEN: token,
    TOKEN: token,
    KEY: keyOf('break-glass'),
    ...more,
  };
  try {
    const { stdout, stderr } = await run('bash', ['--norc', '-c', script], { env, cwd: folder });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as Ran;
    return { code, stdout, stderr };
  }
}

withCurl('README: the hash of a key is the one that CALLERS wants', async () => {
  const { stdout } = await bash('README.md', 'hash', { KEY: 'local-function-key-0123456789' });
  expect(stdout).toBe('f9671f9d3fb1aea5195657d7664f9d7684ec5a59cea43e958baafcf03fd5fec4\n');
});

withCurl('curl: the token of the Azure CLI', async () => {
  const recipe = readRecipe('curl.md');
  const script = `set -eu\n${block(recipe, 'token')}\nprintf %s "$TOKEN"`;
  const { stdout } = await run('bash', ['--norc', '-c', script], {
    env: { PATH: `${folder}:${process.env['PATH']}`, API_CLIENT_ID: apiClientId(), AZ_TOKEN: 'ey' },
  });
  expect(stdout).toBe('ey');
});

withCurl('curl: the rehearsal changes nothing', async () => {
  const before = house.tenant.requests.filter(({ method }) => method === 'PATCH').length;
  const { code, stdout } = await bash('curl.md', 'dry-run');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ Status: 'DryRun', WouldEnable: false });
  expect(stdout.endsWith('}\n')).toBe(true);
  expect(house.tenant.requests.filter(({ method }) => method === 'PATCH').length).toBe(before);
});

withCurl.each([
  ['curl.md', 'reset'],
  ['curl.md', 'key'],
  ['az-rest.md', 'reset'],
])('%s, %s: done once, however often the line is repeated', async (file, name) => {
  const first = await bash(file, name);
  expect(first).toMatchObject({ code: 0, stderr: '' });
  const answer = JSON.parse(first.stdout);
  expect(answer).toMatchObject({ Status: 'Completed', PasswordReturned: true });
  expect(house.tenant.signIn('adele.vance@contoso.com', answer.Password).status).toBe(
    'PasswordExpired',
  );

  const second = await bash(file, name);
  expect(JSON.parse(second.stdout)).toMatchObject({ Status: 'AlreadyCompleted' });
  expect(second.stdout).not.toContain(answer.Password);
});

withCurl('curl: the hand-over shows status, password and how to say it', async () => {
  const { code, stdout } = await bash('curl.md', 'hand-over');
  expect(code).toBe(0);
  const [status, password = '', spelled = ''] = stdout.trimEnd().split('\n');
  expect(status).toBe('Completed: adele.vance@contoso.com, change at next sign-in');
  expect(house.tenant.signIn('adele.vance@contoso.com', password).status).toBe('PasswordExpired');
  expect(spelled.length).toBeGreaterThan(password.length);

  const again = await bash('curl.md', 'hand-over');
  expect(again.stdout).toMatch(/^AlreadyCompleted: adele\.vance@contoso\.com\n/);
  expect(again.stdout).not.toContain(password);
});

withCurl('az rest: the hand-over line is another delivery', async () => {
  const { code, stdout } = await bash('az-rest.md', 'hand-over');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ Status: 'Completed', PasswordReturned: true });
});

withCurl(
  'a refusal tells both tools what to do, in one short line, and fails the script',
  async () => {
    const stranger = house.tenant.mintToken({
      azp: azureCli,
      scp: 'user_impersonation',
      roles: undefined,
    });
    const curl = await bash('curl.md', 'reset', { TOKEN: stranger });
    expect(curl.code).toBe(22);
    expect(curl.stdout).toMatch(
      /"error":\{"code":"CallerNotAllowed","message":"[^"]*npm run grant/,
    );
    expect(curl.stdout.split('\n').length).toBe(2);

    const az = await bash('az-rest.md', 'reset', { AZ_TOKEN: stranger });
    expect(az.code).toBe(1);
    expect(az.stderr).toMatch(/^Forbidden\(\{.*"code":"CallerNotAllowed".*\}\n?\)\n$/s);
  },
);

withCurl('custom-connector.md: the line that writes the files', async () => {
  const line = fillIn(block(readRecipe('custom-connector.md'), 'connector'), [
    ['YOUR-APP', 'contoso-reset'],
    ['YOUR-CLIENT-ID', '11111111-2222-4333-8444-555555555555'],
    ['YOUR-TENANT-ID', '66666666-7777-4888-8999-aaaaaaaaaaaa'],
    ['API-CLIENT-ID', 'bbbbbbbb-cccc-4ddd-8eee-ffffffffffff'],
  ]);
  const generate = path.resolve(import.meta.dirname, '../../infra/callers/generate.ts');
  expect(line).toMatch(/^npm run connector -- /);
  const script = line.replace('npm run connector --', `"${process.execPath}" "${generate}"`);
  const { stdout } = await run('bash', ['--norc', '-c', `set -eu\n${script}`], { cwd: folder });
  expect(stdout).toBe(
    `wrote ${path.join('connector', 'apiDefinition.swagger.json')}\n` +
      `wrote ${path.join('connector', 'apiProperties.json')}\n`,
  );
});

/** 'a' = 'b' or a = 'b', as between the braces of @{ … }. */
const hashTable = (text: string): [string, string][] =>
  [...text.matchAll(/(?:^|;)\s*'?([\w-]+)'? = '([^']*)'/g)].map(([, name = '', value = '']) => [
    name,
    value,
  ]);

test('PowerShell: body and headers, read from the block and sent as it would send them', async () => {
  const text = block(readRecipe('powershell.md'), 'reset');
  const [, bodyText = ''] = /-Body \(@\{(.+?)\} \| ConvertTo-Json\)/.exec(text) ?? [];
  const [, headerText = ''] = /-Headers @\{(.+?)\}/.exec(text) ?? [];
  const [, contentType = ''] = /-ContentType '([^']+)'/.exec(text) ?? [];
  const [, uri = ''] = /-Uri "\$Url([^"]+)"/.exec(text) ?? [];
  const body = Object.fromEntries(hashTable(bodyText));
  expect(Object.keys(body).filter((name) => !(name in requestSchema.properties))).toEqual([]);
  expect(text).not.toContain('-MaximumRetryCount');

  const delivery: Delivery = {
    url: `${house.url}${uri}`,
    headers: [
      ...hashTable(headerText),
      ['User-Agent', 'Mozilla/5.0 (Windows NT 10.0; en-US) PowerShell/7.5.0'],
      ['Authorization', `Bearer ${tokenOf(azureCli)}`],
      ['Content-Type', contentType],
    ],
    body: JSON.stringify(body, null, 2),
  };
  expect((await send(delivery)).json).toMatchObject({
    Status: 'Completed',
    PasswordReturned: true,
  });
  expect((await send(delivery)).json).toMatchObject({ Status: 'AlreadyCompleted' });
});

withPwsh('PowerShell: the blocks themselves, where pwsh is installed', async () => {
  const recipe = readRecipe('powershell.md');
  const script = [
    `$Url = $env:URL; $ApiClientId = $env:API_CLIENT_ID`,
    block(recipe, 'reset')
      .replace('INC0042-adele-4', 'INC0042-adele-pwsh')
      .replace('-Authentication Bearer', '-AllowUnencryptedAuthentication -Authentication Bearer'),
    block(recipe, 'hand-over'),
  ].join('\n');
  const { stdout } = await run('pwsh', ['-NoProfile', '-Command', script], {
    env: {
      ...process.env,
      PATH: `${folder}:${process.env['PATH']}`,
      URL: house.url,
      API_CLIENT_ID: apiClientId(),
      AZ_TOKEN: tokenOf(azureCli),
    },
  });
  expect(house.tenant.signIn('adele.vance@contoso.com', stdout.trim()).status).toBe(
    'PasswordExpired',
  );
});
