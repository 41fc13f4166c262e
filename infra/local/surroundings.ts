// What the product needs around it on this machine: the local tenant, the ledger's storage, and a token for whoever tries the Entra door.
// Started the same way for the local host and for Azure Functions Core Tools. It knows nothing of either.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Azurite, startAzurite } from './azurite.ts';
import type { Flags } from './flags.ts';
import { metadata } from './tenant/metadata.ts';
import { groupIds } from './tenant/people.ts';
import { isRoleName } from './tenant/roles.ts';
import { startTenant, type Tenant } from './tenant/tenant.ts';

export interface Surroundings {
  readonly tenant: Tenant;
  readonly azurite: Azurite;
  /** The settings of the product, the person's own among them. */
  readonly env: Readonly<Record<string, string>>;
  readonly stop: () => Promise<void>;
}

const ROOT = path.resolve(import.meta.dirname, '../..');
const LOCAL = path.join(ROOT, '.local'); // ignored by git
export const TOKEN_FILE = '.local/token';
export const CA_FILE = '.local/tenant.pem';
const TOKEN_RENEWAL_MS = 30 * 60_000; // a token lives an hour

/** Throws one sentence when something does not come up. */
export async function startSurroundings(
  flags: Flags,
  given: Readonly<Record<string, string>>,
): Promise<Surroundings> {
  const unknown = flags.without.find((name) => !isRoleName(name) && !(name in metadata.appRoles));
  if (unknown !== undefined) {
    throw new Error(
      `--without: "${unknown}" is neither a permission of Graph nor a directory role. Such as: --without "User Administrator"`,
    );
  }
  const [tenant, azurite] = await Promise.all([
    startTenant({
      latencyMs: flags.latencyMs,
      without: flags.without,
      ...(flags.noPim ? { noPim: 403 as const } : {}),
    }),
    startAzurite(),
  ]);

  mkdirSync(LOCAL, { recursive: true });
  const file = (name: string, text: string) =>
    writeFileSync(path.join(ROOT, name), text, { mode: 0o600 });
  const writeToken = () => file(TOKEN_FILE, tenant.mintToken());
  writeToken();
  file(CA_FILE, tenant.ca);
  const renewal = setInterval(writeToken, TOKEN_RENEWAL_MS);

  return {
    tenant,
    azurite,
    env: {
      ...tenant.environment,
      AzureWebJobsStorage: azurite.connectionString,
      PROTECTED_GROUP_IDS: [groupIds.protected, groupIds.hidden].join(','),
      ...given,
    },
    stop: async () => {
      clearInterval(renewal);
      for (const name of [TOKEN_FILE, CA_FILE]) rmSync(path.join(ROOT, name), { force: true });
      await Promise.all([azurite.stop(), tenant.stop()]);
    },
  };
}
