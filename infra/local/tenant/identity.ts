// The managed-identity endpoint of App Service: hands out Graph tokens to whoever knows the secret header.
// What the identity may do is read from the directory at each token.

import { randomUUID } from 'node:crypto';
import { appRolesOf } from './app-roles.ts';
import type { Incoming } from './door.ts';
import { ids } from './population.ts';
import type { Reply } from './replies.ts';
import { roleIdsOf } from './rights.ts';
import { isRoleName, roleName } from './roles.ts';
import { lifetime } from './tokens.ts';
import type { World } from './world.ts';

/** The value of IDENTITY_HEADER. */
export const identityHeader = 'local-identity-header';

export interface GraphTokenWish {
  /** Permissions (app roles of Microsoft Graph), by name. */
  readonly roles?: readonly string[];
  /** Directory roles held for the whole tenant, by name. */
  readonly directoryRoles?: readonly string[];
  readonly audience?: string;
  /** Object id of the holder. */
  readonly principalId?: string;
  /** Negative: expired already. */
  readonly seconds?: number;
}

const refuse = (status: number, message: string): Reply => ({
  status,
  body: { statusCode: status, message, correlationId: randomUUID() },
});

export function mintGraphToken(world: World, wish: GraphTokenWish): string {
  const strange = (wish.directoryRoles ?? []).find((name) => !isRoleName(name));
  if (strange !== undefined)
    throw new Error(`The local tenant knows no directory role ${strange}.`);
  return world.keys.sign({
    aud: wish.audience ?? world.origin,
    iss: `https://sts.windows.net/${ids.tenant}/`,
    ...lifetime(wish.seconds ?? 86_400),
    appid: ids.identityClient,
    idtyp: 'app',
    oid: wish.principalId ?? randomUUID(),
    roles: wish.roles ?? [],
    tid: ids.tenant,
    ver: '1.0',
    wids: roleIdsOf(wish.directoryRoles ?? []),
    uti: randomUUID(),
  });
}

export function answerIdentity(world: World, incoming: Incoming): Reply {
  const url = new URL(incoming.url, 'http://identity');
  const query = url.searchParams;
  if (url.pathname !== '/msi/token') return refuse(404, 'Not found.');
  if (incoming.method !== 'GET') return refuse(405, 'Method not allowed.');
  if (incoming.headers['x-identity-header'] !== identityHeader)
    return refuse(401, 'The X-IDENTITY-HEADER is missing or wrong.');
  if (query.get('api-version') !== '2019-08-01')
    return refuse(400, 'The api-version is missing or not supported.');
  const named = ['client_id', 'object_id', 'principal_id', 'mi_res_id'].filter((name) =>
    query.has(name),
  );
  const ours: readonly (string | null)[] = [ids.identityClient, ids.identity];
  if (named.length > 1 || (named[0] !== undefined && !ours.includes(query.get(named[0]))))
    return refuse(400, 'Unable to load the proper Managed Identity.');
  const resource = (query.get('resource') ?? '').replace(/\/(\.default)?$/, '');
  if (
    ![world.origin, 'https://graph.microsoft.com', 'https://storage.azure.com'].includes(resource)
  )
    return refuse(400, `The resource '${resource}' was not found in the tenant.`);

  const { directory, settings } = world;
  const seconds = 86_400;
  const token = mintGraphToken(world, {
    audience: resource,
    principalId: ids.identity,
    seconds,
    roles: appRolesOf(directory, ids.identity, ids.graph).filter(
      (name) => !settings.withheld.has(name),
    ),
    directoryRoles: directory
      .rolesOf(ids.identity, directory.roleAssignments)
      .filter((one) => one.directoryScopeId === '/')
      .map((one) => roleName(one.roleDefinitionId))
      .filter((name) => name !== undefined)
      .filter((name) => !settings.withheld.has(name)),
  });
  return {
    status: 200,
    body: {
      access_token: token,
      expires_on: String(Math.floor(Date.now() / 1000) + seconds),
      resource,
      token_type: 'Bearer',
      client_id: ids.identityClient,
    },
  };
}
