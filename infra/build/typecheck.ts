// `npm run typecheck`: the compiler over everything, after the generated validators it needs.

import { root } from './root.ts';
import { runTool } from './run-tool.ts';
import { generateValidators } from './validators.ts';

await generateValidators(root);
process.exitCode = await runTool('tsc', ['-p', '.']);
