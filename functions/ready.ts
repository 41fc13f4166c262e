// For deployers and people on call: what is missing, and what to type. The timer runs the same checks
// every five minutes, so that an alert has something to stand on.

import type { HttpFunctionOptions, TimerFunctionOptions } from '@azure/functions';
import { type Check, isReady, logReadiness, readinessBody } from '../lib/readiness.ts';
import { document, logOf } from './invocation.ts';

export type RunChecks = () => Promise<readonly Check[]>;

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
