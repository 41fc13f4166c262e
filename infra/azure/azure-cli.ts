// The Azure CLI as a port: arguments in, parsed JSON out. The only file here that starts `az`; the tools
// name what they need through it, so that their tests can watch every command line.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { member } from '../../lib/member.ts';

/** The parsed answer; undefined when az has nothing to say. Throws one sentence. */
export type Az = (...args: readonly string[]) => Promise<unknown>;

/** An app and where it is. */
export interface Place {
  readonly app: string;
  readonly group: string;
}

const run = promisify(execFile);
const deadlineMs = 180_000;

export const azureCli: Az = async (...args) => {
  // On Windows az is a batch file, which only a shell starts: nothing that a shell would read may get there.
  const strange = args.find((arg) => !/^[\w.()@:/-]+$/.test(arg));
  if (strange !== undefined) throw new Error(`This is no name that Azure knows: ${strange}`);
  try {
    const { stdout } = await run('az', [...args, '--output', 'json', '--only-show-errors'], {
      shell: process.platform === 'win32',
      timeout: deadlineMs,
      maxBuffer: 1 << 26,
    });
    return stdout.trim() === '' ? undefined : JSON.parse(stdout);
  } catch (cause) {
    throw new Error(explain(args, cause), { cause });
  }
};

function explain(args: readonly string[], cause: unknown): string {
  const said = String(member(cause, 'stderr') ?? '').trim();
  if (member(cause, 'code') === 'ENOENT' || /'az' is not recognized/.test(said)) {
    return 'The Azure CLI (az) is not installed. See https://aka.ms/azure-cli';
  }
  if (/az login/.test(said)) return 'The Azure CLI is not signed in. Type: az login';
  const reason = member(cause, 'killed') === true ? `no answer in ${deadlineMs / 1000} s` : said;
  return `az ${args.join(' ')}\ndid not work: ${reason.replace(/^ERROR: /, '') || 'it gave no reason'}`;
}

/** The app's place; the group is looked up when nobody named it. */
export async function placeOf(az: Az, app: string, group: string | undefined): Promise<Place> {
  if (group !== undefined) return { app, group };
  const found = await az(
    'resource',
    'list',
    '--name',
    app,
    '--resource-type',
    'Microsoft.Web/sites',
  );
  const groups = (Array.isArray(found) ? found : []).map((one) =>
    String(member(one, 'resourceGroup')),
  );
  const [only, ...others] = groups;
  if (only === undefined) {
    throw new Error(
      `There is no app ${app} in the subscription that az uses (az account show). ` +
        'Choose another with az account set --subscription, or correct --app.',
    );
  }
  if (others.length > 0) {
    throw new Error(`Several apps are named ${app}. Add --resource-group: ${groups.join(' or ')}`);
  }
  return { app, group: only };
}

export interface App {
  /** Running, Stopped, or what Azure says. */
  readonly state: string;
  readonly url: string;
}

/** For Flex Consumption some versions of az hand on Azure's own shape, with `properties`. */
export async function showApp(az: Az, { app, group }: Place): Promise<App> {
  const shown = await az('functionapp', 'show', '--name', app, '--resource-group', group);
  const read = (name: string) => member(shown, name) ?? member(member(shown, 'properties'), name);
  return {
    state: String(read('state') ?? 'unknown'),
    url: `https://${read('defaultHostName') ?? `${app}.azurewebsites.net`}`,
  };
}

/** The key that opens every function, made by the platform; for /api/ready, never to be printed. */
export async function readDefaultKey(az: Az, { app, group }: Place): Promise<string> {
  const keys = await az('functionapp', 'keys', 'list', '--name', app, '--resource-group', group);
  const key = member(member(keys, 'functionKeys'), 'default');
  if (typeof key !== 'string') throw new Error(`${app} has no host key named "default".`);
  return key;
}
