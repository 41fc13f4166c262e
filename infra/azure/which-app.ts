// What is meant when nobody says so: the app, and its storage, that azd deployed from this repository.
// Reads what azd left behind; decides nothing else.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { member } from '../../lib/member.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface Meant {
  readonly app: string;
  readonly group: string | undefined;
}

/** Options first, then the environment (azd sets it for its hooks), then azd's default environment. */
export async function whichApp(
  app: string | undefined,
  group: string | undefined,
  env: Environment,
  root: string,
): Promise<Meant> {
  if (app !== undefined) return { app, group };
  const known = env['AZURE_FUNCTION_APP_NAME'] === undefined ? await azdValues(root) : env;
  const name = known['AZURE_FUNCTION_APP_NAME'];
  if (name === undefined)
    throw new Error('Which app? Add --app NAME (azd has deployed none from here).');
  return { app: name, group: group ?? known['AZURE_RESOURCE_GROUP'] };
}

/** The outputs of the last provision, and what was set with `azd env set`; empty without azd. */
export async function azdValues(root: string): Promise<Environment> {
  const folder = path.join(root, '.azure');
  try {
    const config: unknown = JSON.parse(await readFile(path.join(folder, 'config.json'), 'utf8'));
    const name = String(member(config, 'defaultEnvironment'));
    return parseEnv(await readFile(path.join(folder, name, '.env'), 'utf8'));
  } catch {
    return {};
  }
}
