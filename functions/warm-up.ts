// Fetches before the first request what it would wait for: SDKs, token, tables, tenant facts, key set.
// Runs beside the start and can neither delay nor fail it.

import type { Mistake } from '../lib/config.ts';
import type { Result } from '../lib/result.ts';
import type { Adapters } from './main.ts';

const patienceMs = 30_000;

/** One line that names every mistake; an invocation would say it too late. */
export function reportMistakes(config: Result<unknown, readonly Mistake[]>): void {
  if (config.ok) return;
  const settings = config.failure.map(({ setting, detail }) => `${setting}: ${detail}`);
  line('error', { event: 'NotConfigured', settings });
}

export function warmUp(
  config: Result<unknown, readonly Mistake[]>,
  adapters: () => Promise<Adapters>,
): void {
  if (!config.ok) return;
  setImmediate(() => {
    fetchAhead(adapters).catch((error: unknown) => {
      line('warn', {
        event: 'WarmUpFailed',
        error: error instanceof Error ? error.name : 'unknown',
      });
    });
  });
}

async function fetchAhead(adapters: () => Promise<Adapters>): Promise<void> {
  const { directory, tables, keys } = await adapters();
  const until = Date.now() + patienceMs;
  await Promise.all([
    directory.tenant(until), // brings the token too
    tables.open(until),
    keys?.reachable(until),
  ]);
}

/** There is no invocation yet, hence no context.log: the worker passes the console on. */
function line(level: 'warn' | 'error', fields: Readonly<Record<string, unknown>>): void {
  // biome-ignore lint/suspicious/noConsole: the only log before the first invocation
  console[level](JSON.stringify(fields));
}
