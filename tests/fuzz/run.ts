// `npm run fuzz [-- NAME … --cases N --seed N]`: each property over 100,000 cases; prints cases and seed,
// so that a failure can be run again.

import path from 'node:path';
import { parseArgs } from 'node:util';
import { generateSources } from '../../infra/build/generated.ts';

await generateSources(path.resolve(import.meta.dirname, '../..'));
const { properties } = await import('./properties.ts'); // needs the validators

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { cases: { type: 'string', default: '100000' }, seed: { type: 'string' } },
});
const numRuns = Number(values.cases);
const unknown = positionals.filter((name) => !Object.hasOwn(properties, name));
if (!Number.isInteger(numRuns) || numRuns < 1 || unknown.length > 0) {
  console.error(
    `Usage: npm run fuzz -- [${Object.keys(properties).join('|')}] [--cases N] [--seed N]`,
  );
  process.exit(2);
}

for (const [name, run] of Object.entries(properties)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  const seed = values.seed === undefined ? {} : { seed: Number(values.seed) };
  const { cases, seed: used, failure } = await run({ numRuns, ...seed });
  console.log(
    `${name}: ${cases} cases, seed ${used}: ${failure === undefined ? 'held' : 'FAILED'}`,
  );
  if (failure !== undefined) {
    console.log(failure);
    process.exitCode = 1;
  }
}
