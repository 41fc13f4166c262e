// `npm run bench [-- --long] [-- --only cold|warm|load|ledger|memory]`: one table, ratios measured in one run,
// medians of alternating runs. Says of each target whether it is met.

import { parseArgs } from 'node:util';
import { buildApps } from './apps.ts';
import { loadFigures as bundleFigures, firstRequestFigures, startFigures } from './cold.ts';
import { type Line, printTable } from './measure.ts';
import { openStage, type Stage } from './stage.ts';
import { storyFigures } from './story.ts';
import { ledgerFigures, loadFigures, memoryFigures, waitFigures } from './warm.ts';

const { values } = parseArgs({
  options: { long: { type: 'boolean', default: false }, only: { type: 'string' } },
});

const parts: readonly (readonly [name: string, run: (stage: Stage) => Promise<readonly Line[]>])[] =
  [
    ['cold', bundleFigures],
    ['cold', startFigures],
    ['cold', firstRequestFigures],
    ['warm', waitFigures],
    ['warm', storyFigures],
    ['load', loadFigures],
    ['ledger', ledgerFigures],
    ...(values.long ? ([['memory', memoryFigures]] as const) : []),
  ];

await buildApps();
const stage = await openStage();
const lines: Line[] = [];
try {
  for (const [name, run] of parts) {
    if (values.only !== undefined && values.only !== name) continue;
    lines.push(...(await run(stage)));
  }
} finally {
  await stage.close();
}
printTable(lines);
if (!values.long)
  console.log('\nMemory after 10,000 resets takes minutes: npm run bench -- --long');
