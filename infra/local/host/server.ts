// The HTTP side of the local Functions host: from a socket to an invocation and back, with the answers the real host gives by itself (empty, nobody's headers).
// It stands between callers and the worker, and follows what was measured on the real host even where that is odd.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createGate, type Keys, offeredKey } from './keys.ts';
import { joinedHeaders, readBody, splitTarget, traceOf } from './request.ts';
import { createRouter, type Match } from './routes.ts';
import {
  describe,
  type HttpAnswer,
  type LogLine,
  type RegisteredFunction,
  type Worker,
} from './worker.ts';

export interface ServerOptions {
  readonly routePrefix: string;
  /** host.json's `customHeaders`: on every answer but 429 and 503; a header that a function sets wins. */
  readonly customHeaders: Readonly<Record<string, string>>;
  readonly keys: Keys;
  /** Bytes; a longer body is answered 500 by the host. */
  readonly bodyLimit: number;
  /** More invocations at once than this are answered 429 by the host. */
  readonly concurrency: number;
  /** host.json cannot be read: 503 for everything. */
  readonly broken: boolean;
  readonly log: LogLine;
  /** Runs a function that no request triggers. */
  readonly runInBackground: (fn: RegisteredFunction) => void;
}

const ADMIN = '/admin/functions/';
const NO_HEADERS: Readonly<Record<string, string>> = {};

export function createHostServer(worker: Worker, options: ServerOptions): Server {
  const { customHeaders, keys, bodyLimit, concurrency, log } = options;
  const route = createRouter(worker.functions, options.routePrefix);
  const opens = createGate(keys);
  let running = 0;

  const empty = (response: ServerResponse, status: number, headers = customHeaders) => {
    response.writeHead(status, status === 204 ? headers : { ...headers, 'content-length': '0' });
    response.end();
  };

  const admin = (request: IncomingMessage, response: ServerResponse, name: string) => {
    if (request.headers['x-functions-key'] !== keys.master) return empty(response, 401);
    const fn = worker.functions.find((one) => one.name === name);
    if (fn === undefined || request.method !== 'POST' || fn.trigger.type === 'httpTrigger') {
      return empty(response, 404);
    }
    options.runInBackground(fn);
    return empty(response, 202);
  };

  const run = async (request: IncomingMessage, response: ServerResponse, match: Match) => {
    const target = splitTarget(request);
    const headers = joinedHeaders(request);
    const key = offeredKey(headers['x-functions-key'], target.query);
    if (!opens(match.fn, key)) return empty(response, 401);
    const length = Number(headers['content-length'] ?? 0);
    if (length > bodyLimit) return empty(response, 500);
    // Chunked bodies never reach the function: the host reads a body only when a length above 0 is announced.
    const bytes = length > 0 ? await readBody(request, length) : undefined;
    if (length > 0 && bytes === undefined) return response.destroy();
    const http = {
      method: request.method,
      url: `http://${headers['host'] ?? '127.0.0.1'}${target.text}`,
      headers,
      params: match.params,
      query: target.query,
      ...(bytes === undefined ? {} : { body: { bytes } }),
    };
    const answer = await worker.invoke(match.fn, { http }, traceOf(headers['traceparent']));
    return answer === undefined ? empty(response, 204) : send(response, answer, customHeaders);
  };

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    if (options.broken) return empty(response, 503, NO_HEADERS);
    const { method = '' } = request;
    const { pathname } = splitTarget(request);
    if (pathname === '/' && method === 'GET') return empty(response, 204);
    if (pathname.startsWith(ADMIN)) return admin(request, response, pathname.slice(ADMIN.length));
    const match = route(method, pathname);
    if (match === undefined) return empty(response, 404);
    if (running >= concurrency) return empty(response, 429, { 'X-FUNCTION-SCALEOUT': '1' });
    running += 1;
    try {
      return await run(request, response, match);
    } catch (cause) {
      log('error', match.fn.name, `The function failed: ${describe(cause)}`);
      return empty(response, 500);
    } finally {
      running -= 1;
    }
  };

  const server = createServer(
    { maxHeaderSize: 32_768, keepAliveTimeout: 130_000, noDelay: true },
    (request, response) => {
      // A caller that hangs up changes nothing for the function; the broken socket is no event here.
      response.on('error', () => {});
      handle(request, response)
        .catch((cause: unknown) => log('error', 'host', describe(cause)))
        .finally(() => request.resume());
    },
  );
  return server;
}

function send(
  response: ServerResponse,
  { status, headers, body }: HttpAnswer,
  customHeaders: Readonly<Record<string, string>>,
): void {
  const all: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(customHeaders)) all[name.toLowerCase()] = value;
  Object.assign(all, headers);
  if (status !== 204 && status !== 304) {
    all['content-length'] = body === undefined ? 0 : Buffer.byteLength(body);
  }
  response.writeHead(status, all);
  response.end(body);
}
