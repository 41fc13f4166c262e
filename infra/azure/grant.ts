// `npm run grant -- --app NAME`: gives the app's identity its rights in Microsoft Entra and makes the app
// registration of the Entra door, as the one signed in to the Azure CLI. Run again, it changes nothing.

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { AzureCliCredential, type TokenCredential } from '@azure/identity';
import { member } from '../../lib/member.ts';
import { type Az, azureCli, placeOf, showApp } from './azure-cli.ts';
import { assignmentSteps, findPrincipal } from './door-callers.ts';
import { doorSteps, readDoor } from './entra-door.ts';
import { doorText, modeText, usage } from './grant-text.ts';
import { type Graph, graphOrigin, openGraph } from './graph-admin.ts';
import { findIdentity } from './identity.ts';
import { beyond, grantSteps, readRights, scopeText, type Wish } from './identity-rights.ts';
import { type Step, type Walk, walk } from './steps.ts';
import { runTool, type Say, sentenceOf, table } from './terminal.ts';

export interface GrantPorts {
  readonly credential: TokenCredential;
  readonly az: Az;
  readonly say: Say;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly wait: (ms: number) => Promise<unknown>;
}

export const livePorts: GrantPorts = {
  credential: new AzureCliCredential({ processTimeoutInMs: 60_000 }),
  az: azureCli,
  say: console.log,
  env: process.env,
  wait: sleep,
};

const options = {
  app: { type: 'string' },
  identity: { type: 'string' },
  mode: { type: 'string', default: 'role' },
  'administrative-unit': { type: 'string' },
  'no-entra-door': { type: 'boolean', default: false },
  'entra-app': { type: 'string' },
  'resource-group': { type: 'string' },
  'what-if': { type: 'boolean', default: false },
  'allow-caller': { type: 'string', multiple: true, default: [] as string[] },
  'remove-caller': { type: 'string', multiple: true, default: [] as string[] },
} as const;

/** False: something that was asked for is not so now; what it is was said. */
export async function grant(argv: readonly string[], ports: GrantPorts): Promise<boolean> {
  const { values } = parseArgs({ args: [...argv], options });
  const { app, say } = { app: values.app, say: ports.say };
  if (!app) throw new Error('Which app? Type: npm run grant -- --app NAME');
  const wish = wishOf(values.mode, values['administrative-unit']);
  const graph = openGraph(graphOrigin(ports.env), ports.credential);
  const whatIf = values['what-if'];

  if (values['allow-caller'].length + values['remove-caller'].length > 0) {
    const door = await readDoor(graph, app, values['entra-app']);
    if (door.principal === undefined) {
      throw new Error(`There is no "${door.name}" yet. Type: npm run grant -- --app ${app}`);
    }
    const find = (ids: readonly string[]) => Promise.all(ids.map((id) => findPrincipal(graph, id)));
    const allow = await find(values['allow-caller']);
    const steps = await assignmentSteps(graph, door, allow, await find(values['remove-caller']));
    const walked = await walk(steps, whatIf);
    tell(say, walked);
    if (walked.changed > 0)
      say('A token that was issued before keeps its roles until it ends, an hour or so.');
    return walked.refusal === undefined;
  }

  const identity = await findIdentity(graph, app, values.identity);
  const rights = await readRights(graph, identity);
  if (wish.unit !== undefined) say(await describeUnit(graph, wish.unit));
  const door = values['no-entra-door']
    ? undefined
    : await readDoor(graph, app, values['entra-app']);
  say(`Identity ${identity.name}: object id ${identity.id}, client id ${identity.appId}\n`);
  const rightSteps = grantSteps(graph, identity, rights, wish);
  const steps: readonly Step[] = [
    ...rightSteps,
    ...(door ? doorSteps(graph, door, ports.wait) : []),
  ];
  const walked = await walk(steps, whatIf);
  tell(say, walked);

  say(modeText[wish.mode]);
  const more = beyond(rights, wish).map(({ name, scope, at }) => [
    `${name}, ${scopeText(scope)}`,
    `  az rest --method delete --url ${graphOrigin(ports.env)}/v1.0${at}`,
  ]);
  if (more.length > 0) {
    say(
      '\nWARNING: the identity holds more. It was not asked for here, and not taken. To take it:',
    );
    for (const line of more.flat()) say(line);
  }
  const granted = walked.rows
    .slice(0, rightSteps.length)
    .filter(([, , after]) => after === 'yes, new');
  if (granted.length > 0) say(await runningText(ports, app, values['resource-group']));
  if (door?.application !== undefined) say(doorText(door, ports.env['ENTRA_AUDIENCE']));
  return walked.refusal === undefined;
}

function wishOf(mode: string, unit: string | undefined): Wish {
  if (mode !== 'role' && mode !== 'permissions') {
    throw new Error(`--mode is role or permissions, not ${mode}.`);
  }
  if (mode === 'permissions' && unit !== undefined) {
    throw new Error(
      'An administrative unit limits the role only: application permissions are tenant-wide. Leave out --mode permissions.',
    );
  }
  return { mode, unit };
}

function tell(say: Say, { rows, refusal, changed }: Walk): void {
  for (const line of table([['RIGHT OR OBJECT', 'BEFORE', 'AFTER'], ...rows], [70, 6])) say(line);
  say('');
  if (refusal !== undefined) {
    say(refusal);
    say(
      `${changed === 0 ? 'Nothing was changed' : 'What the table calls new stays'}; run this again when you may.\n`,
    );
  }
}

async function describeUnit(graph: Graph, unit: string): Promise<string> {
  const path = `/directory/administrativeUnits/${encodeURIComponent(unit)}`;
  const found = await graph.find(`${path}?$select=id,displayName`);
  if (found === undefined) throw new Error(`There is no administrative unit with the id ${unit}.`);
  return `Administrative unit "${member(found, 'displayName')}": the role reaches its users only. Reading stays tenant-wide.`;
}

async function runningText(ports: GrantPorts, app: string, group?: string): Promise<string> {
  const lag =
    'the platform keeps a token without the new rights for up to 24 hours, and a restart does not help. ' +
    'npm run doctor shows when they have arrived.';
  try {
    const { state } = await showApp(ports.az, await placeOf(ports.az, app, group));
    return state === 'Running'
      ? `\nWARNING: ${app} is running. If code was deployed to it before, ${lag}`
      : `\n${app} is ${state.toLowerCase()}: it will find its rights when it starts.`;
  } catch (error) {
    const [said] = sentenceOf(error).split('\n');
    return `\nWhether ${app} runs could not be seen (${said}). If it does, ${lag}`;
  }
}

if (process.argv[1] === import.meta.filename)
  await runTool(usage, (argv) => grant(argv, livePorts));
