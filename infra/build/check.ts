// `npm run check`: everything that has to hold before a change may land, cheapest first, tests last.
// Goes on after a failure, so that one run shows all of them.

import path from 'node:path';
import { root } from './root.ts';
import { runScript } from './run-tool.ts';

const steps: readonly (readonly [name: string, script: string])[] = [
  ['lint', 'infra/build/lint.ts'],
  ['typecheck', 'infra/build/typecheck.ts'],
  ['licences', 'infra/build/sbom.ts'],
  ['package', 'infra/build/package.ts'],
  ['tests', 'tests/run.ts'],
];

const failed: string[] = [];
for (const [name, script] of steps) {
  console.log(`\n== ${name}`);
  if ((await runScript(path.join(root, script))) !== 0) failed.push(name);
}
if (failed.length > 0) {
  console.error(`\nNot good yet: ${failed.join(', ')}.`);
  process.exitCode = 1;
}
