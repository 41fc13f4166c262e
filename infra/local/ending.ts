// The one place that knows how a process here is asked to end: Ctrl-C, a signal, a closed terminal, a parent that is gone.
// Used by whatever starts others (npm start, npm test). It knows nothing of what has to be stopped.

/** Calls `end` once, whichever sign comes first; later ones (npm repeats each signal) are ignored. */
export function onEnd(end: (reason: string) => void): void {
  let ended = false;
  const once = (reason: string): void => {
    if (ended) return;
    ended = true;
    end(reason);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => once(signal));
  }
  if (process.connected) {
    process.once('disconnect', () => once('the parent process is gone'));
    process.channel?.unref(); // listening must not keep this process alive
  }
}
