// Every dependency of a reset × every way to fail, as a literal table: what the caller is told, whether the user
// was changed, and what the same delivery gets right after, when the trouble is over. Each cell has a caller and
// a user of its own, so that all of them wait out their deadlines side by side.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  graphFaults,
  type Trouble,
  tableFaults,
  troubles,
} from '../support/dependency-troubles.ts';
import { codeOf, type Reply } from '../support/door.ts';
import type { Door } from '../support/journey.ts';
import { type Lateness, watchLateness } from '../support/lateness.ts';
import {
  at,
  changed,
  crowd,
  deliver,
  type LedgerStage,
  openLedgerStage,
  retryAfter,
  type User,
} from '../support/ledger-stage.ts';
import { passwordsTo } from '../support/seen.ts';
import { always } from '../support/table-proxy.ts';
import { completed, graphRead, type Outcome, protectedNow, throttledOut } from './outcomes.ts';

const tables = ['limit', 'claim', 'lock', 'mark', 'record', 'audit'] as const;
const graphs = ['user facts', 'Graph write', 'revoke'] as const;
type Dependency = (typeof tables)[number] | (typeof graphs)[number];

const unclear: Outcome = ['503 OutcomeUnknown', 'unchanged', '503 OutcomeUnknown'];
const unclearDone: Outcome = ['503 OutcomeUnknown', 'changed', '503 OutcomeUnknown'];
const ledgerDown: Outcome = ['503 LedgerUnavailable', 'unchanged', '200 Completed'];
/** What was stored cannot be seen: it stands until it ends by itself. */
const ledgerDownHeld: Outcome = ['503 LedgerUnavailable', 'unchanged', '409 InProgress'];
const unrecorded: Outcome = ['200 Completed', 'changed', '409 InProgress'];

/** The trouble lasts as long as the request. */
const lasting: Readonly<Record<Dependency, Readonly<Record<Trouble, Outcome>>>> = {
  'user facts': graphRead,
  'Graph write': {
    slow: completed,
    hang: unclear,
    'reset before': unclear,
    'reset after': unclearDone,
    '429': throttledOut,
    '429 Retry-After': throttledOut,
    '500 empty': unclear,
    '502 HTML': unclear,
    '503': unclear,
    '504': unclear,
    truncated: unclearDone,
    // Graph's 204 is the truth, and this is none.
    'wrong content type': unclear,
  },
  revoke: {
    slow: completed,
    hang: completed,
    'reset before': completed,
    'reset after': completed,
    '429': completed,
    '429 Retry-After': completed,
    '500 empty': completed,
    '502 HTML': completed,
    '503': completed,
    '504': completed,
    truncated: completed,
    'wrong content type': completed,
  },
  limit: {
    slow: completed,
    hang: ledgerDown,
    'reset before': ledgerDown,
    'reset after': ledgerDown,
    '429': ledgerDown,
    '429 Retry-After': ledgerDown,
    '500 empty': ledgerDown,
    '502 HTML': ledgerDown,
    '503': ledgerDown,
    '504': ledgerDown,
    truncated: ledgerDown,
    'wrong content type': ledgerDown,
  },
  claim: {
    slow: completed,
    hang: ledgerDown,
    'reset before': ledgerDown,
    'reset after': ledgerDownHeld,
    '429': ledgerDown,
    '429 Retry-After': ledgerDown,
    '500 empty': ledgerDown,
    '502 HTML': ledgerDown,
    '503': ledgerDown,
    '504': ledgerDown,
    truncated: ledgerDownHeld,
    'wrong content type': ledgerDown,
  },
  lock: {
    slow: completed,
    hang: ledgerDown,
    'reset before': ledgerDown,
    'reset after': ledgerDownHeld,
    '429': ledgerDown,
    '429 Retry-After': ledgerDown,
    '500 empty': ledgerDown,
    '502 HTML': ledgerDown,
    '503': ledgerDown,
    '504': ledgerDown,
    truncated: ledgerDownHeld,
    'wrong content type': ledgerDown,
  },
  mark: {
    slow: completed,
    hang: ledgerDown,
    'reset before': ledgerDown,
    'reset after': ledgerDownHeld,
    '429': ledgerDown,
    '429 Retry-After': ledgerDown,
    '500 empty': ledgerDown,
    '502 HTML': ledgerDown,
    '503': ledgerDown,
    '504': ledgerDown,
    truncated: ledgerDownHeld,
    'wrong content type': ledgerDown,
  },
  record: {
    slow: completed,
    hang: unrecorded,
    'reset before': unrecorded,
    'reset after': completed,
    '429': unrecorded,
    '429 Retry-After': unrecorded,
    '500 empty': unrecorded,
    '502 HTML': unrecorded,
    '503': unrecorded,
    '504': unrecorded,
    truncated: completed,
    'wrong content type': unrecorded,
  },
  audit: {
    slow: completed,
    hang: completed,
    'reset before': completed,
    'reset after': completed,
    '429': completed,
    '429 Retry-After': completed,
    '500 empty': completed,
    '502 HTML': completed,
    '503': completed,
    '504': completed,
    truncated: completed,
    'wrong content type': completed,
  },
};

/** The trouble is over after one answer; everything not named here is as if nothing had been. */
const onceExceptions: Partial<Record<Dependency, Partial<Record<Trouble, Outcome>>>> = {
  'user facts': { 'wrong content type': protectedNow },
};

interface Cell {
  readonly caller: string;
  readonly user: User;
  readonly first: Reply;
  /** By how much the machine was late taken off. */
  readonly tookMs: number;
  readonly changed: boolean;
  readonly next: Reply;
}

let stage: LedgerStage;
let door: Door;
let lateness: Lateness;
const cells = new Map<string, Cell>();
const dependencies: readonly Dependency[] = [...graphs, ...tables];
const modes = ['lasting', 'once'] as const;
type Mode = (typeof modes)[number];
const troublesOf: Readonly<Record<Mode, readonly Trouble[]>> = {
  lasting: troubles,
  once: ['hang', 'reset before', 'reset after', '429', '503', 'truncated', 'wrong content type'],
};
const nameOf = (mode: Mode, dependency: Dependency, trouble: Trouble): string =>
  `${mode} ${dependency} ${trouble}`;

/** Orders the trouble for this user or caller; the answer ends it. */
function order(
  dependency: Dependency,
  trouble: Trouble,
  times: number,
  caller: string,
  user: User,
) {
  const { faults } = stage.tenant;
  const fault = graphFaults[trouble];
  switch (dependency) {
    case 'user facts':
      return faults.next({ item: new RegExp(user.userPrincipalName) }, fault, times);
    case 'Graph write':
      return faults.next({ method: 'PATCH', path: new RegExp(user.id) }, fault, times);
    case 'revoke':
      return faults.next({ method: 'POST', path: new RegExp(`${user.id}/revoke`) }, fault, times);
    case 'lock':
    case 'audit':
      return stage.proxy.next(at(dependency, user.id), tableFaults[trouble], times);
    default:
      return stage.proxy.next(at(dependency, caller), tableFaults[trouble], times);
  }
}

/** A machine that is late by more says something about itself and not about the product. */
const idleMs = 400;
const mostRounds = 3;

async function play(mode: Mode, dependency: Dependency, trouble: Trouble, caller: string) {
  for (let round = 1; round <= mostRounds; round += 1) {
    const startedAt = performance.now();
    const cell = await playOnce(mode, dependency, trouble, caller, `key-${round}`);
    cells.set(nameOf(mode, dependency, trouble), cell);
    if (lateness.worst(performance.now() - startedAt) <= idleMs) return;
  }
}

async function playOnce(
  mode: Mode,
  dependency: Dependency,
  trouble: Trouble,
  caller: string,
  key: string,
): Promise<Cell> {
  const user = stage.user({ accountEnabled: false });
  const times = mode === 'once' ? 1 : always;
  const end = order(dependency, trouble, times, caller, user);
  const fields = dependency === 'revoke' ? { RevokeSessions: true } : {};
  const send = () => deliver(door, caller, user.userPrincipalName, key, fields);
  const first = await send();
  const tookMs = first.elapsedMs - lateness.worst(first.elapsedMs + 1_000);
  const wasChanged = changed(user);
  end();
  return { caller, user, first, tookMs, changed: wasChanged, next: await send() };
}

beforeAll(async () => {
  stage = await openLedgerStage();
  const all = modes.flatMap((mode) =>
    dependencies.flatMap((dependency) =>
      troublesOf[mode].map((trouble) => ({ mode, dependency, trouble })),
    ),
  );
  door = await stage.openFor(crowd(all.length));
  const warm = stage.user();
  await deliver(door, 'c0', warm.userPrincipalName, 'warm');
  lateness = watchLateness(door);
  // All of them side by side, but not in one instant: a small machine would be late by itself.
  await Promise.all(
    all.map(async ({ mode, dependency, trouble }, index) => {
      await sleep(index * 140);
      await play(mode, dependency, trouble, `c${index}`);
    }),
  );
  await lateness.stop();
}, 180_000);
afterAll(() => stage.close());

const cell = (mode: Mode, dependency: Dependency, trouble: Trouble): Cell => {
  const found = cells.get(nameOf(mode, dependency, trouble));
  if (found === undefined) throw new Error('This cell was not played.');
  return found;
};

const passwordsIn = (...replies: readonly Reply[]): readonly unknown[] =>
  replies.flatMap(({ json }) => ('Password' in json ? [json['Password']] : []));

const disclosures = ([first, , next]: Outcome): readonly string[] =>
  [first, next].filter((answer) => answer === '200 Completed');

/** `Retry-After`: the exact seconds where they are promised, else whether it is from 1 to 59. */
const waitsOf = (reply: Reply): number | string | undefined => {
  const seconds = retryAfter(reply);
  const exact = ['503 OutcomeUnknown', '409 InProgress'].includes(codeOf(reply));
  if (seconds === undefined || exact) return seconds;
  return seconds >= 1 && seconds <= 59 ? '1–59' : seconds;
};

const waitsFor = (answer: string): number | string | undefined => {
  if (answer === '503 OutcomeUnknown') return 30;
  return /^(429|503)/.test(answer) ? '1–59' : undefined;
};

describe.each(modes)('trouble: %s', (mode) => {
  describe.each(dependencies)('%s', (dependency) => {
    test.each(troublesOf[mode])('%s', (trouble) => {
      const expected =
        mode === 'lasting'
          ? lasting[dependency][trouble]
          : (onceExceptions[dependency]?.[trouble] ?? completed);
      const { user, first, tookMs, changed: wasChanged, next } = cell(mode, dependency, trouble);
      const told: Outcome = [codeOf(first), wasChanged ? 'changed' : 'unchanged', codeOf(next)];
      expect(told).toEqual(expected);
      expect(tookMs).toBeLessThan(9_000);
      expect(passwordsIn(first, next)).toEqual(disclosures(expected).map(() => user.password));
      expect(waitsOf(first)).toEqual(waitsFor(expected[0]));
      expect(first.text + next.text).not.toMatch(/canary-upstream/);
    });
  });
});

test.each(troubles)(
  'revoking that fails (%s, lasting) is said, and the reset counts',
  (trouble) => {
    const { json } = cell('lasting', 'revoke', trouble).first;
    const failed = trouble !== 'slow';
    expect(json['SessionsRevoked']).toBe(failed ? 'Failed' : 'Revoked');
    if (failed) expect(json['Warning']).toMatch(/sessions were not revoked/);
    else expect(json['Warning']).toBeUndefined();
  },
);

test.each(troubles)(
  'a record that cannot be written (%s, lasting) is said with the password',
  (trouble) => {
    const { json } = cell('lasting', 'record', trouble).first;
    if (trouble === 'slow') expect(json['Warning']).toBeUndefined();
    else expect(json['Warning']).toMatch(/not recorded; repeating this request resets again/);
  },
);

test.each(troubles)(
  'an audit that cannot be written (%s, lasting) is said with the password',
  (trouble) => {
    const { json } = cell('lasting', 'audit', trouble).first;
    // A write whose answer was lost is tried again and found done.
    const sentence =
      trouble === 'slow' ? undefined : 'The audit record of this reset was not written.';
    expect(json['Warning']).toBe(sentence);
  },
);

test('a run sends one password however often it has to send it', () => {
  for (const { user, first, next } of cells.values()) {
    const sent = new Set(passwordsTo(stage.tenant, user.id)).size;
    const runs = ['200 Completed', '503 OutcomeUnknown', '429 TooManyRequests'];
    const ran = [codeOf(first), codeOf(next)].filter((answer) => runs.includes(answer)).length;
    expect(sent).toBeLessThanOrEqual(ran);
  }
});
