// The worker is killed (SIGKILL) at every instant of a reset, and the delivery comes again to another worker: at
// once, after 10 s, after 30 s (time passes by moving the rows' dates). All cells stand still at
// their instant in one worker, and one kill ends them all.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { codeOf, type Reply } from '../support/door.ts';
import type { Door } from '../support/journey.ts';
import {
  at,
  changed,
  crowd,
  deliver,
  type LedgerStage,
  openLedgerStage,
  type User,
  until,
  writesOf,
} from '../support/ledger-stage.ts';
import { passwordsTo } from '../support/seen.ts';

type When = 'before' | 'after';
interface Place {
  readonly caller: string;
  readonly user: User;
}

/** Brings a delivery to a standstill; resolves when it stands there. */
type Instant = (stage: LedgerStage, place: Place) => () => Promise<unknown>;

const ledgerStations = ['claim', 'lock', 'mark', 'record', 'audit'] as const;
const standsAt =
  (stations: Partial<Record<(typeof ledgerStations)[number], When>>): Instant =>
  ({ proxy }, { caller, user }) => {
    const holds = Object.entries(stations).map(([station, when]) => {
      const partition = station === 'lock' || station === 'audit' ? user.id : caller;
      return proxy.hold(at(station, partition), when);
    });
    return () => Promise.all(holds.map(({ reached }) => reached));
  };
const patchOf = ({ user }: Place) => ({ method: 'PATCH', path: new RegExp(user.id) });

const instants = {
  'before the claim': standsAt({ claim: 'before' }),
  'after the claim': standsAt({ claim: 'after' }),
  'lock written, mark not': standsAt({ lock: 'after', mark: 'before' }),
  'mark written, lock not': standsAt({ lock: 'before', mark: 'after' }),
  'after lock and mark': standsAt({ lock: 'after', mark: 'after' }),
  'PATCH sent, not carried out': (stage, place) => {
    stage.tenant.faults.next(patchOf(place), { kind: 'hang' });
    return () => until('the PATCH arrived', () => writesOf(stage, place.user).sent > 0);
  },
  'PATCH carried out, no answer yet': (stage, place) => {
    stage.tenant.faults.next(patchOf(place), { kind: 'slow', ms: 60_000 });
    return () => until('the password changed', () => changed(place.user));
  },
  'after Graph’s 204': standsAt({ record: 'before', audit: 'before' }),
  'claim recorded, lock and audit not': standsAt({ record: 'after', audit: 'before' }),
  'lock and audit recorded, claim not': standsAt({ record: 'before', audit: 'after' }),
  'after all records': standsAt({ record: 'after', audit: 'after' }),
} as const satisfies Record<string, Instant>;
type InstantName = keyof typeof instants;

interface Row {
  /** The same delivery at 0 s, after 10 s and after 30 s. */
  readonly comesAgain: readonly [string, string, string];
  /** The same delivery for the first time after 30 s. */
  readonly comesLate: string;
  /** PATCHes that the tenant saw in all, the killed worker's included. */
  readonly writes: number;
  /** The user's trail after the three, the killed worker's rows included. */
  readonly trail: readonly string[];
}

const [intent, unknown, done, replayed] = [
  'intent Intent',
  'outcome OutcomeUnknown',
  'outcome Completed',
  'outcome AlreadyCompleted',
];
const abandoned = [intent, unknown, intent, done];
const unclear = ['409 InProgress', '503 OutcomeUnknown', '200 Completed'] as const;
const replays = ['200 AlreadyCompleted', '200 AlreadyCompleted', '200 AlreadyCompleted'] as const;

const table: Readonly<Record<InstantName, Row>> = {
  'before the claim': {
    comesAgain: ['200 Completed', '200 AlreadyCompleted', '200 AlreadyCompleted'],
    comesLate: '200 Completed',
    writes: 1,
    trail: [intent, done, replayed, replayed],
  },
  'after the claim': {
    comesAgain: ['409 InProgress', '200 Completed', '200 AlreadyCompleted'],
    comesLate: '200 Completed',
    writes: 1,
    trail: [intent, done, replayed],
  },
  'lock written, mark not': {
    // Nothing was sent, so the delivery runs from 10 s on; the user's lock lets it from 30 s on.
    comesAgain: ['409 InProgress', '409 InProgress', '200 Completed'],
    comesLate: '200 Completed',
    writes: 1,
    trail: [intent, 'outcome InProgress', unknown, intent, done],
  },
  'mark written, lock not': {
    comesAgain: unclear,
    comesLate: '200 Completed',
    writes: 1,
    trail: [intent, done],
  },
  'after lock and mark': {
    comesAgain: unclear,
    comesLate: '200 Completed',
    writes: 1,
    trail: abandoned,
  },
  'PATCH sent, not carried out': {
    comesAgain: unclear,
    comesLate: '200 Completed',
    writes: 2,
    trail: abandoned,
  },
  'PATCH carried out, no answer yet': {
    comesAgain: unclear,
    comesLate: '200 Completed',
    writes: 2,
    trail: abandoned,
  },
  'after Graph’s 204': {
    comesAgain: unclear,
    comesLate: '200 Completed',
    writes: 2,
    trail: abandoned,
  },
  'claim recorded, lock and audit not': {
    comesAgain: replays,
    comesLate: '200 AlreadyCompleted',
    writes: 1,
    trail: [intent, replayed, replayed, replayed],
  },
  'lock and audit recorded, claim not': {
    // The reset of the pause is this delivery's own, not another one.
    comesAgain: unclear,
    comesLate: '200 Completed',
    writes: 2,
    trail: [intent, done, intent, done],
  },
  'after all records': {
    comesAgain: replays,
    comesLate: '200 AlreadyCompleted',
    writes: 1,
    trail: [intent, done, replayed, replayed, replayed],
  },
};

interface Cell extends Place {
  readonly key: string;
  readonly replies: Reply[];
}

const names = Object.keys(instants) as readonly InstantName[];
const cells = new Map<string, Cell>();
let stage: LedgerStage;
let survivor: Door;

const cellOf = (mode: 'again' | 'late', name: InstantName): Cell => {
  const cell = cells.get(`${mode} ${name}`);
  if (cell === undefined) throw new Error('No such cell.');
  return cell;
};

const send = async (door: Door, { caller, user, key, replies }: Cell): Promise<void> => {
  replies.push(await deliver(door, caller, user.userPrincipalName, key));
};

const passTime = (only: readonly Cell[], seconds: number): Promise<unknown> =>
  Promise.all(
    only.flatMap(({ caller, user }) => {
      const { lastPasswordChangeDateTime: changedAt } = user;
      if (changedAt !== null) {
        const earlier = Date.parse(changedAt) - seconds * 1000;
        user.lastPasswordChangeDateTime = new Date(earlier).toISOString();
      }
      return [stage.rows.age(caller, seconds), stage.rows.age(user.id, seconds)];
    }),
  );

beforeAll(async () => {
  stage = await openLedgerStage();
  const callers = crowd(2 * names.length);
  const victim = await stage.openFor(callers);
  for (const [index, name] of [...names, ...names].entries()) {
    const mode = index < names.length ? 'again' : 'late';
    const user = stage.user({ accountEnabled: false });
    cells.set(`${mode} ${name}`, { caller: `c${index}`, user, key: 'one', replies: [] });
  }
  const standing = names.flatMap((name) =>
    (['again', 'late'] as const).map((mode) => instants[name](stage, cellOf(mode, name))),
  );
  const lost = [...cells.values()].map((cell) =>
    deliver(victim, cell.caller, cell.user.userPrincipalName, cell.key).then(
      () => 'answered',
      () => 'cut off',
    ),
  );
  await Promise.all(standing.map((stands) => stands()));
  await victim.host.kill();
  expect(new Set(await Promise.all(lost))).toEqual(new Set(['cut off']));

  survivor = await stage.openFor(callers);
  const late = names.map((name) => cellOf('late', name));
  const again = names.map((name) => cellOf('again', name));
  await Promise.all(again.map((cell) => send(survivor, cell)));
  await passTime(again, 10);
  await Promise.all(again.map((cell) => send(survivor, cell)));
  await passTime(again, 20);
  await passTime(late, 30);
  await Promise.all([...again, ...late].map((cell) => send(survivor, cell)));
}, 120_000);
afterAll(() => stage.close());

describe.each(names)('killed %s', (name) => {
  const row = table[name];

  test('the delivery comes again at 0 s, after 10 s and after 30 s', async () => {
    const { user, replies } = cellOf('again', name);
    expect(replies.map(codeOf)).toEqual(row.comesAgain);
    expect(writesOf(stage, user).sent).toBe(row.writes);
    // Rows of one transaction share their time: their order says nothing.
    expect([...(await stage.rows.trail(user.id))].sort()).toEqual([...row.trail].sort());
  });

  test('the delivery comes again only after 30 s', () => {
    const { user, replies } = cellOf('late', name);
    expect(replies.map(codeOf)).toEqual([row.comesLate]);
    expect(writesOf(stage, user).sent).toBe(row.writes);
  });

  test.each(['again', 'late'] as const)(
    'one password at most is disclosed, it works, and the account is enabled (%s)',
    (mode) => {
      const { user, replies } = cellOf(mode, name);
      const disclosed = replies.flatMap(({ json }) =>
        'Password' in json ? [json['Password']] : [],
      );
      const recorded = row.comesLate === '200 AlreadyCompleted';
      expect(disclosed).toEqual(recorded ? [] : [user.password]);
      expect(passwordsTo(stage.tenant, user.id).at(-1)).toBe(user.password);
      expect(user.accountEnabled).toBe(true);
    },
  );

  test.each(['again', 'late'] as const)(
    'nothing blocks the user for longer: a new key works after the pause (%s)',
    async (mode) => {
      const cell = cellOf(mode, name);
      await passTime([cell], 121);
      const reply = await deliver(survivor, cell.caller, cell.user.userPrincipalName, 'two');
      expect(codeOf(reply)).toBe('200 Completed');
      expect(reply.json['Password']).toBe(cell.user.password);
      // A recorded delivery stays what it is.
      const old = await deliver(survivor, cell.caller, cell.user.userPrincipalName, cell.key);
      expect(codeOf(old)).toBe('200 AlreadyCompleted');
    },
  );
});
