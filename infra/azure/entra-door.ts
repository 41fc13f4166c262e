// The app registration behind the Entra door: its app role, its scope for people at a terminal, the Azure
// CLI as a client that needs no consent. Who holds the role: door-callers.ts. Touches no right of the app's identity.

import { appRole } from '../../lib/caller.ts';
import { member } from '../../lib/member.ts';
import { filter, type Graph, literal, type Reply, type Row } from './graph-admin.ts';
import { isDone, type Step, settle } from './steps.ts';

const azureCliAppId = '04b07795-8ddb-461a-bbee-02f9e1bf7b46';

// Ids need be unique within one registration only; the same ones everywhere make a second run find them.
const invoke = {
  id: '4b1f7a52-6c0e-4e0f-9d0a-2f8f4c1d7e31',
  value: appRole,
  displayName: 'Reset passwords',
  description: 'May call the password reset endpoint.',
  isEnabled: true,
  allowedMemberTypes: ['User', 'Application'],
};
const scope = {
  id: '8c5a3d1e-2f47-4b69-8a3c-5e7d9b1f0c24',
  value: 'user_impersonation',
  type: 'User',
  isEnabled: true,
  adminConsentDisplayName: 'Call the password reset endpoint',
  adminConsentDescription:
    'Lets a client call the password reset endpoint as the signed-in person.',
};

export interface Door {
  readonly name: string;
  /** Undefined while there is no registration. */
  application: Row | undefined;
  principal: Row | undefined;
  readonly found: boolean;
}

export const mayRegister = 'Application Administrator (or Cloud Application Administrator)';
const doorName = (app: string): string => `Password reset ${app}`;

/** The registration with this client id, or with the app's name. Throws one sentence when several fit. */
export async function readDoor(graph: Graph, app: string, appId?: string): Promise<Door> {
  const name = doorName(app);
  const clause =
    appId === undefined ? `displayName eq ${literal(name)}` : `appId eq ${literal(appId)}`;
  const [application, ...others] = await graph.list(`/applications?${filter(clause)}`);
  if (others.length > 0) {
    const ids = [application, ...others].map((row) => `  --entra-app ${row?.['appId']}`);
    throw new Error(`Several app registrations are named "${name}". Say which:\n${ids.join('\n')}`);
  }
  if (appId !== undefined && application === undefined) {
    throw new Error(`There is no app registration with the client id ${appId}.`);
  }
  const principal =
    application === undefined
      ? undefined
      : await graph.find(
          `/servicePrincipals(appId='${application['appId']}')?$select=id,appId,appRoles`,
        );
  return { name, application, principal, found: application !== undefined };
}

export const rowsAt = (value: unknown, name: string): readonly unknown[] => {
  const found = member(value, name);
  return Array.isArray(found) ? found : [];
};
const has = (rows: readonly unknown[], name: string, value: string): boolean =>
  rows.some((row) => member(row, name) === value);

/** @param wait of a number of milliseconds, for what Graph does not know yet. */
export function doorSteps(
  graph: Graph,
  door: Door,
  wait: (ms: number) => Promise<unknown>,
): readonly Step[] {
  const now = () => door.application;
  const change = async (body: Row): Promise<Reply> => {
    const path = `/applications/${now()?.['id']}`;
    const reply = await settle(() => graph.send('PATCH', path, body), wait);
    if (isDone(reply)) door.application = { ...now(), ...body };
    return reply;
  };
  const scopeId = (): string =>
    String(
      member(rowsAt(member(now(), 'api'), 'oauth2PermissionScopes').find(isOurScope), 'id') ??
        scope.id,
    );
  const step = (what: string, present: boolean, take: Step['take']): Step => ({
    what,
    present,
    needs: mayRegister,
    take,
  });
  const api = () => {
    const kept = member(now(), 'api');
    return typeof kept === 'object' && kept !== null ? kept : {};
  };
  const scopes = rowsAt(api(), 'oauth2PermissionScopes');
  const preAuthorized = rowsAt(api(), 'preAuthorizedApplications');

  return [
    step(`app registration "${door.name}"`, door.application !== undefined, async () => {
      const reply = await graph.send('POST', '/applications', {
        displayName: door.name,
        signInAudience: 'AzureADMyOrg',
      });
      if (isDone(reply)) door.application = { ...Object(reply.body) };
      return reply;
    }),
    step(`app role ${appRole}`, has(rowsAt(now(), 'appRoles'), 'value', appRole), () =>
      change({ appRoles: [...rowsAt(now(), 'appRoles'), invoke] }),
    ),
    step('its scope user_impersonation', scopes.some(isOurScope), () =>
      change({
        identifierUris: [
          ...new Set([...rowsAt(now(), 'identifierUris'), `api://${now()?.['appId']}`]),
        ],
        api: {
          ...api(),
          requestedAccessTokenVersion: 2,
          oauth2PermissionScopes: [...rowsAt(api(), 'oauth2PermissionScopes'), scope],
        },
      }),
    ),
    // A step of its own: Graph does not know a scope that stands in the same request
    // (microsoft-graph-docs-contrib issue 1395).
    step('Azure CLI pre-authorised', has(preAuthorized, 'appId', azureCliAppId), () =>
      change({
        api: {
          ...api(),
          preAuthorizedApplications: [
            ...rowsAt(api(), 'preAuthorizedApplications'),
            { appId: azureCliAppId, delegatedPermissionIds: [scopeId()] },
          ],
        },
      }),
    ),
    step('its service principal', door.principal !== undefined, async () => {
      const body = { appId: now()?.['appId'] };
      const reply = await settle(() => graph.send('POST', '/servicePrincipals', body), wait);
      if (isDone(reply)) door.principal = { ...Object(reply.body) };
      return reply;
    }),
  ];
}

const isOurScope = (row: unknown): boolean => member(row, 'value') === scope.value;
