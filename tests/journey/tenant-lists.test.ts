// Much to read, and the lists of the tenant in trouble: a worker that has none yet refuses what it cannot judge.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Fault, reply } from '../../infra/local/tenant/faults.ts';
import { groupIds } from '../../infra/local/tenant/people.ts';
import { codeOf } from '../support/door.ts';
import { type Door, openStage, type Stage } from '../support/journey.ts';
import { askedSince, passwordsTo, unknownToMicrosoft } from '../support/seen.ts';

const denied = reply(403, {
  error: { code: 'Authorization_RequestDenied', message: 'as the service says', innerError: null },
});
const always = 10_000;

let stage: Stage;
let door: Door;
beforeAll(async () => {
  stage = await openStage();
  door = await stage.open();
  await door.reset({ UserName: 'adele.vance@contoso.com', DryRun: true }); // warm
});
afterAll(() => stage.close());

describe('much to read', () => {
  test('1,500 owned objects: one page more, then reset', async () => {
    const { directory } = stage.tenant;
    const owner = stage.user();
    for (const id of directory.addGroups(1_500)) directory.own(owner.id, id);
    const before = stage.tenant.requests.length;
    expect(codeOf(await door.reset({ UserName: owner.id }))).toBe('200 Completed');
    expect(askedSince(stage.tenant, before).map((asked) => asked.split('?')[0])).toEqual([
      'POST /v1.0/$batch',
      `GET /v1.0/users/${owner.id}/ownedObjects`,
      `PATCH /v1.0/users/${owner.id}`,
    ]);
  });

  test('the role-assignable group among them, on the second page: protected', async () => {
    const { directory } = stage.tenant;
    const owner = stage.user();
    for (const id of directory.addGroups(1_200)) directory.own(owner.id, id);
    directory.own(owner.id, groupIds.roleAssignable);
    expect(codeOf(await door.reset({ UserName: owner.id }))).toBe('403 TargetProtected');
    expect(passwordsTo(stage.tenant, owner.id)).toEqual([]);
  });

  test('11,000 groups are read, with 11,001 the user cannot be checked', async () => {
    const { directory } = stage.tenant;
    const [member, crowded] = [stage.user(), stage.user()];
    const many = directory.addGroups(11_001);
    for (const id of many.slice(1)) directory.join(member.id, id);
    for (const id of many) directory.join(crowded.id, id);
    expect(codeOf(await door.reset({ UserName: member.id }))).toBe('200 Completed');
    expect(codeOf(await door.reset({ UserName: crowded.id }))).toBe('403 TargetProtected');
  });

  test('2,500 role assignments on many pages, the decisive one on the last', async () => {
    const { directory } = stage.tenant;
    const [administrator, other] = [stage.user(), stage.user()];
    directory.addRoleAssignments(2_500);
    directory.assignRole(administrator.id, '62e90394-69f5-4237-9190-012177145e10');
    const fresh = await stage.open();
    expect(codeOf(await fresh.reset({ UserName: administrator.id }))).toBe('403 TargetProtected');
    expect(codeOf(await fresh.reset({ UserName: other.id }))).toBe('200 Completed');
    await fresh.host.kill();
  });
});

describe('the lists of the tenant, for a worker that has none yet', () => {
  test.each<readonly [what: string, path: RegExp, fault: Fault, code: string]>([
    ['assignments denied', /roleAssignments/, denied, '403 GraphDenied'],
    ['eligibilities in trouble', /roleEligibility/, reply(503), '503 GraphUnavailable'],
    [
      'groups throttled',
      /\/groups\?/,
      reply(429, {}, { 'Retry-After': '30' }),
      '429 TooManyRequests',
    ],
    ['domains malformed', /\/domains/, reply(200, { value: {} }), '403 TargetProtected'],
  ])('%s', async (_what, path, fault, code) => {
    const { id } = stage.user();
    stage.tenant.faults.next({ path }, fault, always);
    const fresh = await stage.open();
    const answer = await fresh.reset({ UserName: id });
    expect(codeOf(answer)).toBe(code);
    expect(passwordsTo(stage.tenant, id)).toEqual([]);
    stage.tenant.faults.clear();
    expect(codeOf(await fresh.reset({ UserName: id }))).toBe('200 Completed');
    await fresh.host.kill();
  });
});

test('every request to Graph is one that Microsoft has', () => {
  expect(unknownToMicrosoft(stage.tenant)).toEqual([]);
});
