// For makers: the OpenAPI document, made from the schema that validates the requests.

import { randomUUID } from 'node:crypto';
import type { HttpFunctionOptions } from '@azure/functions';
import { answerDocument } from '../lib/answer.ts';
import { response } from './invocation.ts';

export const openApi = (): HttpFunctionOptions => ({
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'openapi.json',
  handler: async (request) => {
    const { openApiDocument } = await import('../lib/openapi.ts');
    return response(
      answerDocument(200, `${JSON.stringify(openApiDocument())}\n`, {
        requestId: randomUUID(),
        accept: null,
        clientRequestId: request.headers.get('x-ms-client-request-id'),
      }),
    );
  },
});
