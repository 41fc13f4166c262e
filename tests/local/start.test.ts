// `npm start` as a person meets it: what it prints works as printed, and nothing of it outlives it, however it ends.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterEach, expect, test } from '@jest/globals';

const ROOT = path.resolve(import.meta.dirname, '../..');
const started: ChildProcess[] = [];

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

interface Started {
  readonly child: ChildProcess;
  readonly text: () => string;
}

/** Through the bootstrap, as npm does it; dist/ is what the test run has built. */
function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Started {
  const argv = ['infra/local/bootstrap.mjs', 'infra/local/start.ts', '--no-build', ...args];
  const child = spawn(process.execPath, argv, {
    cwd: ROOT,
    env: { ...process.env, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (data) => {
      text += data;
    });
  }
  return { child, text: () => text };
}

async function greeted({ child, text }: Started): Promise<string> {
  while (!text().includes('COOLDOWN_SECONDS=0 npm start lifts that.')) {
    const ended = once(child, 'close').then(() => 'ended' as const);
    const more = once(child.stdout ?? child, 'data').then(() => 'more' as const);
    if ((await Promise.race([ended, more])) === 'ended') throw new Error(`It ended: ${text()}`);
  }
  return text();
}

const addresses = (text: string): readonly string[] => [
  ...new Set(text.match(/https?:\/\/127\.0\.0\.1:\d+/g) ?? []),
];
const answers = (address: string): Promise<boolean> =>
  fetch(address.replace('https:', 'http:')).then(
    () => true,
    // TLS that hangs up on plain http was there; a refused connection was not.
    (error: Error & { cause?: { code?: string } }) => error.cause?.code !== 'ECONNREFUSED',
  );
async function expectGone(all: readonly string[]): Promise<void> {
  let still = all;
  for (let attempt = 0; attempt < 400 && still.length > 0; attempt += 1) {
    const there = await Promise.all(still.map(answers));
    still = still.filter((_, index) => there[index]);
    if (still.length > 0) await new Promise((resolve) => setTimeout(resolve, 25));
  }
  expect(still).toEqual([]);
}

test('it says what runs where, whom to try, and lines that work; Ctrl-C ends all of it', async () => {
  const run = start(['--latency', '5', '--without', 'User.RevokeSessions.All'], {
    COOLDOWN_SECONDS: '9',
  });
  const text = await greeted(run);
  const all = addresses(text);
  expect(all.length).toBe(4); // endpoint, tenant, ledger, side door
  expect(await Promise.all(all.map(answers))).toEqual([true, true, true, true]);
  expect(text).toContain("everyone's password is Autumn-Harbor-41");
  expect(text).toContain('adele.vance@contoso.com       enabled: reset');
  expect(text).toContain('The identity does not hold User.RevokeSessions.All.');
  expect(text).toContain('Every call to Graph takes 5 ms.');
  expect(text).toContain('COOLDOWN_SECONDS is taken from the environment.');
  expect(text).toContain('The same user again within 9 s is refused');
  expect(text).not.toContain('\u001b['); // no colour where no terminal is
  expect(text.split('\n').filter((line) => line.length > 100)).toEqual([]);

  const [url = ''] = all;
  const reset = await fetch(`${url}/api/user/security/reset-password`, {
    method: 'POST',
    headers: {
      'x-functions-key': 'local-function-key-0123456789',
      'content-type': 'application/json',
    },
    body: '{"UserName":"diego.disabled@contoso.com","DryRun":true}',
  });
  expect([reset.status, await reset.json()]).toEqual([
    200,
    expect.objectContaining({ Status: 'DryRun', WouldEnable: true }),
  ]);

  run.child.kill('SIGINT');
  const [code]: unknown[] = await once(run.child, 'close');
  expect(code).toBe(0);
  await expectGone(all);
});

test('a bootstrap that is killed outright takes all of it along', async () => {
  const run = start([]);
  const all = addresses(await greeted(run));
  expect(all.length).toBe(4);
  run.child.kill('SIGKILL');
  await expectGone(all);
});

test.each([
  [['--wrong'], {}, "Unknown option '--wrong'"],
  [['--without', 'Nothing.Of.The.Kind'], {}, '"Nothing.Of.The.Kind" is neither a permission'],
  [['--latency', 'soon'], {}, '--latency takes milliseconds'],
  [[], { PORT: 'seven' }, 'PORT is not a port'],
])('%j %j is one sentence and exit code 1', async (args, env, sentence) => {
  const { child, text } = start(args, env);
  const [code]: unknown[] = await once(child, 'close');
  expect(text()).toContain(sentence);
  expect(text()).not.toMatch(/^\s+at /m);
  expect(code).toBe(1);
});

test('a port that is taken is said with what to type, and nothing stays behind', async () => {
  const first = start([]);
  const all = addresses(await greeted(first));
  const port = Number(new URL(all[0] ?? '').port);
  const second = start([], { PORT: `${port}` });
  const [code]: unknown[] = await once(second.child, 'close');
  expect(second.text()).toContain(
    `Port ${port} is taken. Choose another: PORT=${port + 1} npm start`,
  );
  expect(code).toBe(1);
  first.child.kill('SIGTERM');
  await once(first.child, 'close');
  await expectGone(all);
});
