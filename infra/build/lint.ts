// `npm run lint` (and `npm run format`, which passes --write): Biome over everything.

import { runTool } from './run-tool.ts';

process.exitCode = await runTool('biome', ['check', ...process.argv.slice(2)]);
