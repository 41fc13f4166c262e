// The floor: a function that does nothing, on the same host.

import { app } from '@azure/functions';

app.http('resetPassword', {
  methods: ['POST'],
  authLevel: 'function',
  route: 'user/security/reset-password',
  handler: async (request) => ({ body: String((await request.arrayBuffer()).byteLength) }),
});
