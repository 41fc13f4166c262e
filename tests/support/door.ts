// A caller's side of the wire: sends over plain HTTP what it is told, byte for byte, and hands back what came. Knows
// addresses and headers, no expectation.

import { type IncomingHttpHeaders, request } from 'node:http';
import { LOCAL_FUNCTION_KEY } from '../../infra/local/host.ts';

export const functionDoor = '/api/user/security/reset-password';
export const entraDoor = '/api/entra/user/security/reset-password';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Empty when the body is no JSON object. */
  readonly json: Readonly<Record<string, unknown>>;
  /** From the first byte sent to the last one received, at the client. */
  readonly elapsedMs: number;
}

export interface Sent {
  readonly method?: string;
  readonly path?: string;
  /** Beside the function key; `undefined` leaves a header out. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** An object goes as JSON; text and bytes go as they are. */
  readonly body?: object | string | Uint8Array;
  /** Without a length: the host then hands over an empty body. */
  readonly chunked?: boolean;
  /** Hangs up when it fires. */
  readonly signal?: AbortSignal;
}

export function exchange(url: string, sent: Sent): Promise<Reply> {
  const { method = 'POST', path = functionDoor, headers = {}, body, chunked, signal } = sent;
  const bytes = bytesOf(body);
  const length = chunked ? {} : { 'content-length': bytes.length };
  const all = present({ 'x-functions-key': LOCAL_FUNCTION_KEY, ...length, ...headers });
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${url}${path}`,
      { method, headers: all, ...(signal && { signal }) },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8');
        incoming.on('data', (chunk: string) => {
          text += chunk;
        });
        incoming.on('error', reject);
        incoming.on('end', () => {
          const { statusCode: status = 0, headers: received } = incoming;
          const elapsedMs = performance.now() - startedAt;
          resolve({ status, headers: received, text, json: objectIn(text), elapsedMs });
        });
      },
    );
    outgoing.on('error', reject);
    if (chunked) outgoing.write(bytes);
    outgoing.end(chunked ? undefined : bytes);
  });
}

function bytesOf(body: Sent['body']): Uint8Array {
  if (body instanceof Uint8Array) return body;
  return Buffer.from(typeof body === 'object' ? JSON.stringify(body) : (body ?? ''));
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

export const present = <T>(values: Readonly<Record<string, T | undefined>>): Record<string, T> =>
  Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, T] => entry[1] !== undefined),
  );

/** `error.code` of a failure, or what a success says of itself: what most tests look at first. */
export function codeOf({ status, json }: Reply): string {
  const error = json['error'];
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : '';
  return `${status} ${String(json['Status'] ?? code)}`;
}
