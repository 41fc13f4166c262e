// How the compiler is found: a machine without one gets a sentence and a failing exit code, an old one is
// passed over, and a warning fails the run. The tool runs in a folder of its own, where nothing is cached.

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

let folder: string;
let tool: string;

beforeAll(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'bicep-tool-')));
  tool = path.join(folder, 'infra/azure/bicep.ts');
  mkdirSync(path.dirname(tool), { recursive: true });
  copyFileSync('infra/azure/bicep.ts', tool);
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the tool where PATH holds only the given programs, each a shell script. */
function runWith(programs: Readonly<Record<string, string>>, ...args: readonly string[]) {
  const bin = mkdtempSync(path.join(folder, 'bin-'));
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(path.join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(path.join(bin, name), 0o755);
  }
  const env = { PATH: bin, HOME: bin };
  return spawnSync(process.execPath, [tool, ...args], { env, encoding: 'utf8' });
}

const compiler = (version: string, then = ':') =>
  `case "$1" in --version) echo "Bicep CLI version ${version} (abc)";; *) ${then};; esac`;

test('with neither compiler nor .NET SDK it says what to type, and fails', () => {
  const { status, stdout, stderr } = runWith({}, 'build', 'main.bicep');
  expect(status).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toMatch(
    /Bicep 0\.49\.2 or newer is not on the PATH, and there is no \.NET SDK to fetch it with\. Install Bicep \(az bicep install, or az bicep upgrade\)/,
  );
});

test('a package source that refuses is named in its own words', () => {
  const dotnet = 'echo "error NU1102: Unable to find package"; exit 1';
  const { status, stderr } = runWith({ dotnet }, 'build', 'main.bicep');
  expect(status).toBe(1);
  expect(stderr).toMatch(/could not fetch Azure\.Bicep\.CommandLine\.[\w-]+: error NU1102/);
});

test('a newer compiler on the PATH is taken', () => {
  const bicep = compiler('0.100.0', 'echo compiled "$@"');
  const { status, stdout } = runWith({ bicep }, 'build', 'main.bicep');
  expect([status, stdout]).toEqual([0, 'compiled build main.bicep\n']);
});

test('an older compiler is passed over', () => {
  const bicep = compiler('0.49.1', 'echo compiled');
  const { status, stdout, stderr } = runWith({ bicep }, 'build', 'main.bicep');
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toContain('Bicep 0.49.2 or newer is not on the PATH');
});

test('a warning of the compiler fails the run', () => {
  const bicep = compiler('0.49.2', 'echo "{}"; echo "main.bicep(1,1) : Warning BCP081" >&2');
  const { status, stdout, stderr } = runWith({ bicep }, 'build', 'main.bicep');
  expect([status, stdout]).toEqual([1, '{}\n']);
  expect(stderr).toContain('Warning BCP081');
});
