// So many at a time, the others in the order they came; whose turn does not come is told so.

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { err, ok, type Result } from '../../lib/result.ts';
import { inTurnBeside, turnsOf } from '../../lib/turns.ts';

/** Works that end when told to. */
function works(most: number) {
  const inTurn = turnsOf(most);
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<string>>();
  return {
    begun,
    begin: (name: string, patienceMs = 60_000) =>
      inTurn(() => {
        begun.push(name);
        const end = Promise.withResolvers<string>();
        ends.set(name, end);
        return end.promise;
      }, patienceMs),
    end: (name: string) => ends.get(name)?.resolve(`${name} is done`),
    fail: (name: string) => ends.get(name)?.reject(new Error(name)),
  };
}
const settle = () => sleep(1);

test('as many as there are turns begin at once, the others in the order they came', async () => {
  const { begun, begin, end } = works(2);
  const all = ['a', 'b', 'c', 'd', 'e'].map((name) => begin(name));
  await settle();
  expect(begun).toEqual(['a', 'b']);
  end('b');
  await settle();
  expect(begun).toEqual(['a', 'b', 'c']);
  end('a');
  end('c');
  await settle();
  expect(begun).toEqual(['a', 'b', 'c', 'd', 'e']);
  end('d');
  end('e');
  expect(await Promise.all(all)).toEqual(
    ['a', 'b', 'c', 'd', 'e'].map((name) => `${name} is done`),
  );
});

test('whose turn does not come in time is not begun, and costs nobody a turn', async () => {
  const { begun, begin, end } = works(1);
  const first = begin('first');
  const hasty = begin('hasty', 5);
  const patient = begin('patient');
  expect(await hasty).toBeUndefined();
  end('first');
  expect(await first).toBe('first is done');
  await settle();
  expect(begun).toEqual(['first', 'patient']);
  end('patient');
  expect(await patient).toBe('patient is done');
});

test('a work that fails passes its turn on', async () => {
  const { begun, begin, end, fail } = works(1);
  const first = begin('first');
  const second = begin('second');
  await settle();
  fail('first');
  await expect(first).rejects.toThrow('first');
  await settle();
  expect(begun).toEqual(['first', 'second']);
  end('second');
  expect(await second).toBe('second is done');
});

test('a turn that was given back without a line serves whoever comes next', async () => {
  const { begun, begin, end } = works(1);
  const first = begin('first');
  await settle();
  end('first');
  await first;
  const second = begin('second', 0);
  await settle();
  end('second');
  expect(await second).toBe('second is done');
  expect(begun).toEqual(['first', 'second']);
});

describe('beside a question', () => {
  const beside = (asking: Promise<Result<string, string>>, work: () => Promise<string>, ms = 50) =>
    inTurnBeside(turnsOf(1), asking, work, ms);

  test('both answer: what is known, and what was done', async () => {
    const asked = Promise.withResolvers<Result<string, string>>();
    let begun = 0;
    const told = beside(asked.promise, async () => {
      begun += 1;
      return 'done';
    });
    await settle();
    expect(begun).toBe(1);
    asked.resolve(ok('known'));
    expect(await told).toEqual(ok({ known: 'known', done: 'done' }));
  });

  test('a refusal is answered at once, and a work that fails then bothers nobody', async () => {
    const work = Promise.withResolvers<string>();
    expect(await beside(Promise.resolve(err('no')), () => work.promise)).toEqual(err('no'));
    work.reject(new Error('late'));
    await settle(); // an unhandled rejection would end the process
  });

  test('whose turn does not come is told what is known; who was refused begins nothing', async () => {
    const inTurn = turnsOf(1);
    const first = Promise.withResolvers<string>();
    void inTurn(() => first.promise, 50);
    let begun = 0;
    const work = async () => {
      begun += 1;
      return 'done';
    };
    const known = inTurnBeside(inTurn, Promise.resolve(ok('known')), work, 5);
    expect(await known).toEqual(ok({ known: 'known', done: undefined }));
    expect(await inTurnBeside(inTurn, Promise.resolve(err('no')), work, 60_000)).toEqual(err('no'));
    first.resolve('first');
    await settle();
    expect(begun).toBe(0);
  });
});
