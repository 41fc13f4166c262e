// For probes: the app is up. Says nothing else, to anybody.

import { randomUUID } from 'node:crypto';
import type { HttpFunctionOptions } from '@azure/functions';
import { answerDocument } from '../lib/answer.ts';
import { response } from './invocation.ts';

export const health = (): HttpFunctionOptions => ({
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'health',
  handler: async (request) =>
    response(
      answerDocument(200, '{"Status":"Healthy"}\n', {
        requestId: randomUUID(),
        accept: null,
        clientRequestId: request.headers.get('x-ms-client-request-id'),
      }),
    ),
});
