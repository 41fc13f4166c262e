// `npm run doctor`: what a person reads of the built bundle, whole and with a right missing; and what it
// makes of addresses where something else answers, or nothing.

import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import { doctor, readinessLines } from '../../infra/azure/doctor.ts';
import { openStage, type Stage } from '../support/journey.ts';

const servers: Server[] = [];
let stage: Stage | undefined;
afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await stage?.close();
  stage = undefined;
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
}

async function ask(...argv: readonly string[]): Promise<{ well: boolean; said: string }> {
  const lines: string[] = [];
  const well = await doctor(argv, {}, (line) => lines.push(line));
  return { well, said: lines.join('\n') };
}

const localKey = 'local-function-key-0123456789';

test('a whole deployment is ready: every check on a line, what does not apply with a dash', async () => {
  stage = await openStage();
  const { host } = await stage.open({ ENTRA_AUDIENCE: undefined });
  const { well, said } = await ask('--url', host.url, '--key', localKey);
  expect(said).toMatch(
    /^✓ Configuration {4}CALLERS is not set: every function key receives passwords\.$/m,
  );
  expect(said).toMatch(/^✓ Identity {9}A token for Microsoft Graph was issued to /m);
  expect(said).toMatch(/^✓ WriteRight {7}User Administrator on \/\.$/m);
  expect(said).toMatch(/^– TokenKeys {8}The Entra door is closed\.$/m);
  expect(said).not.toContain('✗');
  expect(said.split('\n').at(-1)).toBe('Ready.');
  expect(well).toBe(true);
});

test('a missing right: its cross, and under it what to type', async () => {
  stage = await openStage({ without: ['RoleEligibilitySchedule.Read.Directory'] });
  const { host } = await stage.open();
  const { well, said } = await ask('--url', `${host.url}/api/ready?code=x`, '--key', localKey);
  expect(said).toMatch(
    /^✗ Permissions {6}The token lacks RoleEligibilitySchedule\.Read\.Directory\.\n {19}→ npm run grant -- --app NAME$/m,
  );
  expect(said).toMatch(/Not ready: 2 of \d+ checks failed\.$/);
  expect(well).toBe(false);
});

test('a wrong key, at the same host that answers to the right one', async () => {
  stage = await openStage();
  const { host } = await stage.open();
  const { well, said } = await ask('--url', host.url, '--key', 'not-the-key');
  expect(said).toContain('answered 401 to /api/ready. The key is not known there.');
  expect(said).toContain('az functionapp keys list -g GROUP -n NAME');
  expect(said).not.toContain('not-the-key');
  expect(well).toBe(false);
});

test.each([
  [404, 'answers 404 everywhere, to /api/health too: no function is loaded.'],
  [403, 'The platform refuses the call: the app is stopped'],
  [302, 'sends elsewhere (302)'],
  [429, 'The host is overloaded.'],
  [502, 'The app does not start.'],
  [503, 'The host is starting, or its host.json is broken.'],
  [200, 'That is no answer of this product: is the address right?'],
])('a host that answers %i without checks', async (status, sentence) => {
  const url = await serve((_, response) => response.writeHead(status).end('<html>'));
  const { well, said } = await ask('--url', url, '--key', 'k');
  expect(said).toContain(sentence);
  expect(well).toBe(false);
});

test('health without readiness is another product', async () => {
  const url = await serve((request, response) =>
    response.writeHead(request.url === '/api/health' ? 200 : 404).end('{"Status":"Healthy"}'),
  );
  expect((await ask('--url', url, '--key', 'k')).said).toContain(
    '/api/health is there and /api/ready is not',
  );
});

test('a key goes to the address that was given and not where it sends', async () => {
  const keys: unknown[] = [];
  const other = await serve((request, response) => {
    keys.push(request.headers['x-functions-key']);
    response.end();
  });
  const url = await serve((_, response) => response.writeHead(307, { location: other }).end());
  await ask('--url', url, '--key', 'k');
  expect(keys).toEqual([]);
});

test('nobody there, and no address', async () => {
  const url = await serve(() => {});
  for (const server of servers.splice(0)) await new Promise((done) => server.close(done));
  expect((await ask('--url', url, '--key', 'k')).said).toBe(
    `Nothing listens at ${url}. Locally: npm start`,
  );
  expect((await ask('--url', 'https://', '--key', 'k')).said).toBe(
    '"https://" is no address. Such as https://NAME.azurewebsites.net',
  );
});

test('what a stranger writes into the checks does not steer the terminal', () => {
  const check = {
    Name: 'Graph',
    Status: 'Failed',
    Detail: '\u001b[2Jgone',
    Remedy: 'a\u202eb',
  } as const;
  expect(readinessLines({ ready: false, checks: [check] })).toEqual([
    '✗ Graph  \\u001b[2Jgone',
    '         → a\\u202eb',
    '',
    'Not ready: 1 of 1 checks failed.',
  ]);
});

test('long details are broken at 100 columns, in their column', () => {
  const check = {
    Name: 'Graph',
    Status: 'Passed',
    Detail: 'word '.repeat(30).trim(),
    Remedy: '',
  } as const;
  const lines = readinessLines({ ready: true, checks: [check] });
  expect(lines.map((line) => line.length)).toEqual([98, 68, 0, 6]);
  expect(lines[1]).toMatch(/^ {9}word word/);
});

test('the key may come from the environment, and must come from somewhere', async () => {
  let key: unknown;
  const url = await serve((request, response) => {
    key = request.headers['x-functions-key'];
    response.end('{"Status":"Ready","Checks":[]}');
  });
  expect(await doctor(['--url', url], { FUNCTION_KEY: 'from-env' }, () => {})).toBe(true);
  expect(key).toBe('from-env');
  await expect(ask('--url', url)).rejects.toThrow('A key is needed: --key KEY');
  await expect(ask('--key', 'k')).rejects.toThrow('Type: npm run doctor -- --url');
});

afterAll(() => {
  expect(servers).toEqual([]);
});
