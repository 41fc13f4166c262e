// For probes: the app is up. Says nothing else, to anybody.

import type { HttpFunctionOptions } from '@azure/functions';
import { document } from './invocation.ts';

export const health = (): HttpFunctionOptions => ({
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'health',
  handler: async (request) => document(request, 200, '{"Status":"Healthy"}\n'),
});
