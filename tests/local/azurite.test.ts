// The table emulator that everything else stands on: two at once, the two refusals the ledger is built on, and its end.

import { once } from 'node:events';
import { createServer } from 'node:net';
import { TableClient } from '@azure/data-tables';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Azurite, startAzurite } from '../../infra/local/azurite.ts';

let azurite: Azurite;
let other: Azurite;

beforeAll(async () => {
  [azurite, other] = await Promise.all([startAzurite(), startAzurite()]);
});

afterAll(async () => {
  await Promise.all([azurite?.stop(), other?.stop()]);
});

const table = (at: Azurite): TableClient =>
  TableClient.fromConnectionString(at.connectionString, 'ledger', {
    allowInsecureConnection: true,
  });

test('an entity is claimed once (409), and changed only by who has seen it last (412)', async () => {
  const client = table(azurite);
  await client.createTable();
  const entity = { partitionKey: 'p', rowKey: 'r', state: 'claimed' };
  await client.createEntity(entity);
  await expect(client.createEntity(entity)).rejects.toMatchObject({ statusCode: 409 });
  const stale = client.updateEntity(entity, 'Replace', { etag: 'W/"datetime\'2020-01-01\'"' });
  await expect(stale).rejects.toMatchObject({ statusCode: 412 });
});

test('two at once share nothing', async () => {
  expect(other.tableEndpoint).not.toBe(azurite.tableEndpoint);
  const client = table(other);
  await client.createTable();
  await expect(client.getEntity('p', 'r')).rejects.toMatchObject({ statusCode: 404 });
});

test('a port that was asked for and is taken is said', async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await expect(startAzurite({ port })).rejects.toThrow(`Azurite did not start on port ${port}: `);
  server.close();
});

test('nobody answers once it was stopped', async () => {
  const third = await startAzurite();
  await third.stop();
  await expect(fetch(third.tableEndpoint)).rejects.toThrow('fetch failed');
});
