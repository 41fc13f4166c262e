// The Directory port over Microsoft Graph: the look-up in one batch, the tenant's lists, the one write,
// revoking. What Graph answers becomes facts here, or a failure that refuses the reset.

import type { Failure } from '../failure.ts';
import { member, textMember } from '../member.ts';
import type { ReadyPorts } from '../readiness.ts';
import { type Err, err, ok, type Result } from '../result.ts';
import { settled } from '../retry.ts';
import type { Directory, LookUpFailure, UserFacts } from '../target.ts';
import {
  type BatchItem,
  type Judge,
  judgeReading,
  pagesOf,
  read,
  readBatch,
  unreadable,
} from './graph-reading.ts';
import { isHidden, readTenant, tenantCache } from './graph-tenant.ts';
import type { Transport } from './graph-transport.ts';
import { writePassword } from './graph-writing.ts';

export const graphDirectory = (
  transport: Transport,
): Directory & Pick<ReadyPorts, 'tenantNow' | 'visibility'> => ({
  user: (userName, requestId, until) => readUser(transport, userName, requestId, until),
  tenant: tenantCache((until) => readTenant(transport, until)),
  tenantNow: (until) => readTenant(transport, until),
  setPassword: (userId, change, requestId, window) =>
    writePassword(transport, userId, change, requestId, window),
  revokeSessions: async (userId, requestId, until) => {
    const path = `/v1.0/users/${userId}/revokeSignInSessions`;
    const request = { method: 'POST', path, requestId } as const;
    return (await read(transport, request, '', until, judgeRevoking)).ok;
  },
  visibility: (ids, until) => readVisibility(transport, ids, until),
});

/**
 * `/users/…` for an object id or a user principal name. A `#` left as it is would cut the path, and
 * `/users/a_b#EXT#@x` would be the user `a_b`; a leading `$` needs the form with parentheses, in which
 * apostrophes are doubled (Microsoft Graph, "Get a user").
 */
function userPath(userName: string): string {
  const encode = (text: string): string => encodeURIComponent(text);
  if (!userName.startsWith('$')) return `/users/${encode(userName).replaceAll("'", '%27')}`;
  return `/users('$${encode(userName.slice(1).replaceAll("'", "''"))}')`;
}

const userFields =
  'id,userPrincipalName,displayName,accountEnabled,onPremisesSyncEnabled,userType,' +
  'isManagementRestricted,lastPasswordChangeDateTime';
const right = 'Directory.Read.All';

/** A 404 means "no such user" for the user alone: then there is nothing to know about the rest. */
const judgeUser: Judge = (reply, missing) =>
  reply.status === 404 ? settled(err({ code: 'UserNotFound' })) : judgeReading(reply, missing);

/** 200 with `true`; 204 was seen in the past. Any other success is somebody else's page. */
const judgeRevoking: Judge = (reply, missing) => {
  const revoked =
    reply.status === 204 || (reply.status === 200 && member(reply.body, 'value') === true);
  const isPage = reply.status !== 'lost' && reply.status < 300 && !revoked;
  return isPage ? settled(err(unreadable)) : judgeReading(reply, missing);
};

async function readUser(
  transport: Transport,
  userName: string,
  requestId: string,
  until: number,
): Promise<Result<UserFacts, LookUpFailure>> {
  const path = userPath(userName);
  const items = {
    user: { method: 'GET', url: `${path}?$select=${userFields}`, judge: judgeUser },
    memberOf: {
      method: 'POST',
      url: `${path}/getMemberObjects`,
      body: { securityEnabledOnly: false },
    },
    owns: { method: 'GET', url: `${path}/ownedObjects?$select=id&$top=999` },
  } as const satisfies Record<string, BatchItem>;
  const batch = await readBatch(transport, items, right, requestId, until);
  const { reading, graphRequestId } = batch;
  const user = reading('user');
  if (!user.ok) return user;
  const userPrincipalName = textMember(user.value, 'userPrincipalName');
  const butNotAllOf = ({ failure }: Err<Failure>) => err({ ...failure, userPrincipalName });
  const members = await pagesOf(
    reading('memberOf'),
    () => Promise.resolve(err(unreadable)),
    lowerText,
  );
  if (!members.ok) return butNotAllOf(members);
  const nextPage = (next: string) => read(transport, { method: 'GET', path: next }, right, until);
  const owns = await pagesOf(reading('owns'), nextPage, (item) => lowerText(member(item, 'id')));
  if (!owns.ok) return butNotAllOf(owns);
  const facts = userFacts(user.value);
  if (facts === undefined) return butNotAllOf(err({ ...unreadable, graphRequestId }));
  return ok({ ...facts, memberOf: members.value, owns: owns.value, graphRequestId });
}

const lowerText = (value: unknown): string | undefined =>
  typeof value === 'string' ? value.toLowerCase() : undefined;

/** Every selected property has to be there, null where unset: what is absent was not readable. */
function userFacts(
  body: unknown,
): Omit<UserFacts, 'memberOf' | 'owns' | 'graphRequestId'> | undefined {
  const id = member(body, 'id');
  const userPrincipalName = member(body, 'userPrincipalName');
  const accountEnabled = member(body, 'accountEnabled');
  const onPremisesSyncEnabled = member(body, 'onPremisesSyncEnabled');
  const userType = member(body, 'userType');
  const isManagementRestricted = member(body, 'isManagementRestricted');
  const displayName = member(body, 'displayName');
  const changed = member(body, 'lastPasswordChangeDateTime');
  if (typeof id !== 'string' || typeof userPrincipalName !== 'string') return undefined;
  if (typeof accountEnabled !== 'boolean' || !isNullOr('string', userType)) return undefined;
  if (!isNullOr('boolean', onPremisesSyncEnabled)) return undefined;
  if (!isNullOr('boolean', isManagementRestricted)) return undefined;
  const changedAt = typeof changed === 'string' ? Date.parse(changed) : Number.NaN;
  return {
    id: id.toLowerCase(),
    userPrincipalName,
    displayName: typeof displayName === 'string' ? displayName : null,
    accountEnabled,
    onPremisesSyncEnabled,
    userType,
    isManagementRestricted,
    lastPasswordChangeAt: Number.isNaN(changedAt) ? null : changedAt,
  };
}

function isNullOr(type: 'string', value: unknown): value is string | null;
function isNullOr(type: 'boolean', value: unknown): value is boolean | null;
function isNullOr(type: string, value: unknown): boolean {
  return value === null || typeof value === type;
}

const mostInBatch = 20;

async function readVisibility(
  transport: Transport,
  ids: readonly string[],
  until: number,
): Promise<Result<ReadonlyMap<string, 'visible' | 'hidden'>, Failure>> {
  const found = new Map<string, 'visible' | 'hidden'>();
  for (let start = 0; start < ids.length; start += mostInBatch) {
    const some = ids.slice(start, start + mostInBatch);
    const items = Object.fromEntries(
      some.map((id): [string, BatchItem] => [
        id,
        { method: 'GET', url: `/groups/${id}?$select=id,visibility`, judge: judgeUser },
      ]),
    );
    const batch = await readBatch(transport, items, right, undefined, until);
    for (const id of some) {
      const reading = batch.reading(id);
      if (reading.ok) found.set(id, isHidden(reading.value) ? 'hidden' : 'visible');
      else if (reading.failure.code !== 'UserNotFound') return reading;
    }
  }
  return ok(found);
}
