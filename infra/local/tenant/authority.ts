// The tenant's token authority: discovery document, published keys, and the token endpoint with which a
// person tries a password or a caller gets a token for the product's Entra door.

import { randomUUID } from 'node:crypto';
import { signIn } from './accounts.ts';
import { appRolesOf } from './app-roles.ts';
import type { Incoming } from './door.ts';
import { ids } from './population.ts';
import type { Reply } from './replies.ts';
import { type Claims, lifetime, type SignOptions } from './tokens.ts';
import type { World } from './world.ts';

/** A token for the Entra door. Without claims: version 2, of the client application, with the app role.
    `scp` makes it a user's, `ver: '1.0'` an old one; a claim set to undefined is left out. */
export function mintToken(world: World, claims: Claims = {}, options: SignOptions = {}): string {
  const old = claims['ver'] === '1.0';
  const person = claims['scp'] !== undefined;
  const subject = randomUUID();
  return world.keys.sign(
    {
      aud: old ? `api://${ids.productApp}` : ids.productApp,
      iss: old ? `https://sts.windows.net/${ids.tenant}/` : `${world.origin}/${ids.tenant}/v2.0`,
      ...lifetime(3_599),
      [old ? 'appid' : 'azp']: ids.client,
      oid: subject,
      sub: subject,
      tid: ids.tenant,
      ver: '2.0',
      roles: ['PasswordReset.Invoke'],
      uti: randomUUID(),
      ...(person
        ? { name: 'Lee Gu', [old ? 'upn' : 'preferred_username']: 'oncall.engineer@contoso.com' }
        : { idtyp: 'app' }),
      ...claims,
    },
    options,
  );
}

const denied = (code: number, text: string): Reply => ({
  status: 400,
  body: {
    error: 'invalid_grant',
    error_description: `AADSTS${code}: ${text}`,
    error_codes: [code],
    timestamp: new Date().toISOString(),
    trace_id: randomUUID(),
    correlation_id: randomUUID(),
  },
});
const refusedSignIn = {
  Denied: denied(50126, 'Error validating credentials due to invalid username or password.'),
  Disabled: denied(50057, 'The user account is disabled.'),
  PasswordExpired: denied(50055, 'The password is expired.'),
};

function tokenFor(world: World, form: URLSearchParams): Reply {
  const name = form.get('username') ?? '';
  let claims: Claims = {};
  if (form.get('grant_type') === 'password') {
    const { status } = signIn(world.directory, name, form.get('password') ?? '');
    if (status !== 'SignedIn') return refusedSignIn[status];
    const user = world.directory.user(name);
    const roles = appRolesOf(world.directory, user?.id ?? '', ids.product);
    claims = {
      ...{ oid: user?.id, sub: user?.id, name: user?.displayName, scp: 'user_impersonation' },
      preferred_username: user?.userPrincipalName,
      roles: roles.length > 0 ? roles : undefined,
    };
  } else if (form.get('grant_type') !== 'client_credentials') {
    return { status: 400, body: { error: 'unsupported_grant_type' } };
  } else if (form.get('client_id') !== ids.client) {
    return { status: 401, body: { error: 'invalid_client' } };
  }
  const access_token = mintToken(world, claims);
  return { status: 200, body: { token_type: 'Bearer', expires_in: 3_599, access_token } };
}

/** Undefined: not an address of the authority. */
export function answerAuthority(world: World, incoming: Incoming): Reply | undefined {
  const tenant = `/${ids.tenant}`;
  const [path = ''] = incoming.url.split('?');
  if (!path.startsWith(`${tenant}/`)) return undefined;
  const here = `${world.origin}${tenant}`;
  switch (`${incoming.method} ${path.slice(tenant.length)}`) {
    case 'GET /v2.0/.well-known/openid-configuration':
      return {
        status: 200,
        body: {
          issuer: `${here}/v2.0`,
          jwks_uri: `${here}/discovery/v2.0/keys`,
          token_endpoint: `${here}/oauth2/v2.0/token`,
          id_token_signing_alg_values_supported: ['RS256'],
        },
      };
    case 'GET /discovery/v2.0/keys':
      return { status: 200, body: { keys: world.keys.published() } };
    case 'POST /oauth2/v2.0/token':
      return tokenFor(world, new URLSearchParams(incoming.body));
    default:
      return { status: 404, body: { error: 'not_found' } };
  }
}
