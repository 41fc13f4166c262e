// The two doors of the reset. The host checks the key of the first; the token of the second is verified
// in the app, so the host lets everybody knock. Both lead to one handler.

import type { HttpFunctionOptions, HttpHandler } from '@azure/functions';
import type { Door } from '../lib/failure.ts';
import type { ResetHandler } from '../lib/reset-handler.ts';
import { incoming, logOf, response } from './invocation.ts';

const path = 'user/security/reset-password';

const handler =
  (door: Door, handle: ResetHandler): HttpHandler =>
  async (request, context) =>
    response(await handle(await incoming(request, door), logOf(context)));

export const resetPassword = (handle: ResetHandler): HttpFunctionOptions => ({
  methods: ['POST'],
  authLevel: 'function',
  route: path,
  handler: handler('function', handle),
});

export const resetPasswordEntra = (handle: ResetHandler): HttpFunctionOptions => ({
  methods: ['POST'],
  authLevel: 'anonymous',
  route: `entra/${path}`,
  handler: handler('entra', handle),
});
