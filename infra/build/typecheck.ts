// `npm run typecheck`: the compiler over everything, after the generated sources it needs.

import { generateSources } from './generated.ts';
import { root } from './root.ts';
import { runTool } from './run-tool.ts';

await generateSources(root);
process.exitCode = await runTool('tsc', ['-p', '.']);
