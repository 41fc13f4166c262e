// The stage of the journey tests: local tenant, table emulator and the built bundle in the local host, and a
// plain HTTP client that sends what it is told, byte for byte. Knows addresses and headers, no expectation.

import { type IncomingHttpHeaders, request } from 'node:http';
import { type Azurite, startAzurite } from '../../infra/local/azurite.ts';
import {
  type Host,
  type HostOptions,
  LOCAL_FUNCTION_KEY,
  startHost,
} from '../../infra/local/host.ts';
import { startTenant, type Tenant, type TenantOptions } from '../../infra/local/tenant/tenant.ts';
import { conformsToMetadata } from './graph-metadata.ts';

export const functionDoor = '/api/user/security/reset-password';
export const entraDoor = '/api/entra/user/security/reset-password';
export const oldPassword = 'Autumn-Harbor-41';

type User = ReturnType<Tenant['directory']['addUser']>;
type RequestRecord = Tenant['requests'][number];

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Empty when the body is no JSON object. */
  readonly json: Readonly<Record<string, unknown>>;
  /** From the first byte sent to the last one received, at the client. */
  readonly elapsedMs: number;
}

export interface Sent {
  readonly method?: string;
  readonly path?: string;
  /** Beside the function key; `undefined` leaves a header out. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** An object goes as JSON; text and bytes go as they are. */
  readonly body?: object | string | Uint8Array;
  /** Without a length: the host then hands over an empty body. */
  readonly chunked?: boolean;
  /** Hangs up when it fires. */
  readonly signal?: AbortSignal;
}

export interface Door {
  readonly host: Host;
  send(sent: Sent): Promise<Reply>;
  /** A well-formed request of the function door, with what is given beside or instead. */
  reset(fields: Readonly<Record<string, unknown>>, headers?: Sent['headers']): Promise<Reply>;
  /** The same through the Entra door. */
  entra(token: string | undefined, fields: Readonly<Record<string, unknown>>): Promise<Reply>;
}

export interface Stage {
  readonly tenant: Tenant;
  readonly azurite: Azurite;
  /** The bundle with these settings; `undefined` takes a setting away. */
  open(
    settings?: Readonly<Record<string, string | undefined>>,
    options?: Partial<HostOptions>,
  ): Promise<Door>;
  /** A user whom no other test knows. */
  user(facts?: Partial<User>): User;
  close(): Promise<void>;
}

/** @param shared the table emulator of another stage, which that one stops. */
export async function openStage(options: TenantOptions = {}, shared?: Azurite): Promise<Stage> {
  const [tenant, azurite] = await Promise.all([startTenant(options), shared ?? startAzurite()]);
  const hosts: Host[] = [];
  let made = 0;
  return {
    tenant,
    azurite,
    open: async (settings = {}, hostOptions = {}) => {
      const host = await startHost({
        quiet: true,
        ...hostOptions,
        env: present({
          ...tenant.environment,
          AzureWebJobsStorage: azurite.connectionString,
          COOLDOWN_SECONDS: '0',
          ...settings,
        }),
      });
      hosts.push(host);
      return doorOf(host);
    },
    user: (facts = {}) => {
      made += 1;
      const displayName = `Person ${made}`;
      const userPrincipalName = `person.${made}@contoso.com`;
      return tenant.directory.addUser({ userPrincipalName, displayName, ...facts });
    },
    close: async () => {
      await Promise.all(hosts.map((host) => host.kill()));
      await Promise.all([tenant.stop(), shared ? undefined : azurite.stop()]);
    },
  };
}

function doorOf(host: Host): Door {
  const send = (sent: Sent): Promise<Reply> => exchange(host.url, sent);
  return {
    host,
    send,
    reset: (fields, headers = {}) =>
      send({ body: fields, headers: { 'content-type': 'application/json', ...headers } }),
    entra: (token, fields) =>
      send({
        path: entraDoor,
        body: fields,
        headers: {
          'content-type': 'application/json',
          'x-functions-key': undefined,
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
      }),
  };
}

function exchange(url: string, sent: Sent): Promise<Reply> {
  const { method = 'POST', path = functionDoor, headers = {}, body, chunked, signal } = sent;
  const bytes = bytesOf(body);
  const length = chunked ? {} : { 'content-length': bytes.length };
  const all = present({ 'x-functions-key': LOCAL_FUNCTION_KEY, ...length, ...headers });
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${url}${path}`,
      { method, headers: all, ...(signal && { signal }) },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8');
        incoming.on('data', (chunk: string) => {
          text += chunk;
        });
        incoming.on('error', reject);
        incoming.on('end', () => {
          const { statusCode: status = 0, headers: received } = incoming;
          const elapsedMs = performance.now() - startedAt;
          resolve({ status, headers: received, text, json: objectIn(text), elapsedMs });
        });
      },
    );
    outgoing.on('error', reject);
    if (chunked) outgoing.write(bytes);
    outgoing.end(chunked ? undefined : bytes);
  });
}

function bytesOf(body: Sent['body']): Uint8Array {
  if (body instanceof Uint8Array) return body;
  return Buffer.from(typeof body === 'object' ? JSON.stringify(body) : (body ?? ''));
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

const present = <T>(values: Readonly<Record<string, T | undefined>>): Record<string, T> =>
  Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, T] => entry[1] !== undefined),
  );

/** `error.code` of a failure, or what a success says of itself: what most tests look at first. */
export function codeOf({ status, json }: Reply): string {
  const error = json['error'];
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : '';
  return `${status} ${String(json['Status'] ?? code)}`;
}

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

export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));
