// By how much the machine itself is late while a test waits: what a request that waits for nothing takes at the
// same time, at the same host. A deadline can be judged to the millisecond only beside that.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Door } from './journey.ts';

const everyMs = 200;

export interface Lateness {
  /** The longest that `GET /api/health` took at some time in these last milliseconds. */
  worst(withinMs: number): number;
  stop(): Promise<void>;
}

export function watchLateness(door: Door): Lateness {
  const seen: { readonly at: number; readonly tookMs: number }[] = [];
  let going = true;
  const watching = (async () => {
    while (going) {
      const sent = door.send({ method: 'GET', path: '/api/health' });
      const reply = await sent.catch(() => undefined); // a worker that was killed is not late
      if (reply !== undefined) seen.push({ at: performance.now(), tookMs: reply.elapsedMs });
      await sleep(everyMs);
    }
  })();
  return {
    worst: (withinMs) => {
      const since = performance.now() - withinMs;
      return Math.max(0, ...seen.filter(({ at }) => at >= since).map(({ tookMs }) => tookMs));
    },
    stop: () => {
      going = false;
      return watching;
    },
  };
}
