// What is tried again, how often and how long; and Retry-After as senders write it.

import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { Attempt } from '../../lib/retry.ts';

// The clock is held and the pauses take no time; they are only written down.
const pauses: unknown[] = [];
jest.unstable_mockModule('node:timers/promises', () => ({
  setTimeout: async (ms: unknown) => {
    pauses.push(ms);
  },
}));
const { again, repeat, retryAfterMs, settled } = await import('../../lib/retry.ts');

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setTimeout', 'setImmediate', 'nextTick', 'queueMicrotask'] });
  jest.setSystemTime(1_000_000);
  pauses.length = 0;
});
afterEach(() => {
  jest.useRealTimers();
});

test('what settles at once is asked for once', async () => {
  let attempts = 0;
  const value = await repeat(
    async () => {
      attempts += 1;
      return settled('done');
    },
    1_009_000,
    'late',
  );
  expect([value, attempts]).toEqual(['done', 1]);
});

test('it is repeated until it settles', async () => {
  let attempts = 0;
  const value = await repeat<string>(
    async () => {
      attempts += 1;
      return attempts < 4 ? again('busy', 1) : settled('done');
    },
    1_009_000,
    'late',
  );
  expect([value, attempts]).toEqual(['done', 4]);
});

test.each([
  ['room for one more attempt', 1_000_450, 200, 2],
  ['a millisecond less', 1_000_449, 200, 1],
  ['never sooner than our own pause', 1_000_399, 0, 1],
  ['time that is over', 999_000, 0, 1],
  ['a wait longer than what is left', 1_009_000, 60_000, 1],
])('%s: the last value stands after the last attempt', async (_what, until, afterMs, most) => {
  let attempts = 0;
  const value = await repeat(
    async () => {
      attempts += 1;
      if (attempts === 2) jest.setSystemTime(1_010_000);
      return again(`busy ${attempts}`, afterMs);
    },
    until,
    'late',
  );
  expect([value, attempts]).toEqual([`busy ${most}`, most]);
});

test('the pauses grow and end at a second; a longer wait that the other side asks for is kept', async () => {
  const waits = [undefined, undefined, undefined, undefined, undefined, 0, 999, 1_001, 5_000];
  let attempts = 0;
  const value = await repeat<string>(
    async () => {
      attempts += 1;
      return attempts > waits.length ? settled('done') : again('busy', waits[attempts - 1]);
    },
    1_060_000,
    'late',
  );
  expect(value).toBe('done');
  expect(pauses).toEqual([150, 300, 600, 1_000, 1_000, 1_000, 1_000, 1_001, 5_000]);
});

test('an attempt gets a signal that fires when its share of the time is up', async () => {
  const hung = await repeat(
    (signal) =>
      new Promise<Attempt<string>>((resolve) =>
        signal.addEventListener('abort', () => resolve(settled(signal.reason.name))),
      ),
    1_000_020,
    'late',
  );
  expect(hung).toBe('TimeoutError');
});

test('when no time is left the signal still fires, and does not throw', async () => {
  const hung = await repeat(
    (signal) =>
      new Promise<Attempt<string>>((resolve) =>
        signal.addEventListener('abort', () => resolve(settled('fired'))),
      ),
    0,
    'late',
  );
  expect(hung).toBe('fired');
});

test('an attempt that does not listen is left behind, and what it says later harms nobody', async () => {
  const { promise, reject } = Promise.withResolvers<Attempt<string>>();
  expect(await repeat(() => promise, 1_000_010, 'late')).toBe('late');
  reject(new Error('much later'));
  await new Promise((done) => setImmediate(done));
});

test('an attempt that is left behind is tried again while there is time', async () => {
  let attempts = 0;
  const value = await repeat(
    () => {
      attempts += 1;
      return attempts === 1
        ? new Promise<never>(() => undefined)
        : Promise.resolve(settled('done'));
    },
    1_000_500,
    'late',
  );
  expect([value, attempts]).toEqual(['done', 2]);
});

test('an attempt that throws is not repeated', async () => {
  let attempts = 0;
  const broken = repeat(
    async () => {
      attempts += 1;
      throw new Error('bug');
    },
    1_009_000,
    'late',
  );
  await expect(broken).rejects.toThrow('bug');
  expect(attempts).toBe(1);
});

test('what an attempt says', () => {
  expect(settled(1)).toEqual({ value: 1, isSettled: true, afterMs: undefined });
  expect(again(1)).toEqual({ value: 1, isSettled: false, afterMs: undefined });
  expect(again(1, 0)).toEqual({ value: 1, isSettled: false, afterMs: 0 });
});

const now = Date.parse('2026-11-23T09:15:30Z');

test.each([
  ['120', 120_000],
  [' 5 ', 5_000],
  ['0', 0],
  ['Mon, 23 Nov 2026 09:15:40 GMT', 10_000],
  ['Mon, 23 Nov 2026 09:15:20 GMT', 0],
  ['2026-11-23T09:16:30Z', 60_000],
  ['', undefined],
  ['  ', undefined],
  ['soon', undefined],
  ['60, 120', undefined],
  [null, undefined],
  [undefined, undefined],
])('Retry-After: %s', (header, ms) => {
  expect(retryAfterMs(header, now)).toBe(ms);
});
