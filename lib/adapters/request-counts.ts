// How many requests a caller made lately. One row a request in the caller's partition, named
// `count~<time, newest first>~<request id>`. Rows that were read once are remembered, so that only later
// ones are asked for, and a crowd of one caller shares its readings.

import type { LedgerFailure } from '../claim.ts';
import { within } from '../deadline.ts';
import { ok, type Result } from '../result.ts';
import { type Row, type TableStore, unavailable } from './table-store.ts';

const latestMs = 9_999_999_999_999;
/** Sorts the newest first: Azure tables sort by row key, ascending. */
const countKey = (at: number): string => `count~${String(latestMs - at).padStart(13, '0')}`;
const timeOf = (key: string): number => latestMs - Number(key.split('~')[1]);

export const countRow = (caller: string, at: number, requestId: string): Row => ({
  partitionKey: caller,
  rowKey: `${countKey(at)}~${requestId}`,
  At: new Date(at).toISOString(),
});

/** A request is counted by its start when it ends, on instances whose clocks differ a little. */
const lateMs = 30_000;

/** Times are milliseconds since 1970; `until`: the last moment for an answer. */
interface CountWindow {
  readonly since: number;
  readonly most: number;
  readonly until: number;
}

/** The keys of the count rows of a window, newest first. */
type Counts = Result<readonly string[], LedgerFailure>;

/** When the last `most` counted requests since `since` came, newest first. */
export function requestCounts(store: TableStore) {
  const readings = new Map<string, (window: CountWindow) => Promise<Counts>>();
  return async (
    caller: string,
    window: CountWindow,
  ): Promise<Result<readonly number[], LedgerFailure>> => {
    const reading = readings.get(caller) ?? shared(readingOf(store, caller));
    readings.set(caller, reading);
    const read = (await within(reading(window), window.until - Date.now())) ?? unavailable;
    if (!read.ok) return read;
    const times = read.value.map(timeOf).filter((at) => at > window.since);
    return ok(times.slice(0, window.most));
  };
}

function readingOf(store: TableStore, caller: string): (window: CountWindow) => Promise<Counts> {
  let known: readonly string[] = [];
  let askedAt = 0;
  return async ({ since, most, until }) => {
    const at = Date.now();
    const [before, from] = [known, Math.max(since, askedAt - lateMs)];
    const read = await store.range(caller, 'count~', countKey(from), most, until);
    if (!read.ok) return read;
    const isCount = (key: unknown): key is string =>
      typeof key === 'string' && key.startsWith('count~');
    const keys = new Set([...read.value.map(({ rowKey }) => rowKey).filter(isCount), ...before]);
    known = [...keys].filter((key) => timeOf(key) > since).sort();
    askedAt = at;
    return ok(known);
  };
}

/** A reading that hangs holds nobody else up for longer. */
const patienceMs = 1_000;

/**
 * One reading at a time. Whoever asks meanwhile shares the next, which sees all that was written before
 * they asked: joining the one under way would not.
 */
function shared(
  read: (window: CountWindow) => Promise<Counts>,
): (window: CountWindow) => Promise<Counts> {
  let running: Promise<Counts> | undefined;
  let next: Promise<Counts> | undefined;
  let latest = 0;
  const begin = (window: CountWindow): Promise<Counts> => {
    const reading = read(window).finally(() => {
      if (running === reading) running = undefined;
    });
    running = reading;
    return reading;
  };
  const beginAfter = async (before: Promise<Counts>, window: CountWindow): Promise<Counts> => {
    await within(before, patienceMs).catch(() => undefined);
    next = undefined;
    return begin({ ...window, until: latest });
  };
  return (window) => {
    if (running === undefined) return begin(window);
    latest = Math.max(latest, window.until);
    next ??= beginAfter(running, window);
    return next;
  };
}
