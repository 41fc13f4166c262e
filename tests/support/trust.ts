// For tests that call adapters in their own process: trusts the local tenant's certificate, as a worker does
// through NODE_EXTRA_CA_CERTS, and opens the Directory port on it.

import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { Tenant } from '../../infra/local/tenant/tenant.ts';
import { graphDirectory } from '../../lib/adapters/graph-directory.ts';
import { graphTransport } from '../../lib/adapters/graph-transport.ts';
import { ok } from '../../lib/result.ts';

const bundled = getCACertificates('bundled');

/** One tenant at a time: their certificates bear the same name, and TLS would take the wrong one. */
export const trust = (tenant: Tenant): void => setDefaultCACertificates([...bundled, tenant.ca]);

/** Everything that the documentation asks of the product's identity. */
const rights = {
  roles: ['Directory.Read.All', 'RoleEligibilitySchedule.Read.Directory', 'Member.Read.Hidden'],
  directoryRoles: ['User Administrator'],
};

/** The Directory port with a token of its own, past the identity endpoint. */
export function directoryOf(tenant: Tenant, wish = {}) {
  const token = tenant.mintGraphToken({ ...rights, ...wish });
  return graphDirectory(graphTransport(tenant.origin, async () => ok(token)));
}

/** So many milliseconds from now, as the adapters take it. */
export const within = (ms: number): number => Date.now() + ms;
