// `npm test`: builds the bundle, runs Jest over tests/, and ends with one line: `N passed, N failed`.
// Further arguments go to Jest. `--quick` leaves out the slow folders, and says so.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bundle } from '../infra/build/bundle.ts';
import { onEnd } from '../infra/local/ending.ts';

interface JestResult {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly numRuntimeErrorTestSuites: number;
}

const ROOT = path.resolve(import.meta.dirname, '..');
const CROWDED = 'tests/ledger/concurrency';
const SLOW = ['tests/azure/', 'tests/faults/', 'tests/journey/', 'tests/local/'];

const NOTHING: JestResult = {
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  numRuntimeErrorTestSuites: 0,
};

const quick = process.argv.includes('--quick');
const given = process.argv.slice(2).filter((argument) => argument !== '--quick');

await bundle();
const workers = given.some((argument) => /^(--maxWorkers|-w|--runInBand|-i\b)/.test(argument))
  ? []
  : ['--maxWorkers=2'];
const ignored = (folders: readonly string[]): string[] =>
  // Last, because Jest takes whatever follows for further patterns.
  folders.map((folder) => `--testPathIgnorePatterns=${folder}`);
// Hundreds of callers at once want the machine for themselves: they run last, and alone.
const alone = quick || given.length > 0 ? undefined : CROWDED;
const runs = [
  await runJest([
    ...workers,
    ...given,
    ...ignored([...(quick ? SLOW : []), ...(alone ? [alone] : [])]),
  ]),
  ...(alone ? [await runJest(['--runInBand', alone])] : []),
];
const sum = (count: (result: JestResult) => number): number =>
  runs.reduce((total, { result }) => total + count(result), 0);
const code = runs.find((run) => run.code !== 0)?.code ?? 0;

const notRun = sum(({ numPendingTests, numTodoTests }) => numPendingTests + numTodoTests);
if (quick) {
  const count = globSync(
    SLOW.map((folder) => `${folder}**/*.test.ts`),
    { cwd: ROOT },
  ).length;
  console.log(`--quick left out ${count} files of ${SLOW.join(' ')} The whole proof: npm test`);
}
if (notRun > 0) console.log(`${notRun} not run: skipped, todo or filtered by name.`);
// A suite that could not even be loaded is one failure, or its tests would be missing in silence.
const failed = sum((result) => result.numFailedTests + result.numRuntimeErrorTestSuites);
const passed = sum(({ numPassedTests }) => numPassedTests);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : code;

async function runJest(
  args: readonly string[],
): Promise<{ readonly result: JestResult; readonly code: number }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'tests-'));
  const outputFile = path.join(folder, 'result.json');
  const jest = path.join(ROOT, 'node_modules/jest/bin/jest.js');
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const child = spawn(
    process.execPath,
    // A suite that fails before it cleans up must not keep the run alive.
    [...flags, jest, '--forceExit', '--json', `--outputFile=${outputFile}`, ...args],
    { cwd: ROOT, stdio: ['inherit', 'ignore', 'inherit'] },
  );
  onEnd(() => child.kill('SIGTERM'));
  const [code]: unknown[] = await once(child, 'close');
  try {
    return {
      result: JSON.parse(readFileSync(outputFile, 'utf8')) as JestResult,
      code: typeof code === 'number' ? code : 1,
    };
  } catch {
    console.log('Jest ended without a result.');
    return { result: { ...NOTHING, numRuntimeErrorTestSuites: 1 }, code: 1 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
