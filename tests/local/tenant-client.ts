// A plain HTTPS client for the tests of the local tenant: sends what it is told, byte for byte, and hands
// back what came; and a tenant to send it to. Knows nothing of Graph.

import { Agent, request } from 'node:https';
import { startTenant, type Tenant, type TenantOptions } from '../../infra/local/tenant/tenant.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Parsed when it is JSON, else the text. */
  readonly body: unknown;
}
export interface Sent {
  /** An object goes as JSON with its content type, a string as it is without one. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string | undefined;
}
export interface Client {
  send(method: string, path: string, sent?: Sent): Promise<Answer>;
  get(path: string): Promise<Answer>;
  close(): void;
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** `token` is sent with every request that names no other; `{ token: undefined }` sends none. */
export function createClient(tenant: Tenant, token: string): Client {
  const agent = new Agent({ ca: tenant.ca, keepAlive: true });
  const send = (method: string, path: string, sent: Sent = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const used = 'token' in sent ? sent.token : token;
      const { port, hostname } = new URL(tenant.origin);
      const json = typeof sent.body === 'object';
      const outgoing = request(
        {
          ...{ agent, method, path, port, hostname },
          headers: {
            ...(used === undefined ? {} : { authorization: `Bearer ${used}` }),
            ...(json ? { 'content-type': 'application/json' } : {}),
            ...sent.headers,
          },
        },
        (incoming) => {
          let text = '';
          incoming.setEncoding('utf8');
          incoming.on('data', (chunk: string) => {
            text += chunk;
          });
          incoming.on('error', reject);
          incoming.on('end', () => {
            const { statusCode: status = 0, headers } = incoming;
            resolve({ status, headers, body: parsed(text) });
          });
        },
      );
      outgoing.on('error', reject);
      outgoing.end(json ? JSON.stringify(sent.body) : sent.body);
    });
  return { send, get: (path) => send('GET', path), close: () => agent.destroy() };
}

/** The rights that the documentation asks of the product's identity. */
export const productRights = {
  roles: [
    'User-PasswordProfile.ReadWrite.All',
    'User.EnableDisableAccount.All',
    'User.RevokeSessions.All',
    'User.Read.All',
    'Directory.Read.All',
    'RoleEligibilitySchedule.Read.Directory',
    'Member.Read.Hidden',
  ],
  directoryRoles: ['User Administrator'],
} as const;

/** A tenant of its own for a test file, and a client with the product's rights or others. */
export async function openTenant(
  rights: Parameters<Tenant['mintGraphToken']>[0] = productRights,
  options: TenantOptions = {},
) {
  const tenant = await startTenant(options);
  const graph = createClient(tenant, tenant.mintGraphToken(rights));
  const close = async (): Promise<void> => {
    graph.close();
    await tenant.stop();
  };
  return { tenant, graph, close };
}

/** `error` without the ids and the time, which differ each time. */
export function errorOf(answer: Answer): unknown {
  const { body } = answer;
  if (typeof body !== 'object' || body === null || !('error' in body)) return body;
  const { innerError, ...rest } = body.error as Record<string, unknown>;
  return rest;
}

/** A member of a JSON answer. */
export const member = (answer: Answer, name: string): unknown =>
  (answer.body as Record<string, unknown>)[name];

export const rows = (answer: Answer): Record<string, unknown>[] =>
  member(answer, 'value') as Record<string, unknown>[];
