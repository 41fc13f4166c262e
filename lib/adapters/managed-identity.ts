// A token for Microsoft Graph from the app's managed identity. The library cannot be aborted and tries
// again by itself, so it is raced against the deadline: a late answer only fills the cache. One fetch
// at a time. The token never leaves this file but as a bearer for the transport.

import { ManagedIdentityCredential, type TokenCredential } from '@azure/identity';
import { within } from '../deadline.ts';
import type { Failure } from '../failure.ts';
import type { Identity, IdentityRights } from '../identity-rights.ts';
import { member, parseJson, textMember } from '../member.ts';
import { err, ok, type Result } from '../result.ts';
import { singleFlight } from '../single-flight.ts';
import type { TokenSource } from './graph-transport.ts';

const longestFetchMs = 7_000;

export interface ManagedIdentity extends Identity {
  readonly token: TokenSource;
}

/** A token is used until this long before its end: clocks differ, and requests take time. */
const spareMs = 300_000;

/**
 * The identity as a credential whose fetches end: one that hangs is given up, so that the next request
 * starts another; its late answer fills the library's cache.
 * @param clientId of a user-assigned identity; undefined = the system-assigned one.
 */
export function identityCredential(clientId: string | undefined): TokenCredential {
  const identity =
    clientId === undefined
      ? new ManagedIdentityCredential()
      : new ManagedIdentityCredential({ clientId });
  return {
    async getToken(scopes) {
      const issued = await within(identity.getToken(scopes), longestFetchMs);
      if (issued === undefined) throw new Error('The identity endpoint did not answer in time.');
      return issued;
    },
  };
}

export function managedIdentity(
  clientId: string | undefined,
  graphOrigin: string,
): ManagedIdentity {
  const credential = identityCredential(clientId);
  let kept:
    | { readonly token: string; readonly renewAt: number; readonly endsAt: number }
    | undefined;

  const fetchToken = async (): Promise<string | undefined> => {
    const issued = await credential.getToken(`${graphOrigin}/.default`);
    if (issued === null) return undefined;
    const endsAt = issued.expiresOnTimestamp - spareMs;
    kept = { token: issued.token, endsAt, renewAt: issued.refreshAfterTimestamp ?? endsAt };
    return issued.token;
  };
  const renew = singleFlight(() => fetchToken().catch(() => undefined));
  const token: TokenSource = async (until) => {
    const now = Date.now();
    if (kept !== undefined && now < kept.endsAt) {
      if (now >= kept.renewAt) void renew(); // the old one serves meanwhile
      return ok(kept.token);
    }
    const issued = await within(renew(), until - now);
    return issued === undefined ? err({ code: 'IdentityUnavailable' }) : ok(issued);
  };
  return {
    token,
    rights: async (until): Promise<Result<IdentityRights, Failure>> => {
      const issued = await token(until);
      return issued.ok ? ok(rightsIn(issued.value)) : issued;
    },
  };
}

/** Read, not verified: it is our own token, and Graph is the one who judges it. */
function rightsIn(token: string): IdentityRights {
  const claims = parseJson(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
  const roles = member(claims, 'roles');
  return {
    objectId: textMember(claims, 'oid')?.toLowerCase(),
    permissions: Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [],
  };
}
