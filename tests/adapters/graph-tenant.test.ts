// The tenant's lists over real HTTPS: whole or not at all, one reading at a time, at most 60 s old.

import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { type Fault, reply } from '../../infra/local/tenant/faults.ts';
import { conformsToMetadata } from '../support/graph-metadata.ts';
import { directoryOf, within } from '../support/trust.ts';
import { codeOf, openTrusted, refusal, setDate } from './stage.ts';

const { tenant, forget, close } = await openTrusted();
afterEach(forget);
afterAll(close);

const lists = {
  assignments: /roleAssignments/,
  eligibilities: /roleEligibilitySchedules/,
  groups: /\/groups\?/,
  domains: /\/domains/,
} as const;
const read = (ms = 1_500) => directoryOf(tenant).tenant(within(ms));

test('who holds what, which groups, which domains: one request a list', async () => {
  const facts = await read();
  if (!facts.ok) throw new Error(facts.failure.code);
  const { assignments, eligibilities, roleAssignableGroups, domains } = facts.value;
  expect(assignments).toContainEqual({
    principalId: tenant.directory.user('global.admin@contoso.com')?.id,
    roleId: '62e90394-69f5-4237-9190-012177145e10',
    scope: '/',
  });
  expect(eligibilities).toContainEqual({
    principalId: tenant.directory.user('admin.eligible@contoso.com')?.id,
    roleId: 'e8611ab8-c189-46e8-94e1-60213ab1f814',
    scope: '/',
  });
  expect(roleAssignableGroups).toHaveLength(3);
  expect([...domains]).toEqual([
    ['contoso.com', 'Managed'],
    ['contoso.onmicrosoft.com', 'Managed'],
    ['fabrikam.com', 'Federated'],
  ]);
  expect(tenant.requests).toHaveLength(4);
  expect(tenant.requests.flatMap((sent) => conformsToMetadata(sent))).toEqual([]);
});

describe.each(Object.entries(lists))('%s', (_name, path) => {
  test.each<readonly [fault: Fault, times: number, code: string]>([
    [refusal(503, 'UnknownError'), 1, 'ok'],
    [reply(500), 2, 'ok'],
    [reply(429, {}, { 'Retry-After': '1' }), 1, 'ok'],
    [{ kind: 'resetBefore' }, 1, 'ok'],
    [{ kind: 'resetAfter' }, 1, 'ok'],
    [{ kind: 'truncate' }, 1, 'ok'],
    [reply(429, {}, { 'Retry-After': '60' }), 99, 'TooManyRequests'],
    [refusal(401, 'InvalidAuthenticationToken'), 1, 'IdentityUnavailable'],
    [refusal(403, 'Authorization_RequestDenied'), 1, 'GraphDenied'],
    [reply(403), 1, 'GraphDenied'],
    [refusal(400, 'Request_BadRequest'), 1, 'TargetProtected'],
    [refusal(404, 'Request_ResourceNotFound'), 1, 'TargetProtected'],
    [reply(200), 1, 'TargetProtected'],
    [reply(200, '<html>', { 'Content-Type': 'text/html' }), 1, 'TargetProtected'],
    [reply(200, '{"value":[', { 'Content-Type': 'application/json' }), 1, 'TargetProtected'],
    [reply(200, {}), 1, 'TargetProtected'],
    [reply(200, { value: null }), 1, 'TargetProtected'],
    [reply(200, { value: 'x' }), 1, 'TargetProtected'],
    [reply(200, { value: [null] }), 1, 'TargetProtected'],
    [reply(200, { value: [{}] }), 1, 'TargetProtected'],
    [reply(200, { value: [], '@odata.nextLink': 5 }), 1, 'TargetProtected'],
    [reply(302, undefined, { Location: 'https://evil.example/' }), 1, 'TargetProtected'],
  ])('%j × %d: %s', async (fault, times, code) => {
    tenant.faults.next({ path }, fault, times);
    expect(await codeOf(read())).toBe(code);
  });
});

test('throttled without a number beyond the time: that is told, not mere trouble', async () => {
  tenant.faults.next({ path: lists.assignments }, reply(429), 1_000);
  expect(await codeOf(read(9_000))).toBe('TooManyRequests');
});

describe('eligibilities of a tenant without the licence', () => {
  test.each([400, 403] as const)('%d AadPremiumLicenseRequired: there are none', async (status) => {
    tenant.settings.noPim = status;
    const facts = await read();
    expect(facts.ok && facts.value.eligibilities).toBe('no-licence');
  });

  test.each([
    ['assignments', lists.assignments],
    ['groups', lists.groups],
    ['domains', lists.domains],
  ])('the same words for %s refuse', async (_name, path) => {
    tenant.faults.next({ path }, refusal(403, 'AadPremiumLicenseRequired'));
    expect(await codeOf(read())).toBe('GraphDenied');
  });

  test.each([
    ['another 400', refusal(400, 'Request_BadRequest'), 'TargetProtected'],
    ['another 403', refusal(403, 'Authorization_RequestDenied'), 'GraphDenied'],
  ])('%s refuses', async (_what, fault, code) => {
    tenant.faults.next({ path: lists.eligibilities }, fault, 99);
    expect(await codeOf(read())).toBe(code);
  });

  test('the code with a 500 is trouble as ever', async () => {
    tenant.faults.next({ path: lists.eligibilities }, refusal(500, 'AadPremiumLicenseRequired'), 2);
    const facts = await read(8_000);
    expect(facts.ok && facts.value.eligibilities).toHaveLength(2);
  });

  test('a licence refusal on the second page is not taken for an end', async () => {
    const { directory, settings } = tenant;
    const before = settings.paging.standard;
    settings.paging.standard = 1;
    try {
      directory.makeEligible(
        '00000000-0000-4000-8000-00000000000a',
        '88d8e3e3-8f55-4a1e-953a-9b9898b8876b',
      );
      tenant.faults.next(
        { path: /roleEligibility.*skiptoken/ },
        refusal(400, 'AadPremiumLicenseRequired'),
      );
      const facts = await read();
      // Nobody may be lost: either the list is whole, or it refuses.
      if (facts.ok) expect(facts.value.eligibilities).not.toBe('no-licence');
    } finally {
      settings.paging.standard = before;
    }
  });
});

describe('pages', () => {
  test('all of them, in any number', async () => {
    tenant.directory.addRoleAssignments(1_234);
    const facts = await read(10_000);
    expect(facts.ok && facts.value.assignments.length).toBeGreaterThan(1_234);
    const asked = tenant.requests.filter(({ path }) => path.includes('roleAssignments'));
    expect(asked.length).toBe(13);
  });

  test('one page that fails refuses the whole list', async () => {
    tenant.faults.next({ path: /roleAssignments.*skiptoken/ }, reply(200, {}));
    expect(await codeOf(read(10_000))).toBe('TargetProtected');
  });

  test('a next page at another host is asked of Graph, never of that host', async () => {
    tenant.faults.next(
      { path: lists.domains },
      reply(200, {
        value: [{ id: 'first.com', authenticationType: 'Managed' }],
        '@odata.nextLink': `https://evil.example/v1.0/domains?$select=id,authenticationType`,
      }),
    );
    const facts = await read(5_000);
    const asked = tenant.requests.filter(({ path }) => path.includes('/domains'));
    if (facts.ok) {
      expect([...facts.value.domains.keys()]).toContain('contoso.com');
      expect(asked).toHaveLength(2);
    } else expect(facts.failure.code).toBe('TargetProtected');
  });
});

describe('kept at most 60 s', () => {
  const start = Date.parse('2026-11-24T12:00:00Z');
  const asked = () =>
    Object.values(lists).map(
      (path) => tenant.requests.filter((sent) => path.test(decodeURIComponent(sent.path))).length,
    );
  // With a token of its own that is valid at any time.
  const open = () => directoryOf(tenant, { seconds: 864_000 });

  test('one reading serves for less than 60 s, then the next is read', async () => {
    setDate(start);
    const directory = open();
    expect((await directory.tenant(start + 5_000)).ok).toBe(true);
    expect(asked()).toEqual(readings(1));
    setDate(start + 44_000);
    await directory.tenant(start + 49_000);
    expect(asked()).toEqual(readings(1));
    setDate(start + 60_000);
    const user = tenant.directory.addUser({ userPrincipalName: 'late.admin@contoso.com' });
    tenant.directory.assignRole(user.id, '62e90394-69f5-4237-9190-012177145e10');
    const facts = await directory.tenant(start + 65_000);
    expect(asked()).toEqual(readings(2));
    expect(
      facts.ok && facts.value.assignments.some(({ principalId }) => principalId === user.id),
    ).toBe(true);
  });
  /** A list of a page each, but the assignments, to which other tests have added. */
  const readings = (times: number): number[] => {
    const pages = Math.ceil(tenant.directory.roleAssignments.size / 100);
    return [pages * times, times, times, times];
  };

  test('a reading that fails while the older one is inside its 60 s: the older one serves', async () => {
    setDate(start);
    const directory = open();
    await directory.tenant(start + 5_000);
    tenant.faults.next({ path: lists.domains }, refusal(403, 'Authorization_RequestDenied'), 99);
    setDate(start + 59_900);
    expect((await directory.tenant(start + 64_000)).ok).toBe(true);
  });

  test('and after them nothing serves', async () => {
    setDate(start);
    const directory = open();
    await directory.tenant(start + 5_000);
    tenant.faults.next({ path: lists.domains }, refusal(403, 'Authorization_RequestDenied'), 99);
    setDate(start + 60_000);
    expect(await codeOf(directory.tenant(start + 65_000))).toBe('GraphDenied');
    tenant.faults.clear();
    expect((await directory.tenant(start + 65_000)).ok).toBe(true);
  });

  test('a clock that was set back makes nothing older than it is', async () => {
    setDate(start);
    const directory = open();
    await directory.tenant(start + 5_000);
    setDate(start - 3_600_000);
    await directory.tenant(start - 3_600_000 + 5_000);
    expect(asked()).toEqual(readings(2));
  });

  test('many at once wait for one reading', async () => {
    const directory = open();
    tenant.settings.latencyMs = 50;
    const all = await Promise.all(
      Array.from({ length: 20 }, () => directory.tenant(within(5_000))),
    );
    tenant.settings.latencyMs = 0;
    expect(all.every(({ ok }) => ok)).toBe(true);
    expect(asked()).toEqual(readings(1));
  });

  test('who has less time does not wait longer, and the reading goes on for the others', async () => {
    const directory = open();
    tenant.faults.next({ path: lists.groups }, { kind: 'slow', ms: 600 });
    const [brief, patient] = await Promise.all([
      directory.tenant(within(150)),
      directory.tenant(within(5_000)),
    ]);
    expect(brief.ok ? 'ok' : brief.failure.code).toBe('GraphUnavailable');
    expect(patient.ok).toBe(true);
    expect(asked()).toEqual(readings(1));
  });
});

test('pages that lead in a circle are no list, and the next reading is whole', async () => {
  const directory = directoryOf(tenant);
  const circle = {
    value: [],
    '@odata.nextLink': `${tenant.origin}/v1.0/domains?$select=id,authenticationType`,
  };
  tenant.faults.next({ path: lists.domains }, reply(200, circle), 100_000);
  const read = await directory.tenant(within(5_000));
  expect(read).toMatchObject({ failure: { code: 'TargetProtected', because: 'unreadable' } });
  expect(tenant.requests.filter(({ path }) => path.includes('/domains'))).toHaveLength(2);
  tenant.faults.clear();
  expect((await directory.tenant(within(5_000))).ok).toBe(true);
});
