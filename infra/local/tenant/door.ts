// The way in and out of each server of the tenant: reads the request, orders a fault if one is due,
// writes the answer. Knows nothing of what is asked.

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, Faults } from './faults.ts';
import type { Reply } from './replies.ts';

export interface Incoming {
  readonly at: number;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
export type Handle = (incoming: Incoming) => Reply;

const now = (): number => performance.timeOrigin + performance.now();

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function write(response: ServerResponse, reply: Reply): void {
  const { status, headers = {}, body } = reply;
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const bytes = Buffer.from(text ?? '');
  const typed = Object.keys(headers).some((name) => name.toLowerCase() === 'content-type');
  response.writeHead(status, {
    ...(typeof body === 'object' && !typed ? { 'Content-Type': 'application/json' } : {}),
    ...(status === 204 ? {} : { 'Content-Length': bytes.length }),
    ...headers,
  });
  if (reply.fault?.kind !== 'truncate') response.end(bytes);
  else
    response.write(bytes.subarray(0, Math.max(1, bytes.length >> 1)), () =>
      response.socket?.destroy(),
    );
}

/** What becomes of a request: the reply that leaves, or what happens to the connection instead. */
async function decide(
  incoming: Incoming,
  ordered: Fault | undefined,
  latencyMs: number,
  handle: Handle,
): Promise<Reply | 'silence' | 'reset'> {
  if (ordered?.kind === 'hang') return 'silence';
  if (ordered?.kind === 'resetBefore') return 'reset';
  if (ordered?.kind === 'reply' && !ordered.applied) return ordered;
  const reply = handle(incoming);
  const fault = ordered ?? reply.fault;
  const wait = latencyMs + (fault?.kind === 'slow' ? fault.ms : 0);
  if (wait > 0) await sleep(wait);
  if (fault?.kind === 'hang') return 'silence';
  if (fault?.kind === 'resetBefore' || fault?.kind === 'resetAfter') return 'reset';
  if (fault?.kind === 'reply') return fault;
  return fault === undefined ? reply : { ...reply, fault };
}

/** `arrived` keeps a record of each request; its status stays 0 when nothing is sent back. */
export function createDoor(
  faults: Faults,
  latencyMs: () => number,
  handle: Handle,
  arrived: (incoming: Incoming) => { status: number; answeredAt?: number },
): RequestListener {
  const pass = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const incoming: Incoming = {
      at: now(),
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      body: await read(request),
    };
    if (incoming.url.startsWith('/_tenant/')) return write(response, handle(incoming));
    const record = arrived(incoming);
    const ordered = faults.takeRequest(incoming.method, incoming.url);
    const outcome = await decide(incoming, ordered, latencyMs(), handle);
    if (outcome === 'silence') return;
    if (outcome === 'reset') return void request.socket.destroy();
    record.status = outcome.status;
    record.answeredAt = now();
    write(response, outcome);
  };
  return (request, response) => {
    pass(request, response).catch((bug: unknown) => {
      // A client that left in the middle of its request, or a mistake of the tenant, which must be seen.
      if (response.headersSent) return void request.socket.destroy();
      write(response, { status: 500, body: `The local tenant failed: ${String(bug)}\n` });
    });
  };
}
