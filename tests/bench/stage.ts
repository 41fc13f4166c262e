// What the bench runs against: one local tenant, one Azurite behind a delay, and hosts with the apps.

import { createHash } from 'node:crypto';
import { startAzurite } from '../../infra/local/azurite.ts';
import { type Host, startHost } from '../../infra/local/host.ts';
import { startTenant } from '../../infra/local/tenant/tenant.ts';
import { type App, appFolder } from './apps.ts';
import { startTableDelay } from './table-delay.ts';

/** The implicit caller may do 500 an hour: the bench spreads its requests over several. */
const callerKeys = Array.from({ length: 20 }, (_, index) => `bench-key-${index}-0123456789abcdef`);
const callers = JSON.stringify(
  callerKeys.map((key, index) => ({
    name: `bench-${index}`,
    key: [createHash('sha256').update(key).digest('hex')],
    password: 'return',
    maxResetsPerHour: 1000,
  })),
);

export type Stage = Awaited<ReturnType<typeof openStage>>;

export async function openStage() {
  const tenant = await startTenant();
  const azurite = await startAzurite();
  const storage = await startTableDelay(azurite.tableEndpoint, 0);
  const { pathname } = new URL(azurite.tableEndpoint);
  const connectionString = azurite.connectionString.replace(
    /TableEndpoint=[^;]*/,
    `TableEndpoint=${storage.url}${pathname}`,
  );
  let batch = 0;
  const users = (count: number): string[] => {
    batch += 1;
    return tenant.directory
      .addUsers(count, `bench${batch}`)
      .map(({ userPrincipalName }) => userPrincipalName);
  };
  return {
    tenant,
    storage,
    connectionString,
    users,
    host: (app: App, env: Readonly<Record<string, string>> = {}): Promise<Host> =>
      startHost({
        app: appFolder(app),
        env: {
          ...tenant.environment,
          AzureWebJobsStorage: connectionString,
          BENCH_TABLE_PROXY: storage.url,
          CALLERS: callers,
          COOLDOWN_SECONDS: '0',
          ...env,
        },
        keys: { function: Object.fromEntries(callerKeys.map((key, index) => [`k${index}`, key])) },
        quiet: true,
      }),
    async close() {
      await storage.stop();
      await azurite.stop();
      await tenant.stop();
    },
  };
}

let turn = 0;

export async function reset(host: Host, userName: string, key = userName): Promise<Response> {
  turn += 1;
  const callerKey = callerKeys[turn % callerKeys.length] ?? '';
  const response = await fetch(`${host.url}/api/user/security/reset-password`, {
    method: 'POST',
    headers: {
      'x-functions-key': callerKey,
      'content-type': 'application/json',
      'idempotency-key': key,
    },
    body: JSON.stringify({ UserName: userName }),
  });
  await response.arrayBuffer();
  return response;
}

/** A reset that has to succeed. */
export async function mustReset(host: Host, userName: string): Promise<void> {
  const { status } = await reset(host, userName);
  if (status !== 200) throw new Error(`A reset in the bench was answered ${status}.`);
}
