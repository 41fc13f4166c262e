// One valid request and the ways to break one thing of it. Knows the wire only: names, bytes, headers.

import type { Incoming } from '../../lib/admission.ts';
import type { ResetRequest } from '../../lib/reset-request.ts';

export const userName = 'adele.vance@contoso.com';
export const functionKey = 'local-function-key-0123456789';

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The body that most senders send; `changes` add members or replace them. */
export const aBody = (changes: Readonly<Record<string, unknown>> = {}): Uint8Array =>
  bytesOf(JSON.stringify({ UserName: userName, ...changes }));

/** Headers as a sender writes them; a name with `null` is left out. */
export const headersOf = (sent: Readonly<Record<string, string | null>>): Headers =>
  new Headers(
    Object.entries(sent).flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
  );

export const startedAt = Date.parse('2026-11-23T09:15:30.000Z');
export const requestId = '66666666-0000-4000-8000-000000000006';

export interface Changes {
  readonly door?: Incoming['door'];
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly codeInQuery?: string | null;
  readonly body?: Uint8Array;
}

/** A request through the function door, as the host hands it over. */
export function aRequest({ door, headers, codeInQuery, body = aBody() }: Changes = {}): Incoming {
  return {
    requestId,
    startedAt,
    door: door ?? 'function',
    headers: headersOf({
      'content-type': 'application/json',
      'content-length': String(body.length),
      'x-functions-key': functionKey,
      'idempotency-key': 'ticket-4711',
      ...headers,
    }),
    codeInQuery: codeInQuery ?? null,
    body,
  };
}

/** The valid request with members of its body added or replaced. */
export const plain = (changes: Readonly<Record<string, unknown>> = {}): Incoming =>
  aRequest({ body: aBody(changes) });

/** What the reader makes of the smallest valid body. */
export const aReadRequest = (changes: Partial<ResetRequest> = {}): ResetRequest => ({
  userName,
  enableUserIfNeeded: true,
  enableAskedExplicitly: false,
  forceChange: true,
  forceChangeWithMfa: false,
  revokeSessions: false,
  dryRun: false,
  claimed: {},
  warnings: [],
  ...changes,
});
