// The stage of the journey tests: local tenant, table emulator and the built bundle in the local host. Starts
// and ends them; what is sent and what was seen is said elsewhere (door.ts, seen.ts).

import { type Azurite, startAzurite } from '../../infra/local/azurite.ts';
import { type Host, type HostOptions, startHost } from '../../infra/local/host.ts';
import { startTenant, type Tenant, type TenantOptions } from '../../infra/local/tenant/tenant.ts';
import { entraDoor, exchange, present, type Reply, type Sent } from './door.ts';

type User = ReturnType<Tenant['directory']['addUser']>;

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
