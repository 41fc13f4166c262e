// `npm run mutate`: would the unit tests notice a changed line of a pure file? Names of files as
// arguments limit it to those: `npm run mutate -- lib/claim.ts lib/target.ts`. Below 90 it fails. What
// survives, and why, stands in tests/mutate.md.

import { root } from '../infra/build/root.ts';
import { runScript } from '../infra/build/run-tool.ts';
import { generateValidators } from '../infra/build/validators.ts';

await generateValidators(root);
const files = process.argv.slice(2);
const only = files.length > 0 ? ['--mutate', files.join(',')] : [];
process.exitCode = await runScript('node_modules/@stryker-mutator/core/bin/stryker.js', [
  'run',
  'stryker.config.mjs',
  ...only,
]);
