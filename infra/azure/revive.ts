// `npm run revive`: the way back from a kill. Grants first, so that the app does not ask for a token
// without rights; then starts it, and shows /api/ready until it is green or patience ends.

import { parseArgs } from 'node:util';
import { type Az, type Place, placeOf, readDefaultKey, showApp } from './azure-cli.ts';
import { askReadiness, readinessLines } from './doctor.ts';
import { type GrantPorts, grant } from './grant.ts';
import { sentenceOf } from './terminal.ts';

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
  const options = { app: { type: 'string' }, 'resource-group': { type: 'string' } } as const;
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
