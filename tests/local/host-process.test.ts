// The process of the local host: how it starts, what it says when it cannot, what its app sees of the environment, and how it ends.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { type Host, type HostOptions, startHost } from '../../infra/local/host.ts';
import { ECHO, writeApp } from './tiny-app.ts';

const KEY = 'local-function-key-0123456789';
const cleanUps: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function start(
  source: string,
  options: Partial<HostOptions> & { hostJson?: string } = {},
): Promise<Host> {
  const { hostJson, ...rest } = options;
  const app = writeApp(source, hostJson);
  cleanUps.push(app.remove);
  const host = await startHost({ app: app.folder, env: {}, quiet: true, ...rest });
  cleanUps.push(host.kill);
  return host;
}

const post = (host: Host, route: string) =>
  fetch(`${host.url}${route}`, { method: 'POST', body: '{}', headers: { 'x-functions-key': KEY } });

test.each([
  ['throws', `throw new Error('no setting X');`, 'no setting X'],
  ['has a syntax error', 'const = 1;', 'SyntaxError'],
  ['throws after it has registered', `${ECHO}\nthrow new Error('too late');`, 'too late'],
])(
  'an entry file that %s leaves 404 everywhere, 204 at home and a line in the log',
  async (_case, source, said) => {
    const host = await start(source);
    const response = await post(host, '/api/user/echo');
    expect(response.status).toBe(404);
    expect(await response.text()).toBe('');
    expect((await fetch(host.url)).status).toBe(204);
    await host.waitForLine(/^error worker The app did not load, so every function answers 404: /);
    expect(host.lines.join('\n')).toContain(said);
  },
);

test('a host.json that cannot be read is 503 for everything', async () => {
  const host = await start(ECHO, { hostJson: '{ "version": ' });
  expect((await fetch(`${host.url}/api/open`)).status).toBe(503);
  expect((await fetch(host.url)).status).toBe(503);
  await host.waitForLine(/^error host host\.json cannot be used: /);
});

test("host.json's prefix, headers and log level hold; a header of the function wins", async () => {
  const host = await start(ECHO, {
    hostJson: JSON.stringify({
      version: '2.0',
      extensions: {
        http: { routePrefix: 'v1', customHeaders: { 'X-Of-The-App': 'host', 'X-Host': 'host' } },
      },
      logging: { logLevel: { default: 'Warning' } },
    }),
  });
  const answer = await post(host, '/v1/user/echo');
  expect(answer.status).toBe(201);
  expect(answer.headers.get('x-of-the-app')).toBe('yes');
  expect(answer.headers.get('x-host')).toBe('host');
  const refused = await fetch(`${host.url}/v1/user/echo`, { method: 'POST' });
  expect([refused.status, refused.headers.get('x-host')]).toEqual([401, 'host']);
  expect((await post(host, '/api/user/echo')).status).toBe(404);
  expect(host.lines.filter((line) => line.includes('echoed'))).toEqual([]);
});

test('one request more than the limit is 429, empty, with the sign to scale out', async () => {
  const host = await start(
    `app.http('hold', { methods: ['POST'], authLevel: 'anonymous', handler: async (request, context) => {
       context.log('holding'); await new Promise((resolve) => setTimeout(resolve, 500)); return { body: 'held' };
     } });`,
    { concurrency: 1 },
  );
  const first = post(host, '/api/hold');
  await host.waitForLine(/holding/);
  const second = await post(host, '/api/hold');
  expect(second.status).toBe(429);
  expect(second.headers.get('x-function-scaleout')).toBe('1');
  expect(await second.text()).toBe('');
  expect(await (await first).text()).toBe('held');
  expect((await post(host, '/api/hold')).status).toBe(200);
});

test('timers run by themselves when that was asked', async () => {
  const host = await start(
    `app.timer('tick', { schedule: '*/1 * * * * *', handler: (timer, context) => context.log('ticked') });`,
    { timers: true },
  );
  expect(await host.waitForLine(/ticked/)).toBe('information tick ticked');
});

test('the app sees the settings it was given, and none of this process', async () => {
  process.env['COOLDOWN_SECONDS'] = '7';
  const host = await start(
    `console.log('sees', process.env.GIVEN, process.env.COOLDOWN_SECONDS, process.cwd() === __dirname);`,
    { env: { GIVEN: 'yes' } },
  );
  delete process.env['COOLDOWN_SECONDS'];
  expect(await host.waitForLine(/^sees/)).toBe('sees yes undefined true');
});

test('a port that is taken is said in one sentence, with what to type', async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUps.push(() => new Promise((resolve) => server.close(() => resolve())));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await expect(start(ECHO, { port })).rejects.toThrow(
    new Error(`Port ${port} is taken. Choose another: PORT=${port + 1} npm start`),
  );
});

test('a process that dies while it starts is reported with its last lines', async () => {
  await expect(start(`console.log('I was here'); process.exit(3);`)).rejects.toThrow(
    /^The local host ended with code 3\. Its last lines:\nI was here$/,
  );
});

test('a start that hangs is given up after its deadline', async () => {
  const hang = 'app.hook.appStart(() => new Promise(() => {}));';
  await expect(start(hang, { startDeadlineMs: 1500 })).rejects.toThrow(
    'The local host was not up after 1500 ms.',
  );
});

test('stop waits for what is running and lets the app say goodbye', async () => {
  const host = await start(
    `app.hook.appTerminate(() => console.log('goodbye'));
     app.http('slow', { methods: ['POST'], authLevel: 'anonymous', handler: async (request, context) => {
       context.log('began'); await new Promise((resolve) => setTimeout(resolve, 300)); return { body: 'done' };
     } });`,
  );
  const answer = post(host, '/api/slow');
  await host.waitForLine(/began/);
  await host.stop();
  expect(await (await answer).text()).toBe('done');
  expect(host.lines.at(-1)).toBe('goodbye');
  expect(await host.exited).toMatch(/^The local host ended with code 0\./);
});

test('kill takes the process away at once', async () => {
  const host = await start(ECHO);
  await host.kill();
  expect(await host.exited).toMatch(/^The local host was ended by SIGKILL\./);
  await expect(fetch(`${host.url}/api/open`)).rejects.toThrow();
});

test('the process dies when its parent is killed outright', async () => {
  const app = writeApp(ECHO);
  cleanUps.push(app.remove);
  const module = path.resolve(import.meta.dirname, '../../infra/local/host.ts');
  const code = `const { startHost } = await import(${JSON.stringify(module)});
    const host = await startHost({ app: ${JSON.stringify(app.folder)}, env: {}, quiet: true });
    console.log(host.url); setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', code]);
  cleanUps.push(() => void parent.kill('SIGKILL'));
  const [line]: unknown[] = await once(parent.stdout, 'data');
  const url = String(line).trim();
  expect((await fetch(`${url}/api/open`)).status).toBe(200);
  parent.kill('SIGKILL');
  let refused = false;
  for (let attempt = 0; attempt < 200 && !refused; attempt += 1) {
    refused = await fetch(`${url}/api/open`).then(
      () => false,
      () => true,
    );
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  expect(refused).toBe(true);
});
