// Nine seconds for the whole answer, whatever Graph, the identity or storage do. The limits here are those of
// the promise, seen by the client; nothing is measured for speed. What hangs, hangs side by side.

import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { codeOf, type Reply } from '../support/door.ts';
import { type Gate, startGate } from '../support/gate.ts';
import { type Door, openStage, type Stage } from '../support/journey.ts';
import { watchLateness } from '../support/lateness.ts';
import { passwordsTo, unknownToMicrosoft } from '../support/seen.ts';

let stage: Stage;
let door: Door;
const stopLater: (() => unknown)[] = [];
beforeAll(async () => {
  stage = await openStage();
  door = await stage.open();
  await door.reset({ UserName: 'adele.vance@contoso.com', DryRun: true }); // warm
});
afterAll(async () => {
  for (const stop of stopLater) await stop();
  await stage.close();
});

const portOf = (url: string): number => Number(new URL(url).port);
const hang = { kind: 'hang' } as const;

/** The port of a server; without a listener it never answers. */
async function listen(listener: RequestListener = () => {}): Promise<number> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  stopLater.push(() => server.close().closeAllConnections());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function gateTo(port: number): Promise<Gate> {
  const gate = await startGate(port);
  stopLater.push(gate.stop);
  return gate;
}

/** A worker whose storage falls silent once it is up. */
async function openAtSilentStorage(): Promise<Door> {
  const { connectionString, tableEndpoint } = stage.azurite;
  const gate = await gateTo(portOf(tableEndpoint));
  const through = tableEndpoint.replace(String(portOf(tableEndpoint)), String(gate.port));
  const opened = await stage.open({
    AzureWebJobsStorage: connectionString.replace(tableEndpoint, through),
  });
  gate.mute();
  return opened;
}

interface Timed extends Reply {
  /** By how much the machine was late taken off. */
  readonly tookMs: number;
}
async function timed(at: Door, answering: Promise<Reply>): Promise<Timed> {
  const lateness = watchLateness(at);
  const reply = await answering;
  const tookMs = reply.elapsedMs - lateness.worst(reply.elapsedMs + 1_000);
  await lateness.stop();
  return { ...reply, tookMs };
}
const reset = (at: Door, ...sent: Parameters<Door['reset']>): Promise<Timed> =>
  timed(at, at.reset(...sent));

/** Everything that may hang, each before a user of its own; all run at once. */
const hanging: Readonly<Record<string, () => Promise<Timed>>> = {
  'the look-up': () => {
    const user = stage.user();
    stage.tenant.faults.next({ item: new RegExp(user.id) }, hang, 30);
    return reset(door, { UserName: user.id });
  },
  'the write': () => {
    const user = stage.user();
    stage.tenant.faults.next({ method: 'PATCH', path: new RegExp(user.id) }, hang, 30);
    return reset(door, { UserName: user.id });
  },
  'a look-up that is slow, then a write that hangs': () => {
    const user = stage.user();
    stage.tenant.faults.next({ item: new RegExp(user.id) }, { kind: 'slow', ms: 3_000 });
    stage.tenant.faults.next({ method: 'PATCH', path: new RegExp(user.id) }, hang, 30);
    return reset(door, { UserName: user.id });
  },
  'revoking the sessions': () => {
    const user = stage.user();
    stage.tenant.faults.next({ path: new RegExp(`${user.id}/revoke`) }, hang, 30);
    return reset(door, { UserName: user.id, RevokeSessions: true });
  },
  'a slow write, then revoking': () => {
    const user = stage.user();
    const path = new RegExp(user.id);
    stage.tenant.faults.next({ method: 'PATCH', path }, { kind: 'slow', ms: 4_000 });
    stage.tenant.faults.next({ path: new RegExp(`${user.id}/revoke`) }, hang, 30);
    return reset(door, { UserName: user.id, RevokeSessions: true });
  },
  'a dry run': () => {
    const user = stage.user();
    stage.tenant.faults.next({ item: new RegExp(user.id) }, hang, 30);
    return reset(door, { UserName: user.id, DryRun: true });
  },
  'the identity': async () => {
    const port = await listen();
    const opened = await stage.open({ IDENTITY_ENDPOINT: `http://127.0.0.1:${port}/msi/token` });
    return reset(opened, { UserName: stage.user().id });
  },
  'the storage': async () => {
    const headers = { 'idempotency-key': 'silent-storage' };
    return reset(await openAtSilentStorage(), { UserName: stage.user().id }, headers);
  },
  'the storage, without a key': async () =>
    reset(await openAtSilentStorage(), { UserName: stage.user().id }),
  'the key set of the Entra door': async () => {
    const { port, mute } = await gateTo(await listen());
    mute();
    const opened = await stage.open({ ENTRA_AUTHORITY: `https://127.0.0.1:${port}` });
    const token = stage.tenant.mintToken();
    return timed(opened, opened.entra(token, { UserName: stage.user().id }));
  },
};

const answers = new Map<string, Timed>();
beforeAll(async () => {
  await Promise.all(
    Object.entries(hanging).map(async ([what, run]) => answers.set(what, await run())),
  );
});

test.each([
  ['the look-up', '503 GraphUnavailable'],
  ['the write', '503 OutcomeUnknown'],
  ['a look-up that is slow, then a write that hangs', '503 OutcomeUnknown'],
  ['revoking the sessions', '200 Completed'],
  ['a slow write, then revoking', '200 Completed'],
  ['a dry run', '503 GraphUnavailable'],
  ['the identity', '503 IdentityUnavailable'],
  ['the storage', '503 LedgerUnavailable'],
  ['the storage, without a key', '503 LedgerUnavailable'],
  ['the key set of the Entra door', '503 IdentityUnavailable'],
])('%s hangs: %s, within nine seconds', (what, code) => {
  const answer = answers.get(what);
  expect(answer && codeOf(answer)).toBe(code);
  expect(answer?.tookMs).toBeLessThan(9_000);
  if (code.startsWith('503')) expect(answer?.headers['retry-after']).toMatch(/^([1-9]|[1-5]\d)$/);
});

test('sessions that were not revoked are said in the warning, and the reset counts', () => {
  for (const what of ['revoking the sessions', 'a slow write, then revoking']) {
    const body = answers.get(what)?.json;
    expect(body?.['SessionsRevoked']).toBe('Failed');
    expect(body?.['Warning']).toMatch(/revoke/i);
    expect(body?.['Password']).toMatch(/^[!-~]{12,24}$/);
  }
});

test('a look-up that comes back with less than 2.5 s left is followed by no write', async () => {
  const user = stage.user();
  const item = new RegExp(`GET /users/${user.id}\\?`);
  const later = { kind: 'reply', status: 429, headers: { 'Retry-After': '6' } } as const;
  stage.tenant.faults.next({ item }, later);
  stage.tenant.faults.next({ item }, { kind: 'slow', ms: 900 });
  const answer = await reset(door, { UserName: user.id });
  expect(codeOf(answer)).toBe('503 GraphUnavailable');
  expect(passwordsTo(stage.tenant, user.id)).toEqual([]);
  expect(answer.tookMs).toBeLessThan(9_000);
});

test('a first write that could not be sent until less than 2.5 s are left is not sent', async () => {
  const { tenant } = stage;
  const gate = await gateTo(portOf(tenant.origin));
  const opened = await stage.open({
    GRAPH_ENDPOINT: `https://127.0.0.1:${gate.port}`,
    IDENTITY_ENDPOINT: await identityFor(
      tenant.origin,
      String(tenant.environment['IDENTITY_ENDPOINT']),
    ),
  });
  await opened.reset({ UserName: 'adele.vance@contoso.com', DryRun: true }); // warm
  const user = stage.user();
  // The look-up still arrives, its answer is the last thing that passes.
  tenant.faults.next({ item: new RegExp(user.id) }, { kind: 'slow', ms: 400 });
  const before = tenant.requests.length;
  const startedAt = Date.now();
  const answering = reset(opened, { UserName: user.id });
  while (tenant.requests.length === before && Date.now() - startedAt < 5_000) await sleep(5);
  gate.shut();
  await sleep(7_000 - (Date.now() - startedAt));
  await gate.open();
  const answer = await answering;
  expect(codeOf(answer)).toBe('503 GraphUnavailable');
  expect(passwordsTo(tenant, user.id)).toEqual([]);
  expect(answer.tookMs).toBeLessThan(9_000);
});

/** The tenant's identity endpoint, for a Graph that is reached through a gate. */
async function identityFor(graphOrigin: string, endpoint: string): Promise<string> {
  const port = await listen((request, response) => {
    const url = new URL(request.url ?? '', endpoint);
    url.searchParams.set('resource', graphOrigin);
    const headers = { 'x-identity-header': String(request.headers['x-identity-header']) };
    fetch(url, { headers }).then(
      async (reply) => {
        response.writeHead(reply.status, { 'Content-Type': 'application/json' });
        response.end(await reply.text());
      },
      () => response.destroy(),
    );
  });
  return `http://127.0.0.1:${port}/msi/token`;
}

test('every request to Graph is one that Microsoft has', () => {
  expect(unknownToMicrosoft(stage.tenant)).toEqual([]);
});
