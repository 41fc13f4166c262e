// Many at once, at a real table service: one delivery fifty times, two hundred users, one worker and two
// that share the tables.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { codeOf, type Reply } from '../support/door.ts';
import type { Door } from '../support/journey.ts';
import { deliver, type LedgerStage, openLedgerStage, writesOf } from '../support/ledger-stage.ts';
import { passwordsTo } from '../support/seen.ts';

let stage: LedgerStage;
let doors: readonly Door[];

beforeAll(async () => {
  stage = await openLedgerStage();
  const open = () => stage.openFor([{ name: 'busy', maxResetsPerHour: 1000 }]);
  doors = await Promise.all([open(), open()]);
});
afterAll(() => stage.close());

const tally = (replies: readonly Reply[]): Readonly<Record<string, number>> =>
  Object.fromEntries(
    [...Map.groupBy(replies, codeOf)].map(([answer, { length }]) => [answer, length]),
  );

const doorOf = (workers: number, i: number): Door => {
  const door = doors[i % workers];
  if (door === undefined) throw new Error('There are two workers.');
  return door;
};

describe.each([1, 2])('%d worker(s)', (workers) => {
  test('50 deliveries of one key: one PATCH, one password', async () => {
    const user = stage.user();
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        deliver(doorOf(workers, i), 'busy', user.userPrincipalName, `fifty-${workers}`),
      ),
    );
    const { '200 Completed': completed, ...others } = tally(replies);
    expect(completed).toBe(1);
    expect(
      Object.keys(others).filter((answer) => !/409 InProgress|200 AlreadyCompleted/.test(answer)),
    ).toEqual([]);
    expect(writesOf(stage, user)).toEqual({ sent: 1, done: 1 });
    const disclosed = replies.flatMap(({ json }) => ('Password' in json ? [json['Password']] : []));
    expect(disclosed).toEqual([user.password]);
    const later = await deliver(
      doorOf(workers, 1),
      'busy',
      user.userPrincipalName,
      `fifty-${workers}`,
    );
    expect(codeOf(later)).toBe('200 AlreadyCompleted');
  });

  test('50 deliveries for one user, each with a key of its own: one PATCH', async () => {
    const user = stage.user();
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        deliver(
          doorOf(workers, i),
          'busy',
          i % 2 ? user.id : user.userPrincipalName,
          `each-${workers}-${i}`,
        ),
      ),
    );
    const { '200 Completed': completed, ...others } = tally(replies);
    expect(completed).toBe(1);
    expect(
      Object.keys(others).filter((answer) => !/409 InProgress|403 RecentlyReset/.test(answer)),
    ).toEqual([]);
    expect(writesOf(stage, user)).toEqual({ sent: 1, done: 1 });
    expect((await stage.rows.lock(user.id))?.['State']).toBe('free');
  });

  test('200 users at once: 200 resets, no error', async () => {
    const users = Array.from({ length: 200 }, () => stage.user());
    const replies = await Promise.all(
      users.map((user, i) =>
        deliver(doorOf(workers, i), 'busy', user.userPrincipalName, `crowd-${workers}-${i}`),
      ),
    );
    expect(tally(replies)).toEqual({ '200 Completed': 200 });
    for (const [i, user] of users.entries()) {
      expect(passwordsTo(stage.tenant, user.id)).toEqual([user.password]);
      expect(replies[i]?.json['Password']).toBe(user.password);
      expect(replies[i]?.json['Warning']).toBeUndefined();
    }
    expect(new Set(users.map(({ password }) => password)).size).toBe(200);
  });
});
