// Verifies access tokens of the Entra door with jose: signature by the tenant's published keys, issuer,
// audience, lifetime. The key set is cached, read by one request at a time, and read again for an
// unknown key id, but not more often than the cool-off allows. Without keys the door stays shut.

import {
  createRemoteJWKSet,
  customFetch,
  errors,
  type FetchImplementation,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import type { TokenVerifier } from '../admission.ts';
import type { EntraConfig } from '../config.ts';
import { within } from '../deadline.ts';
import { member, parseJson, textMember } from '../member.ts';
import { err, ok } from '../result.ts';

const keysAnswerMs = 3_000;
const coolOffMs = 30_000;
const keysKeptMs = 6 * 3_600_000;

export function entraKeys({
  audiences,
  issuers,
  keysUrl,
}: EntraConfig): TokenVerifier & { reachable(until: number): Promise<boolean> } {
  const keys = createRemoteJWKSet(new URL(keysUrl), {
    timeoutDuration: keysAnswerMs,
    cooldownDuration: Number.POSITIVE_INFINITY, // keyOf decides when an unknown key id is looked up
    cacheMaxAge: keysKeptMs,
    [customFetch]: fetchKeys,
  });
  let renewal = { at: Number.NEGATIVE_INFINITY, reading: Promise.resolve() };
  /** The first unknown key id reads the set anew, however lately it was read; later ones share that. */
  const keyOf: JWTVerifyGetKey = (header, token) =>
    keys(header, token).catch(async (error: unknown) => {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      const age = Date.now() - renewal.at;
      if (age < 0 || age > coolOffMs) renewal = { at: Date.now(), reading: keys.reload() };
      await renewal.reading;
      return keys(header, token);
    });
  const options = {
    audience: [...audiences],
    issuer: [...issuers],
    algorithms: ['RS256'], // the only one Entra ID signs with; shuts out none and HS256
    requiredClaims: ['exp'],
  };
  return {
    verify: async (token, until) => {
      const verified = jwtVerify(token, keyOf, options).then(
        ({ payload }) => ok(payload),
        (error: unknown) => err(faultOf(error)),
      );
      return (await within(verified, until - Date.now())) ?? err('keys-unavailable' as const);
    },
    reachable: async (until) => {
      const loaded = keys.reload().then(
        () => true,
        () => false,
      );
      return (await within(loaded, until - Date.now())) ?? false;
    },
  };
}

/** A set without a whole key is no set: it must not replace one that was read, nor call a token bad. */
const fetchKeys: FetchImplementation = async (url, options) => {
  const response = await fetch(url, options);
  const keys = member(parseJson(await response.clone().text()), 'keys');
  return Array.isArray(keys) && keys.some(verifies) ? response : Response.error();
};

/** A public RSA key for signatures (RFC 7517 §4, RFC 7518 §6.3.1). */
const verifies = (key: unknown): boolean =>
  member(key, 'kty') === 'RSA' &&
  ['n', 'e'].every((name) => textMember(key, name)) &&
  (textMember(key, 'use') ?? 'sig') === 'sig';

/** What is wrong with the token is the sender's; everything else is the key set's. */
function faultOf(error: unknown): 'expired-token' | 'bad-token' | 'keys-unavailable' {
  if (error instanceof errors.JWTExpired) return 'expired-token';
  const aboutTheToken = [
    errors.JWTClaimValidationFailed,
    errors.JWTInvalid,
    errors.JWSInvalid,
    errors.JWSSignatureVerificationFailed,
    errors.JOSEAlgNotAllowed,
    errors.JOSENotSupported,
    errors.JWKSNoMatchingKey,
    errors.JWKSMultipleMatchingKeys,
  ];
  return aboutTheToken.some((kind) => error instanceof kind) ? 'bad-token' : 'keys-unavailable';
}
