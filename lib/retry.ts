// The one place that decides what is tried again at Graph and the tables, how often and how long; their
// SDKs' own retries are off, because those ignore deadlines. The identity library's cannot be turned off:
// it is raced against the deadline.

import { setTimeout as sleep } from 'node:timers/promises';
import { attemptMs, within } from './deadline.ts';

/** What one attempt says: it is settled, or worth trying again (after so many milliseconds). */
export interface Attempt<T> {
  readonly value: T;
  readonly isSettled: boolean;
  readonly afterMs: number | undefined;
}

export const settled = <T>(value: T): Attempt<T> => ({
  value,
  isSettled: true,
  afterMs: undefined,
});
export const again = <T>(value: T, afterMs?: number): Attempt<T> => ({
  value,
  isSettled: false,
  afterMs,
});

const firstPauseMs = 150;
const longestPauseMs = 1_000;

/**
 * Repeats `attempt` until it settles or `until` (ms of `Date.now()`) leaves no time for another try;
 * then the last value stands. Each attempt gets a signal that fires when its share of the time is up;
 * one that does not listen to it (an SDK waiting for a token) is left behind and counts as `late`.
 */
export async function repeat<T>(
  attempt: (signal: AbortSignal) => Promise<Attempt<T>>,
  until: number,
  late: T,
): Promise<T> {
  for (let round = 0; ; round += 1) {
    const limitMs = Math.max(1, Math.ceil(attemptMs(until - Date.now())));
    const tried = attempt(AbortSignal.timeout(limitMs));
    const outcome = (await within(tried, limitMs + graceMs)) ?? again(late);
    if (outcome.isSettled) return outcome.value;
    // Never shorter than our own pause: `Retry-After: 0` would let a retry storm through.
    const ownPauseMs = Math.min(firstPauseMs * 2 ** round, longestPauseMs);
    const pauseMs = Math.max(outcome.afterMs ?? 0, ownPauseMs);
    if (Date.now() + pauseMs + minimumAttemptMs > until) return outcome.value;
    await sleep(pauseMs);
  }
}

/** For the attempt that listens to its signal and says what happened. */
const graceMs = 50;

/** Less than this is no attempt: cut off, it would hide what the one before it was told. */
const minimumAttemptMs = 250;

/** `Retry-After` in milliseconds: seconds or an HTTP date (RFC 9110 §10.2.3); undefined if neither. */
export function retryAfterMs(header: string | null | undefined, now: number): number | undefined {
  const text = header ?? '';
  if (/^\s*\d+\s*$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
