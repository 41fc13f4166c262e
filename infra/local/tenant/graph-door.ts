// Graph as seen from outside: version, token, batch, the ids and headers of every answer, the log of
// what was asked. What is asked is answered by graph.ts.

import { randomUUID } from 'node:crypto';
import { parseBatch, runBatch } from './batch.ts';
import type { Incoming } from './door.ts';
import { answer } from './graph.ts';
import { isObject } from './metadata.ts';
import { type Reply, refusals } from './replies.ts';
import { type Caller, callerOf } from './rights.ts';
import type { RequestRecord, World } from './world.ts';

/** Adds what every answer of Graph carries. */
function dress(reply: Reply, clientRequestId: string | undefined): Reply {
  const requestId = randomUUID();
  const ids = { 'request-id': requestId, 'client-request-id': clientRequestId ?? requestId };
  const error = isObject(reply.body) ? reply.body['error'] : undefined;
  const innerError = { date: new Date().toISOString().slice(0, 19), ...ids };
  const body = isObject(error) ? { error: { ...error, innerError } } : reply.body;
  const type = isObject(error)
    ? 'application/json'
    : 'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8';
  return {
    ...reply,
    headers: {
      ...(body === undefined ? {} : { 'Content-Type': type }),
      ...ids,
      'Cache-Control': 'no-cache',
      'Strict-Transport-Security': 'max-age=31536000',
      'x-ms-ags-diagnostic':
        '{"ServerInfo":{"DataCenter":"Local","Slice":"E","Ring":"5","ScaleUnit":"000","RoleInstance":"LOCAL"}}',
      'x-ms-resource-unit': '1',
      ...reply.headers,
    },
    ...(body === undefined ? {} : { body }),
  };
}

export function recordOf(incoming: Incoming): RequestRecord {
  const { at, method, url: path, headers, body } = incoming;
  return { at, method, path, headers, body: readable(body), status: 0 };
}

function readable(body: string): unknown {
  try {
    return body === '' ? undefined : JSON.parse(body);
  } catch {
    return body;
  }
}

export function answerGraph(world: World, incoming: Incoming): Reply {
  const clientId = incoming.headers['client-request-id'];
  return dress(route(world, incoming), typeof clientId === 'string' ? clientId : undefined);
}

/** Who asks, or the 401. */
function authenticate(world: World, authorization: string | undefined): Caller | Reply {
  const token = /^Bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) return refusals.tokenEmpty;
  const claims = world.keys.verify(token);
  if (claims === undefined) return refusals.tokenGarbage;
  if (Number(claims['exp']) * 1000 <= Date.now()) return refusals.tokenExpired;
  const audience = String(claims['aud']).replace(/\/$/, '');
  const graph = ['https://graph.microsoft.com', '00000003-0000-0000-c000-000000000000'];
  if (![world.origin, ...graph].includes(audience)) return refusals.tokenAudience;
  return callerOf(claims, world.settings.withheld);
}

function route(world: World, incoming: Incoming): Reply {
  const [, version = '', url = '/'] = /^\/([^/]*)(\/.*)?$/s.exec(incoming.url) ?? [];
  if (version !== 'v1.0') return refusals.version(version);
  const caller = authenticate(world, incoming.headers.authorization);
  if ('status' in caller) return caller;
  const contentType = incoming.headers['content-type'] ?? '';
  if (url !== '/$batch') return answer(world, caller, { ...incoming, url, contentType });
  if (incoming.method !== 'POST') return refusals.method;
  if (!contentType.startsWith('application/json')) return refusals.unreadable;
  return answerBatch(world, caller, incoming);
}

function answerBatch(world: World, caller: Caller, incoming: Incoming): Reply {
  const items = parseBatch(incoming.body);
  if ('status' in items) return items;
  return runBatch(items, world.faults, (item, instead) => {
    const record: RequestRecord = {
      at: incoming.at,
      method: item.method,
      path: `/v1.0${item.url}`,
      headers: { 'content-type': item.contentType },
      body: readable(item.body),
      item: item.id,
      status: 0,
    };
    world.requests.push(record);
    const reply = dress(instead ?? answer(world, caller, item), undefined);
    record.status = reply.status;
    return {
      ...reply,
      headers: { ...instead?.headers, 'request-id': String(reply.headers?.['request-id']) },
    };
  });
}
