// Graph's operations for whoever sets the product up: applications, service principals, app role and
// directory role assignments. What they create and refuse is grants.ts's.

import type { Directory } from './directory.ts';
import type { Entity } from './entities.ts';
import {
  createApplication,
  createAppRoleAssignment,
  createRoleAssignment,
  createServicePrincipal,
  patchApplication,
} from './grants.ts';
import { type Asked, list, type Operation, type Operations, single } from './operations.ts';
import { ids } from './population.ts';
import { noContent, type Reply, refusals } from './replies.ts';
import { mayGrantGraph } from './rights.ts';

type Create = (directory: Directory, body: Asked['body']) => Entity | Reply;

const creating = (type: string, name: string, create: Create): Operation => ({
  type,
  run: (asked) => {
    const made = create(asked.world.directory, asked.body);
    return 'id' in made ? { ...single(asked, made, type, name), status: 201 } : made;
  },
});

/** Assignments as seen from one end: the holder's, or the resource's. */
function assignments(path: string, end: 'principalId' | 'resourceId'): Operations {
  const type = 'appRoleAssignment';
  const name = 'appRoleAssignments';
  const create = creating(type, name, createAppRoleAssignment);
  const found = (asked: Asked, then: (id: string, one: Entity) => Reply): Reply => {
    const id = asked.keys[1] ?? '';
    const one = asked.world.directory.appRoleAssignments.get(id);
    return one?.[end] === asked.entity.id ? then(id, one) : refusals.notFound(id);
  };
  const rows = ({ world, entity }: Asked): Entity[] =>
    [...world.directory.appRoleAssignments.values()].filter((one) => one[end] === entity.id);
  const run: Readonly<Record<string, (asked: Asked) => Reply>> = {
    [`GET ${path}`]: (asked) => list(asked, rows(asked), type, name),
    [`POST ${path}`]: (asked) => {
      if (asked.body[end] !== asked.entity.id) return refusals.value(end, 'Edm.Guid');
      const ofGraph = asked.body['resourceId'] === ids.graph;
      return ofGraph && !mayGrantGraph(asked.caller) ? refusals.denied : create.run(asked);
    },
    [`GET ${path}/{}`]: (asked) => found(asked, (_, one) => single(asked, one, type, name)),
    [`DELETE ${path}/{}`]: (asked) =>
      found(asked, (id) => {
        asked.world.directory.appRoleAssignments.delete(id);
        return noContent;
      }),
  };
  return Object.fromEntries(Object.entries(run).map(([key, one]) => [key, { type, run: one }]));
}

export const grantOperations: Operations = {
  'POST /applications': creating('application', 'applications', createApplication),
  'PATCH /applications/{}': {
    type: 'application',
    run: ({ world, entity, body }) => patchApplication(world.directory, entity, body),
  },
  'POST /servicePrincipals': creating(
    'servicePrincipal',
    'servicePrincipals',
    createServicePrincipal,
  ),
  'POST /roleManagement/directory/roleAssignments': creating(
    'unifiedRoleAssignment',
    'roleManagement/directory/roleAssignments',
    createRoleAssignment,
  ),
  'DELETE /roleManagement/directory/roleAssignments/{}': {
    type: 'unifiedRoleAssignment',
    run: ({ world, entity }) => {
      world.directory.roleAssignments.delete(entity.id);
      return noContent;
    },
  },
  ...assignments('/servicePrincipals/{}/appRoleAssignments', 'principalId'),
  ...assignments('/servicePrincipals/{}/appRoleAssignedTo', 'resourceId'),
};
