// `npm run package`: the deployable folder dist/, proven to load the way the Functions worker loads it.

import { execFile } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { bundle } from './bundle.ts';
import { root } from './root.ts';

const dist = path.join(root, 'dist');
const expected = ['host.json', 'main.cjs', 'main.cjs.map', 'package.json'];

/** Stands in for the worker's module and prints what the bundle registers. */
const probe = `
const Module = require('node:module');
const names = [];
const disposable = { dispose() {} };
const core = {
  version: '3', hostVersion: '4', setProgrammingModel() {}, getProgrammingModel() {}, log() {},
  registerHook: () => disposable,
  registerFunction: ({ name }) => (names.push(name), disposable),
  Disposable: class { static from() { return disposable; } },
};
const own = Module.prototype.require;
Module.prototype.require = function (id) {
  return id === '@azure/functions-core' ? core : own.call(this, id);
};
require(process.argv[1]);
console.log(names.sort().join(' '));
`;

await bundle();
const files = (await readdir(dist)).sort();
const { stdout } = await promisify(execFile)(
  process.execPath,
  ['-e', probe, path.join(dist, 'main.cjs')],
  { env: { ENTRA_AUDIENCE: 'api://probe' } },
);
const functions =
  'health openapi ready resetPassword resetPasswordEntra sweepLedger watchReadiness';
if (files.join() !== expected.join() || stdout.trim() !== functions) {
  console.error(
    `dist/ is not what it should be: ${files.join(', ')}; it registers: ${stdout.trim()}`,
  );
  process.exitCode = 1;
} else {
  const { size } = await stat(path.join(dist, 'main.cjs'));
  console.log(`dist/ is ready to deploy: ${Math.round(size / 1024)} KiB, registers ${functions}.`);
}
