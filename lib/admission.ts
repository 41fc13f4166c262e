// The way in, in the order that callers are promised: credential, length, signature, media type, content. What is
// turned away here leaves a log line and no record, so that nobody can fill the tables from outside.

import { type Admitted, bearerToken, type Caller, callerByKey, callerByToken } from './caller.ts';
import type { Config } from './config.ts';
import { keyProblem } from './delivery.ts';
import type { CredentialFault, Door, Failure } from './failure.ts';
import type { Headers } from './headers.ts';
import { type ResetRequest, readRequest } from './reset-request.ts';
import { err, ok, type Result } from './result.ts';
import { type Signed, verifySignature } from './signature.ts';

/** A request as the host hands it over. */
export interface Incoming {
  readonly requestId: string;
  /** Milliseconds since 1970 at which it was handed over. */
  readonly startedAt: number;
  readonly door: Door;
  readonly headers: Headers;
  /** `?code=`: the other place where a function key may stand. */
  readonly codeInQuery: string | null;
  readonly body: Uint8Array;
}

/** Verifies signature, issuer, audience and lifetime; never opens the door when it cannot. */
export interface TokenVerifier {
  verify(
    token: string,
    until: number,
  ): Promise<Result<Readonly<Record<string, unknown>>, CredentialFault | 'keys-unavailable'>>;
}

/** What a caller asks for, and under which signature. */
export interface WellFormed {
  readonly signed: Signed | undefined;
  readonly request: ResetRequest;
}

/** Who is calling, by the credential that counts at this door. */
export async function authenticate(
  { door, headers, codeInQuery }: Incoming,
  { callers }: Config,
  tokens: TokenVerifier | undefined,
  until: number,
): Promise<Result<Admitted, Failure>> {
  const unknown = (fault: CredentialFault) =>
    err({ code: 'Unauthenticated', fault, door } as const);
  if (door === 'function') {
    const admitted = callerByKey(callers, headers, codeInQuery);
    return admitted.ok ? admitted : unknown(admitted.failure);
  }
  const token = bearerToken(headers);
  if (!token.ok) return unknown(token.failure);
  const claims = await tokens?.verify(token.value, until);
  if (claims === undefined) return err({ code: 'NotConfigured' });
  if (!claims.ok) {
    return claims.failure === 'keys-unavailable'
      ? err({ code: 'IdentityUnavailable' })
      : unknown(claims.failure);
  }
  const admitted = callerByToken(callers, claims.value);
  return admitted.ok ? admitted : unknown(admitted.failure);
}

/** What is asked, once it is known who asks. */
export function readIncoming(incoming: Incoming, caller: Caller): Result<WellFormed, Failure> {
  const { headers, body } = incoming;
  const sized = checkLength(incoming);
  if (!sized.ok) return sized;
  const signed = checkSignature(incoming, caller);
  if (!signed.ok) return signed;
  const typed = checkMediaType(headers);
  if (!typed.ok) return typed;
  const request = readRequest(body, keyProblem(headers), caller.mayEnable);
  return request.ok ? ok({ signed: signed.value, request: request.value }) : request;
}

const largestBodyBytes = 16 * 1024;

/** The host delivers a chunked body as an empty one (azure-functions-host #4926). */
function checkLength({ headers, body }: Incoming): Result<void, Failure> {
  const chunked = headers.get('transfer-encoding') !== null;
  if (body.length === 0 && (chunked || headers.get('content-length') === null)) {
    return err({ code: 'LengthRequired' });
  }
  return body.length > largestBodyBytes ? err({ code: 'PayloadTooLarge' }) : ok(undefined);
}

/** Which signature is due is the caller's configuration, never the sender's choice of headers. */
function checkSignature(
  { door, headers, body, startedAt }: Incoming,
  { signature }: Caller,
): Result<Signed | undefined, Failure> {
  if (signature === undefined || door === 'entra') return ok(undefined);
  const signed = verifySignature(signature, headers, body, startedAt);
  return signed.ok ? signed : err({ code: 'Unauthenticated', fault: signed.failure, door });
}

/** A browser's simple cross-site request has an Origin and no JSON type: it stays outside. */
function checkMediaType(headers: Headers): Result<void, Failure> {
  const encoding = headers.get('content-encoding')?.trim().toLowerCase() ?? '';
  if (encoding !== '' && encoding !== 'identity') {
    return err({ code: 'UnsupportedMediaType', what: 'encoding' });
  }
  const type = headers.get('content-type');
  const isJson =
    type === null
      ? headers.get('origin') === null
      : /^\s*application\/json\s*(;[^,]*)?$/i.test(type);
  return isJson ? ok(undefined) : err({ code: 'UnsupportedMediaType', what: 'type' });
}
