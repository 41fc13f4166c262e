// Who may come through the Entra door: the holders of its app role, a user, a group or an application.
// Stands beside entra-door.ts, which makes the role; gives and takes it, and nothing else.

import { appRole } from '../../lib/caller.ts';
import { member } from '../../lib/member.ts';
import { type Door, mayRegister, rowsAt } from './entra-door.ts';
import type { Graph, Reply } from './graph-admin.ts';
import { isDone, type Step } from './steps.ts';

export interface Principal {
  readonly id: string;
  readonly text: string;
}

/** A user (name or object id), a group (object id) or an application (client or object id). */
export async function findPrincipal(graph: Graph, given: string): Promise<Principal> {
  const id = encodeURIComponent(given);
  const places = given.includes('@')
    ? [
        given.startsWith('$')
          ? `/users('${encodeURIComponent(given.replaceAll("'", "''"))}')`
          : `/users/${id}`,
      ]
    : [
        `/servicePrincipals(appId='${id}')`,
        `/users/${id}`,
        `/groups/${id}`,
        `/servicePrincipals/${id}`,
      ];
  const readable = given.includes('@') || /^[\da-f-]{36}$/i.test(given);
  for (const place of readable ? places : []) {
    const found = await graph.find(`${place}?$select=id,displayName`);
    if (found === undefined) continue;
    const kind = /^\/(user|group)/.exec(place)?.[1] ?? 'application';
    return { id: String(found['id']), text: `${kind} ${found['displayName']} (${found['id']})` };
  }
  throw new Error(
    `Nobody in this tenant is ${given}. Give a user principal name, the object id of a user or group, or a client id.`,
  );
}

/** Who holds the role, read once: `allow` and `remove` become steps. */
export async function assignmentSteps(
  graph: Graph,
  door: Door,
  allow: readonly Principal[],
  remove: readonly Principal[],
): Promise<readonly Step[]> {
  const resourceId = String(member(door.principal, 'id'));
  const role = rowsAt(door.principal, 'appRoles').find((row) => member(row, 'value') === appRole);
  const appRoleId = member(role, 'id');
  if (typeof appRoleId !== 'string') throw new Error(`"${door.name}" has no role ${appRole} yet.`);
  const assignments = `/servicePrincipals/${resourceId}/appRoleAssignedTo`;
  const holders = (await graph.list(assignments)).filter((row) => row['appRoleId'] === appRoleId);
  return [
    ...allow.map(({ id, text }) => ({
      what: `caller ${text}`,
      present: holders.some((row) => row['principalId'] === id),
      needs: mayRegister,
      take: () => graph.send('POST', assignments, { principalId: id, resourceId, appRoleId }),
    })),
    ...remove.map(({ id, text }) => {
      const held = holders.filter((row) => row['principalId'] === id);
      return {
        what: `caller ${text}`,
        present: held.length === 0,
        takesAway: true,
        needs: mayRegister,
        take: async () => {
          let reply: Reply = { status: 204, body: undefined };
          for (const row of held) {
            if (isDone(reply)) reply = await graph.send('DELETE', `${assignments}/${row['id']}`);
          }
          return reply;
        },
      };
    }),
  ];
}
