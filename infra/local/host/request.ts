// What the host reads of a request before a function sees it: path and query, headers, body, trace. As measured, oddities included.
// Called by server.ts. It decides nothing.

import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TraceContext } from './worker.ts';

const NO_QUERY: Readonly<Record<string, string>> = {};

/** The body, when as much arrives as was announced; nothing when the caller hung up before. One piece is handed on without a copy. */
export async function readBody(
  request: IncomingMessage,
  length: number,
): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let received = 0;
  try {
    for await (const piece of request as AsyncIterable<Buffer>) {
      pieces.push(piece);
      received += piece.length;
    }
  } catch {
    return undefined;
  }
  if (received !== length) return undefined;
  return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces, received);
}

/** All headers in lower case; one that was sent twice is joined with a comma, whichever it is. */
export function joinedHeaders(request: IncomingMessage): Record<string, string> {
  const raw = request.rawHeaders;
  const headers: Record<string, string> = {};
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase();
    const value = raw[i + 1] ?? '';
    const earlier = headers[name];
    headers[name] = earlier === undefined ? value : `${earlier},${value}`;
  }
  return headers;
}

export function splitTarget(request: IncomingMessage): {
  readonly text: string;
  readonly pathname: string;
  readonly query: Readonly<Record<string, string>>;
} {
  const text = request.url ?? '/';
  const mark = text.indexOf('?');
  if (mark === -1) return { text, pathname: text, query: NO_QUERY };
  const query: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(text.slice(mark + 1))) {
    const earlier = query[name];
    query[name] = earlier === undefined ? value : `${earlier},${value}`;
  }
  return { text, pathname: text.slice(0, mark), query };
}

/** W3C trace context: the caller's trace id when it sent one, a span of our own always. */
export function traceOf(traceparent: string | undefined): TraceContext {
  const [, theirs, flags = '00'] =
    /^00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})$/.exec(traceparent ?? '') ?? [];
  const fresh = randomBytes(24).toString('hex');
  const traceParent = `00-${theirs ?? fresh.slice(0, 32)}-${fresh.slice(32)}-${flags}`;
  return { traceParent, traceState: '', attributes: {} };
}
