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
import { noContent, type Reply, refusals } from './replies.ts';

type Create = (directory: Directory, body: Asked['body']) => Entity | Reply;

const creating = (type: string, name: string, create: Create): Operation => ({
  type,
  run: (asked) => {
    const made = create(asked.world.directory, asked.body);
    return 'id' in made ? { ...single(asked, made, type, name), status: 201 } : made;
  },
});

/** Assignments as seen from one end: the holder's, or the resource's. */
const assignments = (path: string, end: 'principalId' | 'resourceId'): Operations => {
  const type = 'appRoleAssignment';
  const name = 'appRoleAssignments';
  const create = creating(type, name, createAppRoleAssignment);
  return {
    [`GET ${path}`]: {
      type,
      run: (asked) => {
        const all = [...asked.world.directory.appRoleAssignments.values()];
        return list(
          asked,
          all.filter((one) => one[end] === asked.entity.id),
          type,
          name,
        );
      },
    },
    [`POST ${path}`]: {
      type,
      run: (asked) =>
        asked.body[end] === asked.entity.id ? create.run(asked) : refusals.value(end, 'Edm.Guid'),
    },
  };
};

/** One assignment of the service principal that the path names. */
const assignment = (then: (asked: Asked, found: Entity) => Reply): Operation => ({
  type: 'appRoleAssignment',
  run: (asked) => {
    const key = asked.keys[1] ?? '';
    const found = asked.world.directory.appRoleAssignments.get(key);
    return found?.principalId === asked.entity.id ? then(asked, found) : refusals.notFound(key);
  },
});

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
  'GET /servicePrincipals/{}/appRoleAssignments/{}': assignment((asked, found) =>
    single(asked, found, 'appRoleAssignment', 'appRoleAssignments'),
  ),
  'DELETE /servicePrincipals/{}/appRoleAssignments/{}': assignment(({ world }, { id }) => {
    world.directory.appRoleAssignments.delete(id);
    return noContent;
  }),
};
