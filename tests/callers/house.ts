// One running product for the tests of the callers: the local tenant, Azurite, and the built bundle in
// the local host, with a CALLERS that holds the entries it is given. Knows no recipe.

import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { startAzurite } from '../../infra/local/azurite.ts';
import { type Host, startHost } from '../../infra/local/host.ts';
import { startTenant, type Tenant } from '../../infra/local/tenant/tenant.ts';

export type Entry = Readonly<Record<string, unknown>>;

export interface House {
  readonly url: string;
  readonly tenant: Tenant;
  readonly host: Host;
  readonly stop: () => Promise<void>;
}

export interface Delivery {
  readonly method?: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | Buffer;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
}

/** The function key of a caller; long, as the platform's are. */
export const keyOf = (caller: string): string => `function-key-of-${caller}-0123456789`;
export const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex');

/** Several resets of one user have to be possible, so there is no cooldown unless it is asked for. */
export async function startHouse(
  entries: readonly Entry[],
  settings: Readonly<Record<string, string>> = {},
): Promise<House> {
  const tenant = await startTenant();
  const azurite = await startAzurite();
  const leave = async (): Promise<void> => {
    await Promise.all([tenant.stop(), azurite.stop()]);
  };
  const names = entries.map(({ name }) => String(name));
  try {
    const host = await startHost({
      quiet: true,
      env: {
        ...tenant.environment,
        AzureWebJobsStorage: azurite.connectionString,
        CALLERS: JSON.stringify(entries),
        COOLDOWN_SECONDS: '0',
        ...settings,
      },
      keys: {
        function: Object.fromEntries(names.map((name) => [`resetPassword/${name}`, keyOf(name)])),
      },
    });
    return {
      url: host.url,
      tenant,
      host,
      stop: async () => {
        await host.stop();
        await leave();
      },
    };
  } catch (error) {
    await leave();
    throw error;
  }
}

/** Sends exactly these headers (and a length), as fetch would not. */
export function send({ method = 'POST', url, headers, body }: Delivery): Promise<Reply> {
  const bytes = Buffer.from(body);
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          json: text.startsWith('{') ? JSON.parse(text) : {},
        });
      });
    });
    outgoing.on('error', reject);
    for (const [name, value] of headers) outgoing.setHeader(name, value);
    outgoing.setHeader('Content-Length', bytes.length);
    outgoing.end(bytes);
  });
}
