// The order of calls of the runbook that this product replaces (look-up, enable, reset, one after
// another), and the same with the SDK's defaults: on the same host, without a ledger.

import { randomUUID } from 'node:crypto';
import { app } from '@azure/functions';
import { ManagedIdentityCredential } from '@azure/identity';
import { Client } from '@microsoft/microsoft-graph-client';
import { TokenCredentialAuthenticationProvider } from '@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js';

const graph = process.env['GRAPH_ENDPOINT'] ?? 'https://graph.microsoft.com';
const client = Client.initWithMiddleware({
  baseUrl: graph,
  customHosts: new Set([new URL(graph).hostname]),
  authProvider: new TokenCredentialAuthenticationProvider(new ManagedIdentityCredential(), {
    scopes: [`${graph}/.default`],
  }),
});

app.http('resetPassword', {
  methods: ['POST'],
  authLevel: 'function',
  route: 'user/security/reset-password',
  handler: async (request) => {
    const { UserName } = (await request.json()) as { UserName: string };
    const user = await client.api(`/users/${encodeURIComponent(UserName)}`).get();
    await client.api(`/users/${user.id}`).patch({ accountEnabled: true });
    const password = `Aa1!${randomUUID()}`;
    await client
      .api(`/users/${user.id}`)
      .patch({ passwordProfile: { password, forceChangePasswordNextSignIn: true } });
    return { jsonBody: { Status: 'Completed', Password: password } };
  },
});
