// Who is calling, and what may that caller do? The first station: a function key or a verified token
// names the caller, and nothing of the request is read before. Pure: verifying a token's signature is
// an adapter's work, and X-MS-CLIENT-PRINCIPAL is never looked at: anybody can send it.

import { createHash } from 'node:crypto';
import type { CallerRule, CredentialFault, Failure } from './failure.ts';
import { fold } from './fold.ts';
import type { Headers } from './headers.ts';
import type { ResetRequest } from './reset-request.ts';
import { err, ok, type Result } from './result.ts';
import { type SignatureRule, sameBytes } from './signature.ts';

/** One entry of CALLERS, checked and folded; or one of the implicit callers. */
export interface Caller {
  readonly name: string;
  /** SHA-256 of the function keys that stand for it. */
  readonly keyHashes: readonly Buffer[];
  /** Client ids of the apps that stand for it. */
  readonly appIds: readonly string[];
  readonly signature: SignatureRule | undefined;
  readonly password: 'return' | 'withhold';
  readonly domains: readonly string[] | undefined;
  readonly groups: readonly string[] | undefined;
  readonly mayEnable: boolean;
  readonly maxResetsPerHour: number;
}

/** Who came through the Entra door, as the token proves it; for the audit. */
export interface TokenHolder {
  readonly appId: string;
  readonly objectId: string | undefined;
  readonly name: string | undefined;
  readonly hasRole: boolean;
}

export interface Admitted {
  readonly caller: Caller;
  readonly holder: TokenHolder | undefined;
}

export const defaultResetsPerHour = 500;
/** The app role that a token has to carry in `roles`. */
export const appRole = 'PasswordReset.Invoke';

const implicit = (name: string): Caller => ({
  name,
  keyHashes: [],
  appIds: [],
  signature: undefined,
  password: 'return',
  domains: undefined,
  groups: undefined,
  mayEnable: true,
  maxResetsPerHour: defaultResetsPerHour,
});

/** The host has checked the key and hands it on: the header, and only without one the query. */
export function callerByKey(
  callers: readonly Caller[] | undefined,
  headers: Headers,
  codeInQuery: string | null,
): Result<Admitted, CredentialFault> {
  const key = headers.get('x-functions-key') ?? codeInQuery;
  if (!key) return err('no-key');
  if (callers === undefined) return ok({ caller: implicit('function-key'), holder: undefined });
  const sent = createHash('sha256').update(key).digest();
  // Every entry is compared, so that the time tells nothing about which one matched.
  const matching = callers.filter(
    ({ keyHashes }) => keyHashes.filter((known) => sameBytes(known, sent)).length > 0,
  );
  const caller = matching[0];
  return caller === undefined ? err('unknown-key') : ok({ caller, holder: undefined });
}

export function bearerToken(headers: Headers): Result<string, CredentialFault> {
  const match = /^Bearer +([\w-]+\.[\w-]+\.[\w-]*)$/i.exec(headers.get('authorization') ?? '');
  return match?.[1] === undefined ? err('no-token') : ok(match[1]);
}

/** @param claims of a token whose signature, issuer, audience and lifetime were verified. */
export function callerByToken(
  callers: readonly Caller[] | undefined,
  claims: Readonly<Record<string, unknown>>,
): Result<Admitted, CredentialFault> {
  const text = (name: string): string | undefined => {
    const value = claims[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const appId = text('azp') ?? text('appid'); // v2 and v1 tokens
  if (appId === undefined) return err('bad-token');
  const caller =
    callers === undefined
      ? implicit(`entra-${fold(appId)}`)
      : callers.find(({ appIds }) => appIds.includes(fold(appId)));
  if (caller === undefined) return err('unknown-app');
  const roles = claims['roles'];
  return ok({
    caller,
    holder: {
      appId,
      objectId: text('oid'),
      name: text('preferred_username') ?? text('upn') ?? text('unique_name'),
      hasRole: Array.isArray(roles) && roles.includes(appRole), // a scope of that name is no role
    },
  });
}

export const domainOf = (userPrincipalName: string): string =>
  fold(userPrincipalName.slice(userPrincipalName.lastIndexOf('@') + 1));

/** By the text of the request alone: no answer here depends on the target's state. */
export function callerMayAsk(
  { caller, holder }: Admitted,
  request: ResetRequest,
): Result<void, Failure> {
  if (holder !== undefined && !holder.hasRole) return refuse('appRole');
  if (!caller.mayEnable && request.enableAskedExplicitly) return refuse('mayEnable');
  const namesDomain = request.userName.includes('@');
  if (namesDomain && !callerMayName(caller, request.userName)) return refuse('domains');
  return ok(undefined);
}

/** By the resolved target. An object id outside the domains answers like an unknown one. */
export function callerMayReach(
  caller: Caller,
  userPrincipalName: string,
  memberOf: readonly string[],
): Result<void, Failure> {
  if (!callerMayName(caller, userPrincipalName)) return err({ code: 'UserNotFound' });
  const groups = caller.groups;
  if (groups !== undefined && !memberOf.some((id) => groups.includes(id))) return refuse('groups');
  return ok(undefined);
}

/** Whether the name is in a domain of the caller's. */
export const callerMayName = (caller: Caller, userPrincipalName: string): boolean =>
  caller.domains === undefined || caller.domains.includes(domainOf(userPrincipalName));

const refuse = (rule: CallerRule): Result<never, Failure> =>
  err({ code: 'CallerNotAllowed', rule });
