// Under which names does the ledger know this delivery? The sender's own key, what its signature proves,
// and the fingerprint of what is asked. Pure. Keeps only hashes: a key may say more than it should.

import { createHash } from 'node:crypto';
import type { Problem } from './failure.ts';
import { fold } from './fold.ts';
import type { Headers } from './headers.ts';
import type { ResetRequest } from './reset-request.ts';
import type { Signed } from './signature.ts';
import { isResidue } from './template-residue.ts';

export interface Delivery {
  /**
   * SHA-256 names, the strongest first: signed bytes, verified webhook-id, then the key of a header.
   * Empty: the sender gave nothing to recognise a repetition by.
   */
  readonly names: readonly string[];
  /** SHA-256 of what is asked, not of its bytes: a template may render the same request anew. */
  readonly fingerprint: string;
}

/** Headers that carry a key as it is, in the order in which they count. */
const plainKeyHeaders = ['X-Zammad-Delivery', 'X-Zendesk-Webhook-Invocation-Id'] as const;
const keyHeader = 'Idempotency-Key';
const visibleAscii = /^[!-~]{1,255}$/;

/** `"quoted"` (a Structured Field string) or bare. */
function idempotencyKey(headers: Headers): string | undefined {
  const sent = headers.get(keyHeader)?.trim();
  if (sent === undefined) return undefined;
  return /^"(?:[^"\\]|\\["\\])*"$/.test(sent) ? sent.slice(1, -1).replace(/\\(.)/g, '$1') : sent;
}

/** A key that cannot be used is one of the request's problems: it must not be dropped in silence. */
export function keyProblem(headers: Headers): Problem | undefined {
  const key = idempotencyKey(headers);
  if (key === undefined || (visibleAscii.test(key) && !isResidue(key))) return undefined;
  const detail = isResidue(key)
    ? 'The Idempotency-Key header holds a placeholder that your system did not fill in.'
    : 'The Idempotency-Key header must be 1 to 255 visible ASCII characters, sent once.';
  return { pointer: `/${keyHeader}`, detail };
}

export function nameDelivery(
  callerName: string,
  headers: Headers,
  signed: Signed | undefined,
  request: ResetRequest,
): Delivery {
  const name = (source: string, value: string): string =>
    hash(JSON.stringify([callerName, source, value]));
  const names = [
    ...(signed === undefined ? [] : [name('signed', signed.hash)]),
    ...(signed?.webhookId === undefined ? [] : [name('webhook-id', signed.webhookId)]),
  ];
  const key = headerKey(headers, signed, fold(request.userName));
  if (key !== undefined) names.push(name(...key));
  return { names: [...new Set(names)], fingerprint: fingerprintOf(request) };
}

type Key = readonly [header: string, value: string];

/** The first present header key. `webhook-id` counts only where a signature covers it. */
function headerKey(headers: Headers, signed: Signed | undefined, user: string): Key | undefined {
  const own = idempotencyKey(headers);
  if (own !== undefined) return [keyHeader, own];
  if (signed?.webhookId !== undefined) return undefined;
  for (const header of plainKeyHeaders) {
    const value = headers.get(header)?.trim();
    if (value !== undefined && visibleAscii.test(value)) return [header, value];
  }
  const run = headers.get('x-ms-workflow-run-id')?.trim();
  const step = headers.get('x-ms-workflow-operation-name')?.trim();
  // An Apply-to-each repeats run and step for every item; the user tells the items apart.
  return run && step ? ['x-ms-workflow', JSON.stringify([run, step, user])] : undefined;
}

const fingerprintOf = (request: ResetRequest): string =>
  hash(
    JSON.stringify([
      fold(request.userName),
      request.enableUserIfNeeded,
      request.forceChange,
      request.forceChangeWithMfa,
      request.revokeSessions,
    ]),
  );

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
