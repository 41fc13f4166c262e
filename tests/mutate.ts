// `npm run mutate`: would the tests notice a changed line of a pure file? File by file, each against the
// test file of the same name (and those named below): so a run is short, and a station has to be proved
// at its own place. Names of files as arguments limit it to those. Below 90 it fails; what survives, and
// why, stands in tests/mutate.md.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { generateSources } from '../infra/build/generated.ts';
import { root } from '../infra/build/root.ts';
import { runScript } from '../infra/build/run-tool.ts';

const enough = 90;

/** Proved by what is made from them (tests/callers); without statements. */
const left = /^(.*-schema|failure|headers|journey)\.ts$/;

/** Stations whose tests are called otherwise: rooms of the reader and of the story. */
const testsOf: Readonly<Record<string, string>> = {
  'carry-out.ts': '{carry-out,reset-handler*}',
  'callers-setting.ts': 'config',
  'claimed-text.ts': 'reset-request',
  'ending.ts': '{ending,reset-handler-crowd}',
  'fold.ts': 'field-name',
  'identity-rights.ts': '{identity-rights,readiness}',
  'rehearsal.ts': '{rehearsal,reset-handler-crowd}',
  'replay.ts': 'reset-handler*',
  'request-problems.ts': 'reset-request',
  'reset-handler.ts': '{carry-out,reset-handler*}',
  'sent-fields.ts': 'reset-request',
};

interface Report {
  readonly files: Readonly<
    Record<string, { readonly mutants: readonly { readonly status: string }[] }>
  >;
}

const wanted = process.argv.slice(2).map((name) => path.basename(name));
const files = readdirSync(path.join(root, 'lib'))
  .filter((name) => name.endsWith('.ts') && !left.test(name))
  .filter((name) => wanted.length === 0 || wanted.includes(name));

await generateSources(root);
const folder = mkdtempSync(path.join(tmpdir(), 'mutate-'));
const scores: string[] = [];
let [killed, all] = [0, 0];
try {
  for (const name of files) {
    const count = await mutate(name);
    killed += count.killed;
    all += count.all;
    scores.push(`${percent(count.killed, count.all)}  ${count.killed}/${count.all}  lib/${name}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`\n${scores.join('\n')}\n${percent(killed, all)}  ${killed}/${all}  all files`);
process.exitCode = all > 0 && killed / all >= enough / 100 ? 0 : 1;

/** What Stryker killed (or timed out) of what it made; mutants that do not even run are no mutants. */
async function mutate(name: string): Promise<{ readonly killed: number; readonly all: number }> {
  const report = path.join(folder, `${name}.json`);
  process.env['MUTATED'] = `lib/${name}`;
  process.env['MUTATED_BY'] = testsOf[name] ?? name.replace(/\.ts$/, '');
  process.env['MUTATION_REPORT'] = report;
  const stryker = 'node_modules/@stryker-mutator/core/bin/stryker.js';
  const code = await runScript(stryker, ['run', 'stryker.config.mjs']);
  if (code !== 0) throw new Error(`Stryker ended with ${code} for lib/${name}.`);
  const { files: mutated }: Report = JSON.parse(readFileSync(report, 'utf8'));
  const statuses = Object.values(mutated).flatMap(({ mutants }) =>
    mutants.map(({ status }) => status),
  );
  const of = (...which: readonly string[]) =>
    statuses.filter((status) => which.includes(status)).length;
  const dead = of('Killed', 'Timeout');
  return { killed: dead, all: dead + of('Survived', 'NoCoverage') };
}

function percent(part: number, whole: number): string {
  return `${(whole === 0 ? 100 : (100 * part) / whole).toFixed(1)} %`.padStart(7);
}
