// Between the Functions programming model and the journey: a request in, an answer out, log lines as one
// JSON object each. Never looks at request.url in a log (it carries ?code=) nor at request.user (anybody
// can send x-ms-client-principal).

import { randomUUID } from 'node:crypto';
import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import type { Incoming } from '../lib/admission.ts';
import { type Answer, answerDocument, askingOf } from '../lib/answer.ts';
import type { AuditEvent, Log, LogFields } from '../lib/audit.ts';
import type { Door } from '../lib/failure.ts';

export async function incoming(request: HttpRequest, door: Door): Promise<Incoming> {
  const startedAt = Date.now(); // before the body is read: its time counts
  return {
    requestId: randomUUID(),
    startedAt,
    door,
    headers: request.headers,
    codeInQuery: codeIn(request.query),
    body: new Uint8Array(await request.arrayBuffer()),
  };
}

/** The host takes the name in any letter case. */
const codeIn = (query: URLSearchParams): string | null =>
  [...query].find(([name]) => name.toLowerCase() === 'code')?.[1] ?? null;

/** A document that is no outcome of a reset, with the headers of every answer. */
export const document = (request: HttpRequest, status: number, body: string): HttpResponseInit =>
  response(answerDocument(status, body, askingOf(randomUUID(), request.headers)));

export const response = ({ status, headers, body }: Answer): HttpResponseInit => ({
  status,
  headers: { ...headers },
  body,
});

/** One JSON text a line is what queries can read. The time makes two lines of one text two lines. */
export const logLine = (event: AuditEvent, fields: LogFields): string =>
  JSON.stringify({ event, at: new Date().toISOString(), ...fields });

/** Before the first invocation there is no context.log: the worker passes the console on. */
export const startLog: Log = (level, event, fields) =>
  // biome-ignore lint/suspicious/noConsole: the only log there is then
  console[level](logLine(event, fields));

export const logOf =
  (context: InvocationContext): Log =>
  (level, event, fields) =>
    context[level](logLine(event, fields));
