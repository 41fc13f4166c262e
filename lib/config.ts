// The settings (README, Settings): environment in, configuration out, or all mistakes at once with what to
// type. Checked once at start-up; never throws, because the host answers a throw with 404 everywhere.
// The only file that reads settings. Repeats no value: some are secrets.

import type { Caller } from './caller.ts';
import { readCallers } from './callers-setting.ts';
import { fold } from './fold.ts';
import { guid } from './request-schema.ts';
import { err, ok, type Result } from './result.ts';
import { isUnresolved } from './signature.ts';

export interface Config {
  /** Client id of the user-assigned identity; undefined = the system-assigned one. */
  readonly clientId: string | undefined;
  readonly graphOrigin: string;
  readonly ledger: { readonly endpoint: string } | { readonly connectionString: string };
  /** undefined: every holder of a key or of the app role is a caller. */
  readonly callers: readonly Caller[] | undefined;
  readonly protectedGroupIds: readonly string[];
  readonly entra: EntraConfig | undefined;
  readonly cooldownSeconds: number;
  readonly auditRetentionDays: number;
}

export interface EntraConfig {
  readonly audiences: readonly string[];
  readonly issuers: readonly string[];
  readonly keysUrl: string;
}

/** One wrong setting: its name, what is wrong, and what to type. */
export interface Mistake {
  readonly setting: string;
  readonly detail: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export function readConfig(env: Environment): Result<Config, readonly Mistake[]> {
  const mistakes: Mistake[] = [];
  const wrong = (setting: string, detail: string): undefined => {
    mistakes.push({ setting, detail });
    return undefined;
  };
  const text = (name: string): string | undefined => setting(env, name)?.trim() || undefined;

  const clientId = text('AZURE_CLIENT_ID');
  if (clientId !== undefined && !isGuid(clientId)) {
    wrong('AZURE_CLIENT_ID', 'Set the client id (a GUID) of the user-assigned identity.');
  }
  const graphOrigin = httpsOrigin(text('GRAPH_ENDPOINT') ?? 'https://graph.microsoft.com');
  if (graphOrigin === undefined) {
    wrong(
      'GRAPH_ENDPOINT',
      'Set an https origin without a path, such as https://graph.microsoft.com.',
    );
  }
  const config = {
    clientId,
    graphOrigin: graphOrigin ?? '',
    ledger: readLedger(text, wrong) ?? { connectionString: '' },
    callers: readCallers((name) => setting(env, name), wrong),
    protectedGroupIds: readGroups(text('PROTECTED_GROUP_IDS'), wrong),
    entra: readEntra(text, wrong),
    cooldownSeconds: readNumber(text, wrong, 'COOLDOWN_SECONDS', 120, 0, 3600),
    auditRetentionDays: readNumber(text, wrong, 'AUDIT_RETENTION_DAYS', 365, 1, 3650),
  };
  return mistakes.length === 0 ? ok(config) : err(mistakes);
}

type Text = (name: string) => string | undefined;
/** Notes a mistake. */
export type Wrong = (setting: string, detail: string) => undefined;

/** Own settings only: a secret may be named "constructor". */
const setting = (env: Environment, name: string): string | undefined =>
  Object.hasOwn(env, name) ? env[name] : undefined;

/** Whether the Entra door is asked for; it is registered even when its settings are wrong. */
export const entraDoorAsked = (env: Environment): boolean => Boolean(env['ENTRA_AUDIENCE']?.trim());

const guidPattern = new RegExp(guid);
const isGuid = (value: string): boolean => guidPattern.test(value);

function httpsOrigin(value: string): string | undefined {
  const url = URL.parse(value);
  const bare = url?.pathname === '/' && url.search === '' && url.hash === '' && url.username === '';
  return url !== null && url.protocol === 'https:' && bare ? url.origin : undefined;
}

function readLedger(text: Text, wrong: Wrong): Config['ledger'] | undefined {
  for (const name of ['LEDGER_TABLE_ENDPOINT', 'AzureWebJobsStorage__tableServiceUri']) {
    const endpoint = text(name);
    if (endpoint === undefined) continue;
    if (URL.parse(endpoint)?.protocol === 'https:') return { endpoint };
    return wrong(
      name,
      'Set the https table endpoint, such as https://NAME.table.core.windows.net.',
    );
  }
  const connectionString = text('AzureWebJobsStorage');
  if (connectionString === undefined) {
    return wrong(
      'AzureWebJobsStorage__tableServiceUri',
      'Set the table endpoint of the storage account (https://NAME.table.core.windows.net), or ' +
        'AzureWebJobsStorage=UseDevelopmentStorage=true for a local Azurite.',
    );
  }
  if (isWhole(connectionString)) return { connectionString };
  return wrong('AzureWebJobsStorage', 'This is no storage connection string. Copy it whole.');
}

/**
 * The emulator, an account with its key, or a table endpoint with a shared access signature, as the table
 * client reads them (`@azure/data-tables`, connectionString). What it refuses all the same shows when the
 * tables are opened; here it is told beside all other mistakes.
 */
function isWhole(connectionString: string): boolean {
  const pairs = connectionString.split(';').map((pair) => pair.trim().split(/=(.*)/));
  // The first of equal names counts.
  const parts = new Map(
    pairs.toReversed().map(([name = '', value = '']) => [name.toLowerCase(), value]),
  );
  const part = (name: string): string => parts.get(name) ?? '';
  if (part('usedevelopmentstorage').toLowerCase() === 'true') return true;
  const endpoint = part('tableendpoint');
  const scheme = URL.parse(endpoint)?.protocol;
  if (endpoint !== '' && scheme !== 'https:' && scheme !== 'http:') return false;
  if (part('sharedaccesssignature') !== '') return endpoint !== '';
  const protocol = part('defaultendpointsprotocol').toLowerCase();
  return (
    part('accountname') !== '' &&
    part('accountkey') !== '' &&
    (protocol === 'https' || (protocol === 'http' && endpoint !== '')) &&
    (endpoint !== '' || part('endpointsuffix') !== '')
  );
}

function readGroups(value: string | undefined, wrong: Wrong): readonly string[] {
  const ids = value === undefined ? [] : value.split(',').map((id) => fold(id.trim()));
  if (!ids.every(isGuid)) {
    wrong('PROTECTED_GROUP_IDS', 'Set object ids of groups (GUIDs), separated by commas.');
  }
  return ids;
}

function readNumber(
  text: Text,
  wrong: Wrong,
  name: string,
  byDefault: number,
  least: number,
  most: number,
): number {
  const value = text(name);
  if (value === undefined) return byDefault;
  const inRange = /^\d{1,5}$/.test(value) && Number(value) >= least && Number(value) <= most;
  if (!inRange) wrong(name, `Set a whole number from ${least} to ${most}.`);
  return Number(value);
}

function readEntra(text: Text, wrong: Wrong): EntraConfig | undefined {
  const audience = text('ENTRA_AUDIENCE');
  const audiences = (audience ?? '').split(',').map((value) => value.trim());
  if (audience !== undefined && (audiences.includes('') || isUnresolved(audience))) {
    wrong('ENTRA_AUDIENCE', 'Set the client id of the app registration, or several with commas.');
  }
  const authority = httpsOrigin(text('ENTRA_AUTHORITY') ?? 'https://login.microsoftonline.com');
  if (authority === undefined) {
    wrong('ENTRA_AUTHORITY', 'Set an https origin, such as https://login.microsoftonline.com.');
  }
  const tenantId = fold(text('ENTRA_TENANT_ID') ?? '');
  if (!isGuid(tenantId) && (audience !== undefined || tenantId !== '')) {
    wrong('ENTRA_TENANT_ID', 'Set the tenant id (a GUID): az account show --query tenantId.');
  }
  if (audience === undefined) return undefined;
  return {
    // Tokens carry ids in lower case; an id also stands for its default identifier URI.
    audiences: audiences.flatMap((value) =>
      isGuid(value) ? [fold(value), `api://${fold(value)}`] : [value],
    ),
    issuers: [`${authority}/${tenantId}/v2.0`, `https://sts.windows.net/${tenantId}/`],
    keysUrl: `${authority}/${tenantId}/discovery/v2.0/keys`,
  };
}
