// Fetches before the first request what it would wait for: SDKs, token, tenant facts, tables, key set.
// Runs beside the start, which it can neither delay nor fail.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Directory } from '../lib/target.ts';
import { startLog } from './invocation.ts';

/** What has to be opened and asked; `until`: milliseconds since 1970. */
export interface Adapters {
  readonly directory: Pick<Directory, 'tenant'>;
  readonly tables: { usable(until: number): Promise<boolean> };
  readonly keys: { reachable(until: number): Promise<boolean> } | undefined;
}

export function warmUp(open: () => Promise<Adapters>): void {
  setImmediate(() => {
    fetchAhead(open).catch((error: unknown) => {
      startLog('warn', 'WarmUpFailed', { error: error instanceof Error ? error.name : 'unknown' });
    });
  });
}

const patienceMs = 30_000;
const yieldMs = 400;

async function fetchAhead(open: () => Promise<Adapters>): Promise<void> {
  const opened = await open().catch(() => undefined);
  if (opened === undefined) {
    const detail = 'AzureWebJobsStorage: the table client cannot use it. Copy it whole.';
    return startLog('error', 'NotConfigured', { settings: [detail] });
  }
  const { directory, tables, keys } = opened;
  const until = Date.now() + patienceMs;
  await directory.tenant(until); // brings the token
  await sleep(yieldMs); // a request that waits already comes first, and warms the rest itself
  await Promise.all([tables.usable(until), keys?.reachable(until)]);
}
