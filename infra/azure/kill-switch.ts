// `npm run kill`: stops the app first, then takes its rights. `npm run revive`: gives the rights, starts
// it, and shows /api/ready until it is green. Each step of a kill is tried whatever became of the others.

import { parseArgs } from 'node:util';
import { type Az, type Place, placeOf, readDefaultKey, showApp } from './azure-cli.ts';
import { askReadiness, readinessLines } from './doctor.ts';
import { type GrantPorts, grant, graphOrigin, livePorts } from './grant.ts';
import { type Graph, openGraph } from './graph-admin.ts';
import { findIdentity } from './identity.ts';
import { type Held, readRights, revokeSteps, userAdministratorRole } from './identity-rights.ts';
import { walk } from './steps.ts';
import { runTool, sentenceOf, table } from './terminal.ts';

export const usage = `npm run kill -- --app NAME [--resource-group GROUP] [--identity OBJECT_ID]
npm run revive -- --app NAME [--resource-group GROUP] [options of npm run grant] [--minutes 15]

kill    stops the app, then takes its directory role and its Microsoft Graph permissions. A token that
        was issued before keeps its rights for up to 24 hours: it is the stop that ends resets today.
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

const firstPollMs = 5_000;

/** Options of the grant tool are handed on to it. */
export async function revive(argv: readonly string[], ports: GrantPorts): Promise<boolean> {
  const at = argv.indexOf('--minutes');
  const minutes = at === -1 ? 15 : Number(argv[at + 1]);
  if (!Number.isInteger(minutes) || minutes < 1)
    throw new Error('--minutes is a whole number from 1.');
  const alone = argv.find((arg) => /^--(what-if|allow-caller|remove-caller)\b/.test(arg));
  if (alone !== undefined) throw new Error(`${alone} is for npm run grant alone.`);
  const forGrant = at === -1 ? argv : argv.toSpliced(at, 2);
  const { values } = parseArgs({ args: [...forGrant], options, strict: false });
  const app = String(values.app ?? '');
  if (app === '') throw new Error('Which app? Type: npm run revive -- --app NAME');
  const group = values['resource-group'];
  const place = await placeOf(ports.az, app, typeof group === 'string' ? group : undefined);

  if (!(await grant(forGrant, ports))) {
    ports.say(
      `\n${app} was not started: without its rights it would keep a useless token for a day.`,
    );
    return false;
  }
  await ports.az('functionapp', 'start', '--name', app, '--resource-group', place.group);
  ports.say(`\n${app} was told to start. /api/ready, for ${minutes} minutes at most:`);
  return untilReady(ports, place, minutes * 60_000);
}

async function untilReady(ports: GrantPorts, place: Place, patienceMs: number): Promise<boolean> {
  let shown = '';
  let waitedMs = 0;
  for (let pauseMs = firstPollMs; ; pauseMs = Math.min(pauseMs * 2, 60_000)) {
    const { lines, ready } = await look(ports.az, place);
    const text = lines.join('\n');
    if (text !== shown) ports.say(`\n${text}`);
    shown = text;
    if (ready) return true;
    if (waitedMs + pauseMs > patienceMs) break;
    await ports.wait(pauseMs);
    waitedMs += pauseMs;
  }
  ports.say(
    '\nNot green yet. Rights that were taken and given again can need up to 24 hours, while the platform keeps a\n' +
      'token without them; anything else the lines above say. Look again: npm run doctor',
  );
  return false;
}

/** Key and address are asked for each time: neither is there right after a start. */
async function look(az: Az, place: Place) {
  try {
    const { url } = await showApp(az, place);
    const answer = await askReadiness(url, await readDefaultKey(az, place));
    if (!answer.ok) return { lines: [answer.failure], ready: false };
    return { lines: readinessLines(answer.value), ready: answer.value.ready };
  } catch (error) {
    return { lines: [sentenceOf(error)], ready: false };
  }
}

if (process.argv[1] === import.meta.filename) {
  await runTool(usage, (argv) =>
    argv[0] === '--revive' ? revive(argv.slice(1), livePorts) : kill(argv, livePorts),
  );
}
