// What a team would write in an afternoon from the same packages, fairly: one file, SDKs imported at the
// top with their defaults, ajv compiled at load, a claim in a table, one look-up, one write. No guard, no
// lock, no deadline. The bench runs it unbundled.

import { randomUUID } from 'node:crypto';
import { odata, TableClient } from '@azure/data-tables';
import { app } from '@azure/functions';
import { ManagedIdentityCredential } from '@azure/identity';
import { Client } from '@microsoft/microsoft-graph-client';
import { TokenCredentialAuthenticationProvider } from '@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js';
import { Ajv } from 'ajv';
import { createRemoteJWKSet, jwtVerify } from 'jose';

const graph = process.env['GRAPH_ENDPOINT'] ?? 'https://graph.microsoft.com';
const validate = new Ajv({ allErrors: true }).compile({
  type: 'object',
  required: ['UserName'],
  properties: { UserName: { type: 'string', minLength: 3, maxLength: 113 } },
});
const credential = new ManagedIdentityCredential();
const client = Client.initWithMiddleware({
  baseUrl: graph,
  customHosts: new Set([new URL(graph).hostname]),
  authProvider: new TokenCredentialAuthenticationProvider(credential, {
    scopes: [`${graph}/.default`],
  }),
});
const table = TableClient.fromConnectionString(
  process.env['AzureWebJobsStorage'] ?? '',
  'straightforward',
  { allowInsecureConnection: true },
);
const keys = createRemoteJWKSet(
  new URL(
    `${process.env['ENTRA_AUTHORITY']}/${process.env['ENTRA_TENANT_ID']}/discovery/v2.0/keys`,
  ),
);
let tableMade: Promise<unknown> | undefined;

app.http('resetPassword', {
  methods: ['POST'],
  authLevel: 'function',
  route: 'user/security/reset-password',
  handler: async (request) => {
    const token = request.headers.get('authorization')?.replace('Bearer ', '');
    if (token) await jwtVerify(token, keys, { audience: process.env['ENTRA_AUDIENCE'] ?? '' });
    const body = await request.json();
    if (!validate(body)) return { status: 400, jsonBody: validate.errors };
    const { UserName } = body as { UserName: string };
    tableMade ??= table.createTable();
    await tableMade;
    const claim = {
      partitionKey: 'caller',
      rowKey: request.headers.get('idempotency-key') ?? randomUUID(),
    };
    await table.createEntity({ ...claim, State: 'claimed' });
    const user = await client
      .api(`/users/${encodeURIComponent(UserName)}`)
      .select('id,userPrincipalName,accountEnabled')
      .get();
    const password = `Aa1!${randomUUID()}`;
    await client.api(`/users/${user.id}`).patch({
      accountEnabled: true,
      passwordProfile: { password, forceChangePasswordNextSignIn: true },
    });
    await table.updateEntity({ ...claim, State: 'done', Filter: odata`${user.id}` }, 'Replace');
    return {
      jsonBody: { Status: 'Completed', UserName: user.userPrincipalName, Password: password },
    };
  },
});
