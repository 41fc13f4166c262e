// How the nine seconds of a request are divided.

import { expect, jest, test } from '@jest/globals';
import {
  answerWithinMs,
  attemptMs,
  deadlineFrom,
  within,
  writeNeedsMs,
} from '../../lib/deadline.ts';

test('nine seconds, no write with less than two and a half, room for the records', () => {
  expect([answerWithinMs, writeNeedsMs]).toEqual([9_000, 2_500]);
  expect(deadlineFrom(1_000_000)).toEqual({
    beforeWrite: 1_006_500,
    graph: 1_008_000,
    record: 1_008_500,
  });
});

test.each([
  [9_000, 4_500],
  [5_001, 2_500.5],
  [5_000, 5_000],
  [4_000, 4_000],
  [0, 0],
  [-5, -5],
])('with %i ms left an attempt may take %s', (left, attempt) => {
  expect(attemptMs(left)).toBe(attempt);
});

test('what settles in time is handed on, a rejection too', async () => {
  expect(await within(Promise.resolve('x'), 60_000)).toBe('x');
  await expect(within(Promise.reject(new Error('y')), 60_000)).rejects.toThrow('y');
});

test('what settles a little later is waited for', async () => {
  const later = new Promise((resolve) => setTimeout(resolve, 10, 'x'));
  expect(await within(later, 60_000)).toBe('x');
});

test('no timer is left behind, whichever comes first', async () => {
  jest.useFakeTimers();
  try {
    await within(Promise.resolve('x'), 60_000);
    expect(jest.getTimerCount()).toBe(0);
    await within(Promise.reject(new Error('y')), 60_000).catch(() => undefined);
    expect(jest.getTimerCount()).toBe(0);
  } finally {
    jest.useRealTimers();
  }
});

test('what does not settle in time is undefined, and its late answer harms nobody', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  expect(await within(promise, 5)).toBeUndefined();
  resolve('late');
  expect(await within(new Promise<string>(() => undefined), -1)).toBeUndefined();
});
