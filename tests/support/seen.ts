// What a stage has seen: who was looked up and written, with which passwords, and whether anything secret or
// anything that Microsoft does not know went through. Reads records only.

import { type Host, LOCAL_FUNCTION_KEY } from '../../infra/local/host.ts';
import type { Tenant } from '../../infra/local/tenant/tenant.ts';
import { conformsToMetadata } from './graph-metadata.ts';

type RequestRecord = Tenant['requests'][number];

/** What was written to a user (by id), or to anybody. */
export const writesTo = (tenant: Tenant, userId = ''): readonly RequestRecord[] =>
  tenant.requests.filter(
    ({ method, path }) => method === 'PATCH' && path.includes(`/users/${userId}`),
  );

/** What was written, body by body. */
export const bodiesTo = (tenant: Tenant, userId: string): readonly unknown[] =>
  writesTo(tenant, userId).map(({ body }) => body);

/** The passwords that were given to Graph for a user, oldest first. */
export const passwordsTo = (tenant: Tenant, userId = ''): readonly string[] =>
  writesTo(tenant, userId).map(({ body }) => {
    const profile = (body as { passwordProfile?: { password?: unknown } }).passwordProfile;
    return String(profile?.password);
  });

/** What was asked of Graph from the n-th record on, batches as one; the tenant's lists are read beside. */
export const askedSince = (tenant: Tenant, index: number): readonly string[] =>
  tenant.requests
    .slice(index)
    .filter(({ item, path }) => item === undefined && /\/(\$batch|users\/)/.test(path))
    .map(({ method, path }) => `${method} ${path}`);

/** Requests that Microsoft's Graph does not have: there must be none. */
export const unknownToMicrosoft = (tenant: Tenant): readonly string[] => [
  ...new Set(tenant.requests.flatMap((sent) => conformsToMetadata(sent))),
];

/** Everything secret that went through this stage and shows in the log: there must be nothing. */
export function secretsLogged(tenant: Tenant, host: Host, ...more: readonly string[]): string[] {
  const bearers = tenant.requests.map(({ headers }) => String(headers['authorization'] ?? ''));
  const tokens = new Set(bearers.map((bearer) => bearer.replace(/^Bearer /, '')));
  const secrets = [...passwordsTo(tenant), ...tokens, LOCAL_FUNCTION_KEY, ...more];
  const log = host.lines.join('\n');
  return secrets.filter((text) => text !== '' && log.includes(text));
}
