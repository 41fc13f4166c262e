// So many requests at a time, the others in the order they came. In a crowd each then still gets its
// share of processor and connections in time, where all at once would all be late (500 TLS handshakes
// for a start). Knows nothing of what is done in a turn.

import { within } from './deadline.ts';
import { ok, type Result } from './result.ts';

/** Does the work in its turn; undefined: the turn did not come within `patienceMs`, nothing was begun. */
export type InTurn = <T>(work: () => Promise<T>, patienceMs: number) => Promise<T | undefined>;

export function turnsOf(most: number): InTurn {
  let free = most;
  const waiting = new Set<() => void>(); // keeps the order of arrival
  const turn = async (patienceMs: number): Promise<boolean> => {
    if (free > 0) {
      free -= 1;
      return true;
    }
    const called = Promise.withResolvers<void>();
    waiting.add(called.resolve);
    await within(called.promise, patienceMs);
    return !waiting.delete(called.resolve); // whoever is still in the line was not called
  };
  const pass = (): void => {
    const [next] = waiting;
    if (next === undefined) free += 1;
    else {
      waiting.delete(next);
      next();
    }
  };
  return async (work, patienceMs) => {
    if (!(await turn(patienceMs))) return undefined;
    try {
      return await work();
    } finally {
      pass();
    }
  };
}

/**
 * The work in its turn, beside a question whose refusal wins: it is answered at once, whoever is refused
 * begins nothing any more, and what has begun keeps its turn until it ends. `done` undefined: no turn came.
 */
export async function inTurnBeside<Known, Refusal, T>(
  inTurn: InTurn,
  asking: Promise<Result<Known, Refusal>>,
  work: () => Promise<T>,
  patienceMs: number,
): Promise<Result<{ readonly known: Known; readonly done: T | undefined }, Refusal>> {
  let isRefused = false;
  const working = inTurn(async () => (isRefused ? undefined : work()), patienceMs);
  void Promise.allSettled([working]); // a refusal leaves nobody to await it
  const known = await asking;
  isRefused = !known.ok;
  return known.ok ? ok({ known: known.value, done: await working }) : known;
}
