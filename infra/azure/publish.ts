// `npm run deploy -- --app NAME --resource-group GROUP --package FILE`: sends a built zip to a Flex
// Consumption app, as the one signed in to the Azure CLI. It exists because az's own command looks at
// /admin afterwards, which is shut here, and calls a good deployment a failure. Builds nothing.

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';

export interface Publication {
  /** Origin of the app's deployment site, https://NAME.scm.azurewebsites.net. */
  readonly scmOrigin: string;
  /** An Entra token for Azure Resource Manager; a password would be refused. */
  readonly token: string;
  readonly zip: Uint8Array<ArrayBuffer>;
  readonly pollMs?: number;
  readonly deadlineMs?: number;
}

const succeeded = 4; // the deployment API's own numbers; 0, 1 and 2 are steps on the way
const stillAtWork = [0, 1, 2];

/** Ends when the platform has taken the package; throws one sentence otherwise. */
export async function publish(publication: Publication): Promise<void> {
  const { scmOrigin, token, zip, pollMs = 2_000, deadlineMs = 300_000 } = publication;
  const signal = AbortSignal.timeout(deadlineMs);
  const authorization = `Bearer ${token}`;
  const sent = await fetch(`${scmOrigin}/api/publish?RemoteBuild=false`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/zip' },
    body: zip,
    signal,
  });
  const answer = await sent.text();
  if (sent.status !== 202) throw new Error(refusal(sent.status, answer));
  const id: unknown = JSON.parse(answer);
  for (let seen = false; ; await sleep(pollMs, undefined, { signal })) {
    const state = await fetch(`${scmOrigin}/api/deployments/${id}`, {
      headers: { authorization },
      signal,
    });
    const { status, text } = readState(await state.text());
    if (status === succeeded) return;
    // The worker that answers is replaced at the end of its work, and its record with it.
    if (state.status === 404 && seen) return;
    if (!state.ok && state.status !== 404) throw new Error(refusal(state.status, text));
    if (state.ok && !stillAtWork.includes(status)) {
      throw new Error(`The platform did not take the package (status ${status}): ${text}`);
    }
    seen ||= state.ok;
  }
}

function refusal(status: number, answer: string): string {
  const remedies: Readonly<Record<number, string>> = {
    400: 'If the app is new, its right to the storage account may not have arrived: try again in some minutes.',
    401: 'Sign in again: az login.',
    403: 'You need Contributor (or Website Contributor) on the app, and an address in ALLOWED_IP_RANGES when that is set.',
    409: 'Another deployment is running: try again when it is done.',
  };
  return `The deployment site answered ${status}. ${remedies[status] ?? answer.slice(0, 500)}`;
}

function readState(body: string): { readonly status: number; readonly text: string } {
  const state: unknown = body.startsWith('{') ? JSON.parse(body) : {};
  const read = (name: string): unknown =>
    typeof state === 'object' && state !== null ? Reflect.get(state, name) : undefined;
  return { status: Number(read('status') ?? Number.NaN), text: String(read('status_text') ?? '') };
}

const run = promisify(execFile);

// On Windows az is a batch file, which only a shell starts; the arguments are names that Azure itself restricts.
const az = async (...args: readonly string[]): Promise<string> =>
  (
    await run('az', [...args, '--output', 'tsv'], { shell: process.platform === 'win32' })
  ).stdout.trim();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      app: { type: 'string' },
      'resource-group': { type: 'string' },
      package: { type: 'string' },
    },
  });
  const { app, 'resource-group': group, package: file } = values;
  if (!app || !group || !file) {
    throw new Error('Type: npm run deploy -- --app NAME --resource-group GROUP --package FILE.zip');
  }
  const host = await az(
    'functionapp',
    'show',
    '-n',
    app,
    '-g',
    group,
    '--query',
    'defaultHostName',
  );
  const token = await az('account', 'get-access-token', '--query', 'accessToken');
  // NAME.azurewebsites.net, or NAME-HASH.REGION.azurewebsites.net: "scm" is always the second label.
  const scmOrigin = `https://${host.replace('.', '.scm.')}`;
  await publish({ scmOrigin, token, zip: await readFile(file) });
  console.log(`Deployed ${file} to ${app}. Is it ready? /api/ready says so.`);
}

if (process.argv[1] === import.meta.filename) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
