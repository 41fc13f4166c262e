// Keeps the tables small: every hour rows older than their life go, in bounded batches.

import type { TimerFunctionOptions } from '@azure/functions';
import { logOf } from './invocation.ts';

export const sweepLedger = (sweep: (now: number) => Promise<number>): TimerFunctionOptions => ({
  schedule: '0 17 * * * *',
  handler: async (_timer, context) => {
    logOf(context)('info', 'LedgerSwept', { rows: await sweep(Date.now()) });
  },
});
