// `npm run caller -- add | rotate | remove | list`: gives a caller a function key of its own and keeps
// infra/azure/callers.json, so that nobody has to hash a key by hand. Takes effect at the next provision.

import path from 'node:path';
import { parseArgs } from 'node:util';
import { generateSources } from '../build/generated.ts';
import { azureCli, placeOf } from './azure-cli.ts';
import { add, type CallerPorts, finishRotation, remove, rotate } from './caller-changes.ts';
import { entryOf, entryOptions } from './caller-entry.ts';
import { callerList, usage } from './caller-text.ts';
import { callersPath, judgeWith, openCallers } from './callers-file.ts';
import { runTool } from './terminal.ts';
import { whichApp } from './which-app.ts';

const options = {
  app: { type: 'string' },
  'resource-group': { type: 'string' },
  finish: { type: 'boolean', default: false },
  'open-to-every-key': { type: 'boolean', default: false },
  ...entryOptions,
} as const;

export async function caller(argv: readonly string[], ports: CallerPorts): Promise<boolean> {
  const parsed = parseArgs({ args: [...argv], options, allowPositionals: true });
  const [verb, name, ...more] = parsed.positionals;
  const { values } = parsed;
  const file = await openCallers(ports.file, ports.judge);
  const place = async () => {
    const { app, group } = await whichApp(
      values.app,
      values['resource-group'],
      ports.env,
      ports.root,
    );
    return placeOf(ports.az, app, group);
  };
  if (verb === 'list' && name === undefined) {
    for (const line of callerList(file.entries)) ports.say(line);
    return true;
  }
  if (
    verb === undefined ||
    !['add', 'rotate', 'remove'].includes(verb) ||
    more.length > 0 ||
    !name
  ) {
    throw new Error(
      'Type: npm run caller -- add NAME, rotate NAME, remove NAME or list. All options: --help',
    );
  }
  const known = file.entries.find((entry) => entry.name === name);
  if (verb === 'add') {
    if (known !== undefined)
      throw new Error(`${name} is a caller already. A new key: npm run caller -- rotate ${name}`);
    await add((hash) => entryOf(name, values, hash), file, place, ports);
  } else if (known === undefined) {
    throw new Error(`No caller is named ${name}. Those there are: npm run caller -- list`);
  } else if (verb === 'remove') {
    return remove(known, file, place, ports, values['open-to-every-key']);
  } else if (values.finish) return finishRotation(known, file, place, ports);
  else await rotate(known, file, place, ports);
  return true;
}

async function main(argv: readonly string[]): Promise<boolean> {
  const root = path.resolve(import.meta.dirname, '../..');
  await generateSources(root); // they are not committed, and the product's rules stand in them
  const { readConfig } = await import('../../lib/config.ts');
  return caller(argv, {
    az: azureCli,
    say: console.log,
    env: process.env,
    root,
    file: callersPath,
    judge: judgeWith(readConfig),
    windows: process.platform === 'win32',
  });
}

if (process.argv[1] === import.meta.filename) await runTool(usage, main);
