// `npm run soak -- [--minutes 10] [--seed 1] [--built]`: mixed load with trouble at every dependency and workers
// that are killed, and then what must hold after it. Prints the figures; ends with 1 when something does not hold.

import { parseArgs } from 'node:util';
import { bundle } from '../../infra/build/bundle.ts';
import { codeOf, openLedgerStage, passwordsTo } from '../support/ledger-stage.ts';
import { leaksIn } from '../support/secrets.ts';
import { chanceOf } from './chance.ts';
import {
  changedInSilence,
  disclosedTwice,
  enabledWithOldPassword,
  staleHandOuts,
  tooLate,
  unaccounted,
} from './invariants.ts';
import { type Delivery, type Exchange, type Load, openLoad } from './load.ts';
import { createWitness } from './witness.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    built: { type: 'boolean', default: false },
  },
});
const minutes = Number(values.minutes);
const chance = chanceOf(Number(values.seed));
if (!values.built) await bundle();

const stage = await openLedgerStage();
const witness = createWitness();
const users = Array.from({ length: 60 }, (_, i) => stage.user({ accountEnabled: i % 3 !== 0 }));
for (const user of users) witness.watch(user);
const load = await openLoad(stage, users, witness, chance);
console.log(`Soaking for ${minutes} min, seed ${values.seed} …`);
await load.run(Date.now() + minutes * 60_000);

/** A few at a time. */
const inTurns = async <T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> => {
  const left = [...items];
  const turn = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await act(item);
  };
  await Promise.all(Array.from({ length: 8 }, turn));
};

// What is left of ordered trouble must not decide what is found afterwards.
stage.tenant.faults.clear();
stage.proxy.lift();
/** For locks, and for claims that time settles; the others stay as they are for days. */
const passTime = async (seconds: number): Promise<void> => {
  const { rows } = stage;
  const claims = (await rows.all(rows.deliveries)).filter(({ State }) =>
    ['claimed', 'sent', 'free'].includes(String(State)),
  );
  const locks = (await rows.all(rows.users)).filter(({ rowKey }) => rowKey === 'lock');
  await inTurns(claims, (row) => rows.ageRow(rows.deliveries, row, seconds));
  await inTurns(locks, (row) => rows.ageRow(rows.users, row, seconds));
};

// Nothing blocks for longer than 30 s: then every delivery that was not settled is, some of the others stay what
// they are, and every user can be reset anew.
await passTime(31);
const stuck: string[] = [];
const answeredAgain = async (delivery: Delivery, expected: RegExp): Promise<void> => {
  const { reply } = await load.send(delivery);
  const answer = reply === undefined ? 'no answer' : codeOf(reply);
  if (!expected.test(answer)) stuck.push(`${delivery.caller} ${delivery.key}: ${answer}`);
};
const during = [...load.exchanges];
const known = new Map(
  during
    .filter(({ delivery: { key, fields } }) => key !== undefined && !('DryRun' in fields))
    .map(({ delivery }) => [`${delivery.caller} ${delivery.key}`, delivery]),
);
const settled = /^200 (Completed|AlreadyCompleted)$|^403 RecentlyReset$|^422 KeyReused$/;
const ends = /^200 (Completed|AlreadyCompleted)$|^403 RecentlyReset$/;
const settledNames = new Set(
  during
    .filter(({ reply }) => reply !== undefined && ends.test(codeOf(reply)))
    .map(({ delivery: { caller, key } }) => `${caller} ${key}`),
);
const again = [...known]
  .filter(([name]) => !settledNames.has(name) || chance.percent(10))
  .map(([, delivery]) => delivery);
// Users side by side; the deliveries of one would lock each other out.
const perUser = Map.groupBy(again, ({ user }) => user);
await inTurns([...perUser.values()], async (deliveries) => {
  for (const delivery of deliveries) await answeredAgain(delivery, settled);
});
await passTime(31);
await inTurns([...users.entries()], ([i, user]) =>
  answeredAgain({ caller: `c${i % 40}`, key: `last-${i}`, user, fields: {} }, /^200 Completed$/),
);

const notWorking = users
  .filter(({ id }) => {
    const last = load.exchanges.findLast(({ delivery }) => delivery.user.id === id)?.reply;
    return last?.json['Password'] !== users.find((user) => user.id === id)?.password;
  })
  .map(({ id }) => `${id}: the password of the last reset does not work`);
const passwords = new Map(passwordsTo(stage.tenant).map((password) => [password, password]));
const stored = JSON.stringify([
  await stage.rows.all(stage.rows.deliveries),
  await stage.rows.all(stage.rows.users),
]);
const findings: Readonly<Record<string, readonly string[]>> = {
  'a recorded delivery disclosed two passwords': disclosedTwice(load.exchanges),
  'a password was changed and "nothing" was answered': changedInSilence(
    stage,
    load.exchanges,
    witness.changes,
  ),
  'the last password handed out does not work': staleHandOuts(stage, during, witness),
  'the last clean reset does not work': notWorking,
  'enabled with the old password': enabledWithOldPassword(stage, load.exchanges, witness),
  'a write without its rows in the audit': await unaccounted(stage),
  'blocked for longer than 30 s': stuck,
  'answered later than 9 s': tooLate(load.exchanges),
  'a password in a log or a row': leaksIn(`${load.logs.flat().join('\n')}${stored}`, passwords),
};
report(load, during);
for (const [what, found] of Object.entries(findings)) {
  console.log(`${found.length === 0 ? 'holds' : 'FAILS'}  ${what}: ${found.length}`);
  for (const line of found.slice(0, 20)) console.log(`       ${line}`);
}
await load.close();
await stage.close();
process.exitCode = Object.values(findings).some(({ length }) => length > 0) ? 1 : 0;

function report({ counts }: Load, exchanges: readonly Exchange[]): void {
  const answers = Map.groupBy(exchanges, ({ reply }) => (reply ? codeOf(reply) : 'no answer'));
  const times = exchanges
    .filter(({ reply }) => reply !== undefined)
    .map(({ sentAt, answeredAt }) => answeredAt - sentAt)
    .sort((a, b) => a - b);
  const at = (share: number): number => times[Math.floor(share * (times.length - 1))] ?? 0;
  console.log(`${exchanges.length} requests, ${known.size} deliveries, ${users.length} users`);
  for (const [answer, all] of [...answers].sort()) console.log(`  ${answer}: ${all.length}`);
  const sent = passwordsTo(stage.tenant).length;
  console.log(`${sent} PATCHes seen, ${witness.changes.length} passwords set`);
  console.log(
    `${counts.faults} troubles ordered, ${counts.kills} workers killed, ${counts.hangUps} clients hung up`,
  );
  console.log(`answers: median ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`);
}
