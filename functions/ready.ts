// For deployers and people on call: what is missing, and what to type. The timer runs the same checks
// every five minutes, so that an alert has something to stand on.

import type { HttpFunctionOptions, TimerFunctionOptions } from '@azure/functions';
import type { Mistake } from '../lib/config.ts';
import { type Check, isReady, logReadiness, readinessBody } from '../lib/readiness.ts';
import type { Result } from '../lib/result.ts';
import { document, logOf, startLog } from './invocation.ts';

/** At the start, every wrong setting in one line: an invocation would say it too late. */
export function reportMistakes(config: Result<unknown, readonly Mistake[]>): void {
  if (config.ok) return;
  const settings = config.failure.map(({ setting, detail }) => `${setting}: ${detail}`);
  startLog('error', 'NotConfigured', { settings });
}

type RunChecks = () => Promise<readonly Check[]>;

export const ready = (runChecks: RunChecks): HttpFunctionOptions => ({
  methods: ['GET'],
  authLevel: 'function',
  route: 'ready',
  handler: async (request) => {
    const checks = await runChecks();
    return document(request, isReady(checks) ? 200 : 503, readinessBody(checks));
  },
});

export const watchReadiness = (runChecks: RunChecks): TimerFunctionOptions => ({
  schedule: '0 */5 * * * *',
  handler: async (_timer, context) => logReadiness(logOf(context), await runChecks()),
});
