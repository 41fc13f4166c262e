// Fetches before the first request what it would wait for, beside the start, which it can neither delay
// nor fail; and names every wrong setting in one log line.

import type { AuditEvent } from '../lib/audit.ts';
import type { Mistake } from '../lib/config.ts';
import type { Result } from '../lib/result.ts';

/** An invocation would say it too late. */
export function reportMistakes(config: Result<unknown, readonly Mistake[]>): void {
  if (config.ok) return;
  const settings = config.failure.map(({ setting, detail }) => `${setting}: ${detail}`);
  line('error', 'NotConfigured', { settings });
}

export function warmUp(fetchAhead: () => Promise<unknown>): void {
  setImmediate(() => {
    fetchAhead().catch((error: unknown) => {
      line('warn', 'WarmUpFailed', { error: error instanceof Error ? error.name : 'unknown' });
    });
  });
}

/** There is no invocation yet, hence no context.log: the worker passes the console on. */
function line(
  level: 'warn' | 'error',
  event: AuditEvent,
  fields: Readonly<Record<string, unknown>>,
) {
  // biome-ignore lint/suspicious/noConsole: the only log before the first invocation
  console[level](JSON.stringify({ event, ...fields }));
}
