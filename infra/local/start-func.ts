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

const [surroundings] = await Promise.all([
  startSurroundings(flags, givenSettings(process.env)),
  flags.build ? bundle() : undefined,
]);
const child = spawn(func, ['start', '--port', `${flags.port}`], {
  cwd: path.resolve(import.meta.dirname, '../../dist'),
  stdio: 'inherit',
  shell: process.platform === 'win32', // func.cmd
  env: {
    ...process.env,
    ...surroundings.env,
    FUNCTIONS_WORKER_RUNTIME: 'node',
    AzureWebJobsDisableHomepage: 'true',
    // Their locks need blobs; the storage here has tables only.
    'AzureWebJobs.sweepLedger.Disabled': 'true',
    'AzureWebJobs.watchReadiness.Disabled': 'true',
  },
});
onEnd(() => child.kill());
const [code]: unknown[] = await once(child, 'close');
await surroundings.stop();
process.exit(typeof code === 'number' ? code : 0);

function findFunc(): string | undefined {
  const names = process.platform === 'win32' ? ['func.exe', 'func.cmd'] : ['func'];
  return (process.env['PATH'] ?? process.env['Path'] ?? '')
    .split(path.delimiter)
    .flatMap((folder) => names.map((name) => path.join(folder, name)))
    .find((file) => existsSync(file));
}
