// The rights of the app's identity in Microsoft Entra: which it should hold, which it holds, and the
// steps between. Graph decides; grant.ts and kill-switch.ts tell the story.

import { userAdministrator } from '../../lib/directory-roles.ts';
import { member } from '../../lib/member.ts';
import { filter, type Graph } from './graph-admin.ts';
import type { Identity } from './identity.ts';
import type { Step } from './steps.ts';

export type Mode = 'role' | 'permissions';

/** What the guard reads with, in both modes. */
const readPermissions = [
  'Directory.Read.All',
  'RoleEligibilitySchedule.Read.Directory',
  'Member.Read.Hidden',
];
/** Instead of the role. User.EnableDisableAccount.All wants User.Read.All beside it: Directory.Read.All covers that. */
const writePermissions = [
  'User-PasswordProfile.ReadWrite.All',
  'User.EnableDisableAccount.All',
  'User.RevokeSessions.All',
];

/** One right that the identity holds now. `at` is the address under which Graph takes it back. */
export interface Held {
  readonly name: string;
  readonly scope: string;
  readonly at: string;
}

export interface Rights {
  readonly held: readonly Held[];
  /** Microsoft Graph itself: its object id, and the ids of its application permissions by name. */
  readonly graphId: string;
  readonly permissionIds: ReadonlyMap<string, string>;
}

const graphAppId = '00000003-0000-0000-c000-000000000000';
const tenantWide = '/';
const unitScope = (unit: string): string => `/administrativeUnits/${unit}`;

export async function readRights(graph: Graph, identity: Identity): Promise<Rights> {
  const resource = await graph.find(
    `/servicePrincipals(appId='${graphAppId}')?$select=id,appRoles`,
  );
  const permissions = await graph.list(`/servicePrincipals/${identity.id}/appRoleAssignments`);
  const roles = await graph.list(
    `/roleManagement/directory/roleAssignments?${filter(`principalId eq '${identity.id}'`)}`,
  );
  const graphId = String(member(resource, 'id'));
  const offered = member(resource, 'appRoles');
  const permissionIds = new Map<string, string>();
  for (const role of Array.isArray(offered) ? offered : []) {
    permissionIds.set(String(member(role, 'value')), String(member(role, 'id')));
  }
  const nameOf = (id: unknown) =>
    [...permissionIds].find(([, known]) => known === id)?.[0] ?? String(id);
  return {
    graphId,
    permissionIds,
    held: [
      ...roles.map((row) => ({
        name:
          row['roleDefinitionId'] === userAdministrator
            ? userAdministratorRole
            : `role ${row['roleDefinitionId']}`,
        scope: String(row['directoryScopeId']),
        at: `/roleManagement/directory/roleAssignments/${row['id']}`,
      })),
      ...permissions
        .filter((row) => row['resourceId'] === graphId)
        .map((row) => ({
          name: nameOf(row['appRoleId']),
          scope: tenantWide,
          at: `/servicePrincipals/${identity.id}/appRoleAssignments/${row['id']}`,
        })),
    ],
  };
}

export const userAdministratorRole = 'User Administrator';
const mayGrant = 'Privileged Role Administrator (or Global Administrator)';

export interface Wish {
  readonly mode: Mode;
  /** Object id of an administrative unit; undefined = the whole tenant. */
  readonly unit: string | undefined;
}

export const scopeText = (scope: string): string =>
  scope === tenantWide ? 'whole tenant' : scope.replace('/administrativeUnits/', 'unit ');

export function grantSteps(
  graph: Graph,
  identity: Identity,
  { held, graphId, permissionIds }: Rights,
  { mode, unit }: Wish,
): readonly Step[] {
  const directoryScopeId = unit === undefined ? tenantWide : unitScope(unit);
  const roleStep: Step = {
    what: `${userAdministratorRole}, ${scopeText(directoryScopeId)}`,
    present: held.some(
      ({ name, scope }) => name === userAdministratorRole && scope === directoryScopeId,
    ),
    needs: mayGrant,
    take: () =>
      graph.send('POST', '/roleManagement/directory/roleAssignments', {
        '@odata.type': '#microsoft.graph.unifiedRoleAssignment',
        roleDefinitionId: userAdministrator,
        principalId: identity.id,
        directoryScopeId,
      }),
  };
  const wanted = [...readPermissions, ...(mode === 'permissions' ? writePermissions : [])];
  const permissionSteps = wanted.map((name): Step => {
    const appRoleId = permissionIds.get(name);
    if (appRoleId === undefined) throw new Error(`Microsoft Graph offers no permission ${name}.`);
    return {
      what: name,
      present: held.some((right) => right.name === name),
      needs: mayGrant,
      take: () =>
        graph.send('POST', `/servicePrincipals/${identity.id}/appRoleAssignments`, {
          principalId: identity.id,
          resourceId: graphId,
          appRoleId,
        }),
    };
  });
  return mode === 'role' ? [roleStep, ...permissionSteps] : permissionSteps;
}

export const revokeSteps = (graph: Graph, rights: Rights): readonly Step[] =>
  rights.held.map(({ name, scope, at }) => ({
    what: `${name}, ${scopeText(scope)}`,
    present: false,
    takesAway: true,
    needs: mayGrant,
    take: () => graph.send('DELETE', at),
  }));

/** Rights to write beyond the wish: they stay, and undo a narrower one. */
export const beyond = ({ held }: Rights, { mode, unit }: Wish): readonly Held[] => {
  const scope = unit === undefined ? tenantWide : unitScope(unit);
  return held.filter(({ name, scope: at }) => {
    if (readPermissions.includes(name)) return false;
    if (mode === 'permissions') return !writePermissions.includes(name);
    return name !== userAdministratorRole || at !== scope;
  });
};
