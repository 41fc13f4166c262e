// /api/ready: is everything there that a reset needs? Each check says what is so and what to type if it
// is not. Never a secret, never a token. Also run every five minutes by a timer, for the alert.

import type { Log } from './audit.ts';
import type { Config, Mistake } from './config.ts';
import type { Failure } from './failure.ts';
import {
  type Identity,
  type IdentityRights,
  missingToRead,
  missingToReset,
  writerRolesOf,
} from './identity-rights.ts';
import type { Result } from './result.ts';
import type { TenantFacts } from './target.ts';

export interface Check {
  readonly Name: string;
  readonly Status: 'Passed' | 'Failed' | 'Skipped';
  readonly Detail: string;
  readonly Remedy: string;
}

/** `until`: milliseconds since 1970 at which the answer has to be there. */
export interface ReadyPorts {
  readonly identity: Identity;
  /** Read anew: a copy would hide for a minute that Graph is gone. */
  tenantNow(until: number): Promise<Result<TenantFacts, Failure>>;
  /** Which of these groups hide their members; an unknown one is a mistake of PROTECTED_GROUP_IDS. */
  visibility(
    ids: readonly string[],
    until: number,
  ): Promise<Result<ReadonlyMap<string, 'visible' | 'hidden'>, Failure>>;
  /** Whether each table takes what a reset does to it. */
  usable(until: number): Promise<boolean>;
  /** The key set of the tenant; undefined while the Entra door is closed. */
  readonly keysReachable: ((until: number) => Promise<boolean>) | undefined;
}

const check =
  (Status: Check['Status']) =>
  (Name: string, Detail: string, Remedy = ''): Check => ({ Name, Status, Detail, Remedy });
const passed = check('Passed');
const failed = check('Failed');
const skipped = check('Skipped');

const grant = 'npm run grant -- --app NAME';
const laterChecks = [
  'Identity',
  'Permissions',
  'WriteRight',
  'Graph',
  'Guard',
  'ProtectedGroups',
  'Ledger',
  'TokenKeys',
] as const;
const notWhole = laterChecks.map((name) => skipped(name, 'The configuration is not whole.'));

export async function checkReadiness(
  config: Result<Config, readonly Mistake[]>,
  ports: () => Promise<ReadyPorts>,
  until: number,
): Promise<readonly Check[]> {
  if (!config.ok) {
    const mistakes = config.failure.map(({ setting, detail }) =>
      failed('Configuration', `${setting}: ${detail}`, `Correct the setting ${setting}.`),
    );
    return [...mistakes, ...notWhole];
  }
  const opened = await ports().catch(() => undefined);
  if (opened === undefined) {
    const detail = 'The adapters could not be opened: the storage settings are not usable.';
    return [failed('Configuration', detail, 'Correct AzureWebJobsStorage.'), ...notWhole];
  }
  const { protectedGroupIds } = config.value;
  const [rights, tenant, visible, usable, keysReachable] = await Promise.all([
    opened.identity.rights(until),
    opened.tenantNow(until),
    opened.visibility(protectedGroupIds, until),
    opened.usable(until),
    opened.keysReachable?.(until),
  ]);
  const permissions = rights.ok ? rights.value.permissions : [];
  return [
    configuration(config.value),
    rights.ok
      ? passed('Identity', `A token for Microsoft Graph was issued to ${rights.value.objectId}.`)
      : failed('Identity', 'No token could be had.', identityRemedy),
    ...(rights.ok
      ? rightChecks(rights.value, tenant)
      : [skipped('Permissions', 'No token.'), skipped('WriteRight', 'No token.')]),
    graph(tenant),
    guard(tenant, permissions),
    hiddenGroups(protectedGroupIds, visible, permissions),
    usable
      ? passed('Ledger', 'Rows were written, read and removed.')
      : failed(
          'Ledger',
          'Rows could not be written, read and removed in table storage.',
          ledgerRemedy,
        ),
    tokenKeys(keysReachable),
  ];
}

const identityRemedy =
  'Assign the identity to the app and set AZURE_CLIENT_ID to its client id: az webapp identity show -g GROUP -n APP';
const ledgerRemedy =
  'Give the identity the role Storage Table Data Contributor on the storage account: az role assignment ' +
  'create --role "Storage Table Data Contributor" --assignee OBJECT_ID --scope STORAGE_ID';

function configuration({ callers }: Config): Check {
  if (callers === undefined) {
    return passed('Configuration', 'CALLERS is not set: every function key receives passwords.');
  }
  const withholding = callers.filter(({ password }) => password === 'withhold').length;
  const note =
    withholding === callers.length
      ? ' All of them withhold passwords: nobody can hand one to a user. Add a caller with "password": "return".'
      : '';
  return passed('Configuration', `Callers: ${callers.length}, withholding: ${withholding}.${note}`);
}

function rightChecks(
  rights: IdentityRights,
  tenant: Result<TenantFacts, Failure>,
): readonly Check[] {
  if (rights.objectId === undefined && rights.permissions.length === 0) {
    const silent = 'The token does not tell what it carries.';
    return [skipped('Permissions', silent), skipped('WriteRight', silent)];
  }
  const lacking = missingToRead(rights);
  const permissions =
    lacking.length === 0
      ? passed('Permissions', `The token carries ${rights.permissions.join(', ')}.`)
      : failed('Permissions', `The token lacks ${lacking.join(', ')}.`, grant);
  if (!tenant.ok) {
    return [permissions, skipped('WriteRight', 'The role assignments could not be read.')];
  }
  const { assignments } = tenant.value;
  const everything = { enableUserIfNeeded: true, revokeSessions: true };
  const missing = missingToReset(rights, assignments, everything);
  const roles = writerRolesOf(rights, assignments).map(({ name, scope }) => `${name} on ${scope}`);
  if (missing.length > 0) {
    return [permissions, failed('WriteRight', `The identity lacks ${missing.join(', ')}.`, grant)];
  }
  const by =
    roles.length > 0 ? `${roles.join(', ')}.` : 'By application permissions, without a role.';
  return [permissions, passed('WriteRight', by)];
}

function graph(tenant: Result<TenantFacts, Failure>): Check {
  const unreachable = ['GraphUnavailable', 'IdentityUnavailable', 'TooManyRequests'];
  if (tenant.ok || !unreachable.includes(tenant.failure.code)) {
    return passed('Graph', 'Microsoft Graph answers.');
  }
  return failed(
    'Graph',
    `Microsoft Graph could not be read (${tenant.failure.code}).`,
    'Check GRAPH_ENDPOINT and the outbound network; then call /api/ready again.',
  );
}

function guard(tenant: Result<TenantFacts, Failure>, permissions: readonly string[]): Check {
  if (!tenant.ok) {
    const { failure } = tenant;
    const right = failure.code === 'GraphDenied' ? ` It likely lacks ${failure.right}.` : '';
    return failed(
      'Guard',
      `Roles, groups or domains of the tenant could not be read (${failure.code}).${right}`,
      grant,
    );
  }
  const { assignments, eligibilities, roleAssignableGroups } = tenant.value;
  const hidden = roleAssignableGroups.filter((group) => group.hidden).length;
  const unseen = unseenMembers(hidden, 'role-assignable groups', permissions);
  if (unseen !== undefined) return failed('Guard', unseen, grant);
  const eligible =
    eligibilities === 'no-licence'
      ? 'no PIM licence, so no eligibilities'
      : `${eligibilities.length} eligibilities`;
  return passed(
    'Guard',
    `Read: ${assignments.length} role assignments, ${eligible}, ` +
      `${roleAssignableGroups.length} role-assignable groups.`,
  );
}

function hiddenGroups(
  ids: readonly string[],
  visible: Result<ReadonlyMap<string, 'visible' | 'hidden'>, Failure>,
  permissions: readonly string[],
): Check {
  const name = 'ProtectedGroups';
  if (ids.length === 0) return skipped(name, 'PROTECTED_GROUP_IDS is not set.');
  if (!visible.ok) {
    return failed(name, `The groups could not be read (${visible.failure.code}).`, grant);
  }
  const unknown = ids.filter((id) => !visible.value.has(id));
  if (unknown.length > 0) {
    return failed(
      name,
      `${unknown.length} of PROTECTED_GROUP_IDS are no groups of this tenant.`,
      'Correct PROTECTED_GROUP_IDS: az ad group show --group NAME --query id',
    );
  }
  const hidden = ids.filter((id) => visible.value.get(id) === 'hidden').length;
  const unseen = unseenMembers(hidden, 'protected groups', permissions);
  if (unseen !== undefined) return failed(name, unseen, grant);
  return passed(name, `${ids.length} protected groups are visible.`);
}

const unseenMembers = (
  hidden: number,
  what: string,
  permissions: readonly string[],
): string | undefined =>
  hidden === 0 || permissions.includes('Member.Read.Hidden')
    ? undefined
    : `${hidden} ${what} hide their members, and the token lacks Member.Read.Hidden.`;

function tokenKeys(reachable: boolean | undefined): Check {
  if (reachable === undefined) return skipped('TokenKeys', 'The Entra door is closed.');
  return reachable
    ? passed('TokenKeys', 'The key set of the tenant was read.')
    : failed(
        'TokenKeys',
        'The key set of the tenant could not be read.',
        'Check ENTRA_AUTHORITY, ENTRA_TENANT_ID and the outbound network.',
      );
}

export const isReady = (checks: readonly Check[]): boolean =>
  checks.every(({ Status }) => Status !== 'Failed');

/** One check a line, so that a person can read it in a terminal. */
export function readinessBody(checks: readonly Check[]): string {
  const status = isReady(checks) ? 'Ready' : 'NotReady';
  const rows = checks.map((check) => JSON.stringify(check)).join(',\n');
  return `{"Status":"${status}","Checks":[\n${rows}\n]}\n`;
}

/** What the alert stands on. */
export function logReadiness(log: Log, checks: readonly Check[]): void {
  const names = checks.filter(({ Status }) => Status === 'Failed').map(({ Name }) => Name);
  const status = names.length === 0 ? 'Ready' : 'NotReady';
  log(names.length === 0 ? 'info' : 'error', 'ReadinessChecked', { status, failed: names });
}
