// `npm run kill`: stops the app first, then takes its rights; each step is tried whatever became of the
// others, and what is left is said. The way back is revive.ts; this file only starts it.

import { parseArgs } from 'node:util';
import { type Place, placeOf, showApp } from './azure-cli.ts';
import { type GrantPorts, livePorts } from './grant.ts';
import { type Graph, graphOrigin, openGraph } from './graph-admin.ts';
import { findIdentity } from './identity.ts';
import { type Held, readRights, revokeSteps, userAdministratorRole } from './identity-rights.ts';
import { revive } from './revive.ts';
import { walk } from './steps.ts';
import { runTool, sentenceOf, table } from './terminal.ts';

export const usage = `npm run kill -- --app NAME [--resource-group GROUP] [--identity OBJECT_ID]
npm run revive -- --app NAME [--resource-group GROUP] [options of npm run grant] [--minutes 15]

kill    stops the app, then takes its directory role and its Microsoft Graph permissions. A token
        that was issued before keeps its rights for up to 24 hours: it is the stop that ends resets.
revive  the way back: grants, starts, and shows /api/ready until it is green.

You need Website Contributor on the app and Privileged Role Administrator in Entra; with one of them
kill does its half and says what is left.`;

const options = {
  app: { type: 'string' },
  'resource-group': { type: 'string' },
  identity: { type: 'string' },
} as const;

/** False: something is left to do; what it is was said. */
export async function kill(argv: readonly string[], ports: GrantPorts): Promise<boolean> {
  const { values } = parseArgs({ args: [...argv], options });
  const { app } = values;
  if (!app) throw new Error('Which app? Type: npm run kill -- --app NAME');
  const left: string[] = [];
  const attempt = async (step: () => Promise<void>, instead: string): Promise<void> => {
    try {
      await step();
    } catch (error) {
      ports.say(sentenceOf(error));
      left.push(instead);
    }
  };
  const group = values['resource-group'];
  await attempt(
    async () => stop(ports, await placeOf(ports.az, app, group)),
    `the app: az functionapp stop --name ${app} --resource-group ${group ?? 'GROUP'}`,
  );
  await attempt(async () => {
    const graph = openGraph(graphOrigin(ports.env), ports.credential);
    if (!(await revoke(graph, app, values.identity, ports)))
      throw new Error('Not every right was taken.');
  }, `the rights: npm run kill -- --app ${app}, as a Privileged Role Administrator`);

  ports.say(
    '\nA token that was issued before keeps its rights for up to 24 hours, whoever holds it. Only a stopped app\n' +
      'does not use it, and whoever may start the app can bring it back within that time.',
  );
  if (left.length > 0) ports.say(`\nLEFT TO DO\n${left.map((what) => `  ${what}`).join('\n')}`);
  return left.length === 0;
}

async function stop({ az, say }: GrantPorts, { app, group }: Place): Promise<void> {
  await az('functionapp', 'stop', '--name', app, '--resource-group', group);
  const { state, url } = await showApp(az, { app, group });
  if (state !== 'Stopped') throw new Error(`${app} was told to stop, and Azure calls it ${state}.`);
  // There are reports of Flex Consumption apps that went on answering.
  say(`${app} is stopped. See for yourself that it does not answer: curl -i ${url}/api/health`);
}

async function revoke(
  graph: Graph,
  app: string,
  objectId: string | undefined,
  { say }: GrantPorts,
): Promise<boolean> {
  const identity = await findIdentity(graph, app, objectId);
  const rights = await readRights(graph, identity);
  if (rights.held.length === 0) {
    say(`${identity.name} holds no right.`);
    return true;
  }
  // One by one, so that a refusal of one does not save the others.
  const rows: (readonly string[])[] = [];
  const refusals: string[] = [];
  for (const step of revokeSteps(graph, rights)) {
    const walked = await walk([step], false);
    rows.push(...walked.rows);
    if (walked.refusal !== undefined) refusals.push(walked.refusal);
  }
  for (const line of table([[`RIGHT OF ${identity.name}`, 'BEFORE', 'AFTER'], ...rows], [70, 6]))
    say(line);
  for (const refusal of new Set(refusals)) say(`\n${refusal}`);
  say(`\nThe way back: npm run revive -- --app ${app}${modeOf(rights.held)}`);
  return refusals.length === 0;
}

/** The options that grant what was held. */
function modeOf(held: readonly Held[]): string {
  const role = held.find(({ name }) => name === userAdministratorRole);
  if (role === undefined) return ' --mode permissions';
  return role.scope === '/' ? '' : ` --administrative-unit ${role.scope.split('/').at(-1)}`;
}

if (process.argv[1] === import.meta.filename) {
  await runTool(usage, (argv) =>
    argv[0] === '--revive' ? revive(argv.slice(1), livePorts) : kill(argv, livePorts),
  );
}
