// The time a request has, and how it is divided. Travels with the request; adapters take what is left
// of it. Times are milliseconds of the injected clock, so tests need not wait.

/** From the host's hand-over to the answer, hard. Nothing below may end later. */
export const answerWithinMs = 9_000;
/** A first write that starts later could not be repeated or recorded: it is not started. */
export const writeNeedsMs = 2_500;
/** Graph has to have answered by then; the rest is for the records and the answer. */
const graphEndsMs = 8_000;
/** In a crowd an answer takes some hundred milliseconds more to be handed over and written out. */
const recordEndsMs = 8_500;

export interface Deadline {
  /** Reading, claiming and locking end here: a write that starts later is not started. */
  readonly beforeWrite: number;
  /** The write (and its repetitions) ends here. */
  readonly graph: number;
  /** Records end here, and then the answer goes out. */
  readonly record: number;
}

export const deadlineFrom = (startedAt: number): Deadline => ({
  beforeWrite: startedAt + answerWithinMs - writeNeedsMs,
  graph: startedAt + graphEndsMs,
  record: startedAt + recordEndsMs,
});

/**
 * How long one attempt may hang: half of what is left while that still leaves room for a second try,
 * else all of it. A hung socket is then tried once more instead of eating the whole deadline.
 */
export const attemptMs = (leftMs: number): number => (leftMs > 5_000 ? leftMs / 2 : leftMs);

/** Resolves to `undefined` when the promise has not settled in time; the promise itself runs on. */
export function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, ms), undefined);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
