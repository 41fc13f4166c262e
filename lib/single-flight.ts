// For what many ask at once and one answer serves: a token, the tenant's lists, a table to be made.

/** While a fetch is under way, whoever asks gets its outcome; afterwards the next one begins. */
export function singleFlight<T>(fetch: () => Promise<T>): () => Promise<T> {
  let flight: Promise<T> | undefined;
  return () => {
    flight ??= fetch().finally(() => {
      flight = undefined;
    });
    return flight;
  };
}
