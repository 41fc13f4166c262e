// An administrator at a terminal, for the tests of the tools: a sign-in to the local tenant with chosen
// rights, an Azure CLI that is played, and ears for what was said.

import tls from 'node:tls';
import type { Az } from '../../infra/azure/azure-cli.ts';
import type { GrantPorts } from '../../infra/azure/grant.ts';
import { type Certificate, makeCertificate } from '../../infra/local/tenant/certificate.ts';
import { startTenant, type Tenant, type TenantOptions } from '../../infra/local/tenant/tenant.ts';

export interface PlayedAz {
  readonly az: Az;
  /** Every command line, in order. */
  readonly lines: string[];
}

/** `answers`: by the beginning of the command line; an Error is thrown. Unknown commands fail loudly. */
export function playAz(answers: Readonly<Record<string, unknown>>): PlayedAz {
  const lines: string[] = [];
  const az: Az = async (...args) => {
    const line = `az ${args.join(' ')}`;
    lines.push(line);
    const known = Object.keys(answers).find((start) => line.startsWith(`az ${start}`));
    if (known === undefined) throw new Error(`The played az does not know: ${line}`);
    const answer = answers[known];
    if (answer instanceof Error) throw answer;
    return typeof answer === 'function' ? answer(args) : answer;
  };
  return { az, lines };
}

let certificate: ReturnType<typeof makeCertificate> | undefined;
let before: readonly string[] = [];

/** A certificate that alone counts for this test process: one for all servers, since several of the same
    name would be mistaken for each other. `forgetCertificate` has to follow. */
export async function trustedCertificate(): Promise<Certificate> {
  if (certificate === undefined) {
    certificate = makeCertificate();
    before = tls.getCACertificates('default');
    tls.setDefaultCACertificates([(await certificate).cert]);
  }
  return certificate;
}

export const startTrustedTenant = async (options: TenantOptions = {}): Promise<Tenant> =>
  startTenant({ ...options, certificate: await trustedCertificate() });

export async function forgetCertificate(): Promise<void> {
  if (certificate === undefined) return;
  tls.setDefaultCACertificates(before);
  await (await certificate).remove();
  certificate = undefined;
}

export interface Terminal {
  readonly ports: GrantPorts;
  readonly said: () => string;
}

export function terminal(
  tenant: Tenant,
  az: Az,
  directoryRoles: readonly string[] = ['Global Administrator'],
  permissions: readonly string[] = [],
): Terminal {
  const lines: string[] = [];
  const token = tenant.mintGraphToken({ directoryRoles, roles: permissions });
  return {
    ports: {
      credential: { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) },
      az,
      say: (line) => lines.push(line),
      env: { GRAPH_ENDPOINT: tenant.origin },
      wait: async () => {},
    },
    said: () => lines.join('\n'),
  };
}

/** Requests to Graph that change something, as `METHOD /path`. */
export const writesOf = (tenant: Tenant): readonly string[] =>
  tenant.requests
    .filter(({ method }) => method !== 'GET')
    .map(({ method, path }) => `${method} ${path}`);
