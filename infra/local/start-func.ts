// `npm run start:func`: the product on the real host, Azure Functions Core Tools, with the same tenant and ledger around it.
// The tools are optional: without them a sentence says how to get them.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { bundle } from '../build/bundle.ts';
import { onEnd } from './ending.ts';
import { givenSettings, readFlags } from './flags.ts';
import { startSurroundings } from './surroundings.ts';

const HOW_TO_GET_THEM = `Azure Functions Core Tools ("func") are not on the PATH.
Get them:  npm install -g azure-functions-core-tools@4   (it downloads its binary when it is installed)
or see https://learn.microsoft.com/azure/azure-functions/functions-run-local
Without them, npm start runs the same on the local host.`;

const flags = readFlags(process.argv.slice(2), process.env);
const func = findFunc();
if (typeof flags === 'string' || func === undefined) {
  console.error(typeof flags === 'string' ? flags : HOW_TO_GET_THEM);
  process.exit(1);
}

try {
  const [surroundings] = await Promise.all([
    startSurroundings(flags, givenSettings(process.env)),
    flags.build ? bundle() : undefined,
  ]);
  const code = await run(func, flags.port, surroundings.env);
  await surroundings.stop();
  process.exit(code);
} catch (cause) {
  console.error(`\n${cause instanceof Error ? cause.message : String(cause)}`);
  process.exit(1); // whatever is up dies with this process
}

async function run(
  tool: string,
  port: number,
  settings: Readonly<Record<string, string>>,
): Promise<number> {
  const windows = process.platform === 'win32';
  const child = spawn(windows ? 'func' : tool, ['start', '--port', `${port}`], {
    cwd: path.resolve(import.meta.dirname, '../../dist'),
    stdio: 'inherit',
    shell: windows, // func.cmd
    env: {
      ...process.env,
      ...settings,
      FUNCTIONS_WORKER_RUNTIME: 'node',
      AzureWebJobsDisableHomepage: 'true',
      // Their locks need blobs; the storage here has tables only.
      'AzureWebJobs.sweepLedger.Disabled': 'true',
      'AzureWebJobs.watchReadiness.Disabled': 'true',
    },
  });
  onEnd(() => child.kill());
  const [code]: unknown[] = await once(child, 'close');
  return typeof code === 'number' ? code : 0;
}

function findFunc(): string | undefined {
  const names = process.platform === 'win32' ? ['func.exe', 'func.cmd'] : ['func'];
  return (process.env['PATH'] ?? process.env['Path'] ?? '')
    .split(path.delimiter)
    .flatMap((folder) => names.map((name) => path.join(folder, name)))
    .find((file) => existsSync(file));
}
