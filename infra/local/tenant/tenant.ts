// The local tenant: Microsoft Graph, the managed-identity endpoint and the token authority on 127.0.0.1.
// The product cannot tell it from the real ones, and it refuses what they refuse. This file only puts
// the parts together.

import { createServer as createHttp, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type SignIn, signIn } from './accounts.ts';
import { answerAuthority, mintToken } from './authority.ts';
import { type Certificate, makeCertificate } from './certificate.ts';
import { answerControl } from './control.ts';
import { createDirectory, type Directory } from './directory.ts';
import { createDoor, type Incoming } from './door.ts';
import { createFaults, type Faults } from './faults.ts';
import { answerGraph, recordOf } from './graph-door.ts';
import { answerIdentity, type GraphTokenWish, identityHeader, mintGraphToken } from './identity.ts';
import { ids, populate } from './population.ts';
import { type Claims, createSigningKeys, type SignOptions } from './tokens.ts';
import type { RequestRecord, Settings, World } from './world.ts';
import type { WriteAuthority } from './write-rights.ts';

export interface TenantOptions {
  /** Of the HTTPS server; 0 or unset: any free one. */
  readonly port?: number;
  readonly identityPort?: number;
  readonly latencyMs?: number;
  /** Permissions and roles that the identity was never granted: 'Member.Read.Hidden', 'User Administrator'. */
  readonly without?: readonly string[];
  readonly noPim?: 400 | 403;
  readonly authority?: WriteAuthority;
  readonly certificate?: Certificate;
}

export interface Tenant {
  /** https://127.0.0.1:port of Graph and of the token authority. */
  readonly origin: string;
  /** PEM file for NODE_EXTRA_CA_CERTS, gone after `stop`; `ca` is its text. */
  readonly caFile: string;
  readonly ca: string;
  readonly tenantId: string;
  /** The settings with which the product runs against this tenant. */
  readonly environment: Readonly<Record<string, string>>;
  /** http://127.0.0.1:port/_tenant, the side door for other processes. */
  readonly control: string;
  readonly directory: Directory;
  readonly settings: Settings;
  readonly faults: Faults;
  /** What arrived at Graph (batch items follow their batch), at the identity endpoint, at the authority. */
  readonly requests: RequestRecord[];
  readonly identityRequests: RequestRecord[];
  readonly authorityRequests: RequestRecord[];
  mintToken(claims?: Claims, options?: SignOptions): string;
  mintGraphToken(wish?: GraphTokenWish): string;
  /** A new signing key; `forget` withdraws the old ones. */
  rotateKeys(forget?: boolean): void;
  signIn(userPrincipalName: string, password: string): SignIn;
  stop(): Promise<void>;
}

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', 1024, () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

export async function startTenant(options: TenantOptions = {}): Promise<Tenant> {
  const nothing = async (): Promise<void> => undefined;
  const { key, cert, caFile, remove } = options.certificate
    ? { ...options.certificate, remove: nothing }
    : await makeCertificate();
  const directory = createDirectory();
  populate(directory, options.without ?? []);

  const world: World = {
    directory,
    settings: {
      latencyMs: options.latencyMs ?? 0,
      withheld: new Set(),
      noPim: options.noPim,
      authority: options.authority ?? 'either',
      paging: { standard: 100, largest: 999 },
    },
    faults: createFaults(),
    keys: createSigningKeys(),
    origin: '',
    requests: [],
  };
  const identityRequests: RequestRecord[] = [];
  const authorityRequests: RequestRecord[] = [];
  const keep = (list: RequestRecord[], incoming: Incoming): RequestRecord => {
    const record = recordOf(incoming);
    list.push(record);
    return record;
  };
  const forAuthority = (url: string): boolean => url.startsWith(`/${ids.tenant}/`);

  const secure = createHttps(
    { key, cert, keepAliveTimeout: 60_000 },
    createDoor(
      world.faults,
      () => world.settings.latencyMs,
      (incoming) =>
        answerControl(world, incoming) ??
        answerAuthority(world, incoming) ??
        answerGraph(world, incoming),
      (incoming) => keep(forAuthority(incoming.url) ? authorityRequests : world.requests, incoming),
    ),
  );
  const plain = createHttp(
    createDoor(
      world.faults,
      () => 0,
      (incoming) => answerControl(world, incoming) ?? answerIdentity(world, incoming),
      (incoming) => keep(identityRequests, incoming),
    ),
  );
  world.origin = `https://127.0.0.1:${await listen(secure, options.port ?? 0)}`;
  const plainOrigin = `http://127.0.0.1:${await listen(plain, options.identityPort ?? 0)}`;

  return {
    origin: world.origin,
    caFile,
    ca: cert,
    tenantId: ids.tenant,
    environment: {
      AZURE_CLIENT_ID: ids.identityClient,
      GRAPH_ENDPOINT: world.origin,
      IDENTITY_ENDPOINT: `${plainOrigin}/msi/token`,
      IDENTITY_HEADER: identityHeader,
      ENTRA_AUTHORITY: world.origin,
      ENTRA_TENANT_ID: ids.tenant,
      ENTRA_AUDIENCE: ids.productApp,
      NODE_EXTRA_CA_CERTS: caFile,
    },
    control: `${plainOrigin}/_tenant`,
    directory,
    settings: world.settings,
    faults: world.faults,
    requests: world.requests,
    identityRequests,
    authorityRequests,
    mintToken: (claims, signing) => mintToken(world, claims, signing),
    mintGraphToken: (wish = {}) => mintGraphToken(world, wish),
    rotateKeys: (forget) => world.keys.rotate(forget),
    signIn: (name, password) => signIn(directory, name, password),
    stop: async () => {
      await Promise.all([close(secure), close(plain)]);
      await remove();
    },
  };
}
