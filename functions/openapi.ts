// For makers: the OpenAPI document, made from the schema that validates the requests.

import type { HttpFunctionOptions } from '@azure/functions';
import { document } from './invocation.ts';

export const openApi = (): HttpFunctionOptions => ({
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'openapi.json',
  handler: async (request) => {
    const { openApiDocument } = await import('../lib/openapi.ts');
    return document(request, 200, `${JSON.stringify(openApiDocument())}\n`);
  },
});
