// For makers: the OpenAPI document, made at build time from the schema that validates the requests.

import type { HttpFunctionOptions } from '@azure/functions';
import { document } from './invocation.ts';

export const openApi = (): HttpFunctionOptions => ({
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'openapi.json',
  handler: async (request) => {
    const { openApiText } = await import('../lib/generated/openapi.mjs');
    return document(request, 200, openApiText);
  },
});
