// The one write over real HTTPS: what leaves, and what becomes of it whatever Graph answers.

import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { type Fault, reply } from '../../infra/local/tenant/faults.ts';
import { startTenant } from '../../infra/local/tenant/tenant.ts';
import { secret } from '../../lib/secret.ts';
import { conformsToMetadata } from '../support/graph-metadata.ts';
import { directoryOf, within } from '../support/trust.ts';
import { openTrusted, refusal } from './stage.ts';

const { tenant, forget, close } = await openTrusted();
afterEach(forget);
afterAll(close);

const password = 'Kmtxd-Wxhtf-Pdrnk-497';
const requestId = '6f1a3c52-0000-4000-8000-000000000002';
/** A port on which nobody listens. */
const freePort = async (): Promise<string> => {
  const other = await startTenant();
  const { port } = new URL(other.origin);
  await other.stop();
  return port;
};
let made = 0;
const someone = (facts = {}) => {
  made += 1;
  return tenant.directory.addUser({ userPrincipalName: `someone.${made}@contoso.com`, ...facts });
};
/** When the first write has to have started, and when all of them end. */
const soon = () => ({ start: within(700), end: within(700) });
const plain = { forceChange: true, forceChangeWithMfa: false, enable: false };
const write = (id: string, ms = 1_500, text = password, change = plain, wish = {}) =>
  directoryOf(tenant, wish).setPassword(id, { ...change, password: secret(text) }, requestId, {
    start: within(ms),
    end: within(ms),
  });
/** `kind`, and for a refusal its code. */
const outcomeOf = async (writing: ReturnType<typeof write>): Promise<string> => {
  const outcome = await writing;
  return outcome.kind === 'refused' ? outcome.failure.code : outcome.kind;
};
const refused = (status: number, message: string, code = 'Request_BadRequest'): Fault =>
  refusal(status, code, message);

describe('what leaves', () => {
  const profile = { password, forceChangePasswordNextSignIn: true };
  test.each([
    ['a reset', plain, { passwordProfile: profile }],
    [
      'and enabling',
      { ...plain, enable: true },
      { accountEnabled: true, passwordProfile: profile },
    ],
    [
      'no forced change',
      { ...plain, forceChange: false },
      { passwordProfile: { password, forceChangePasswordNextSignIn: false } },
    ],
    [
      'a change with MFA',
      { ...plain, forceChangeWithMfa: true },
      { passwordProfile: { ...profile, forceChangePasswordNextSignInWithMfa: true } },
    ],
  ])('%s', async (_what, change, body) => {
    const user = someone({ accountEnabled: false });
    expect(await outcomeOf(write(user.id, 1_500, password, change))).toBe('done');
    expect(tenant.requests).toHaveLength(1);
    const [sent] = tenant.requests;
    expect([sent?.method, sent?.path]).toEqual(['PATCH', `/v1.0/users/${user.id}`]);
    expect(sent?.body).toEqual(body);
    expect(sent?.headers['content-type']).toMatch(/^application\/json/);
    expect(sent?.headers['client-request-id']).toBe(requestId);
    expect(tenant.requests.flatMap((one) => conformsToMetadata(one))).toEqual([]);
    expect([user.password, user.accountEnabled]).toEqual([password, change.enable]);
  });

  test("Graph's request id comes back, done or refused", async () => {
    const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
    expect((await write(someone().id)).graphRequestId).toMatch(uuid);
    const synced = someone({ onPremisesSyncEnabled: true });
    expect((await write(synced.id)).graphRequestId).toMatch(uuid);
  });

  test('and of an unclear write the last one that was seen', async () => {
    const unclear = reply(503, '', { 'request-id': 'graph-1', 'Retry-After': '30' });
    tenant.faults.next({ method: 'PATCH' }, unclear);
    expect(await write(someone().id)).toEqual({ kind: 'unknown', graphRequestId: 'graph-1' });
    const denied = {
      ...refused(403, '', 'Authorization_RequestDenied'),
      headers: { 'request-id': 'graph-2' },
    };
    tenant.faults.next({ method: 'PATCH' }, reply(503, '', { 'request-id': 'graph-3' }));
    tenant.faults.next({ method: 'PATCH' }, { kind: 'resetBefore' }, 99);
    expect(await write(someone().id)).toEqual({ kind: 'unknown', graphRequestId: 'graph-3' });
    tenant.faults.clear();
    tenant.faults.next({ method: 'PATCH' }, reply(502, '', { 'request-id': 'graph-1' }));
    tenant.faults.next({ method: 'PATCH' }, denied);
    expect(await write(someone().id)).toEqual({ kind: 'unknown', graphRequestId: 'graph-2' });
  });
});

describe('one answer', () => {
  test.each<readonly [what: string, fault: Fault, outcome: string]>([
    [
      'the policy',
      refused(
        400,
        'The specified password does not comply with password complexity requirements. Please provide a different password.',
      ),
      'policy',
    ],
    [
      'a synced user',
      refused(
        400,
        'Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.',
      ),
      'DirectorySynced',
    ],
    [
      'a user of an external service',
      refused(
        400,
        'Unable to update the specified properties for objects that have originated within an external service.',
      ),
      'DirectorySynced',
    ],
    ['an unknown 400', refused(400, 'Property userPrincipalName is invalid.'), 'GraphRejected'],
    [
      'a 400 about the password nobody knows',
      refused(400, 'The password is bad.'),
      'GraphRejected',
    ],
    ['a 400 of another code', refused(400, 'Unable to read', 'BadRequest'), 'GraphRejected'],
    ['a 400 without a body', reply(400), 'GraphRejected'],
    ['a 400 in HTML', reply(400, '<p>', { 'Content-Type': 'text/html' }), 'GraphRejected'],
    ['a message that is no text', reply(400, { error: { message: 5 } }), 'GraphRejected'],
    ['an error that is null', reply(400, { error: null }), 'GraphRejected'],
    [
      '401',
      refused(401, 'Access token is empty.', 'InvalidAuthenticationToken'),
      'IdentityUnavailable',
    ],
    ['403', refused(403, 'Insufficient privileges', 'Authorization_RequestDenied'), 'GraphDenied'],
    ['403 without a body', reply(403), 'GraphDenied'],
    ['404', refused(404, 'gone', 'Request_ResourceNotFound'), 'UserNotFound'],
    ['405', refused(405, 'Specified HTTP method is not allowed'), 'GraphRejected'],
    ['409', refused(409, 'conflict', 'Directory_ConcurrencyViolation'), 'GraphRejected'],
  ])('%s', async (_what, fault, outcome) => {
    const user = someone();
    tenant.faults.next({ method: 'PATCH' }, fault);
    expect(await outcomeOf(write(user.id))).toBe(outcome);
    expect(tenant.requests).toHaveLength(1);
    expect(user.password).not.toBe(password);
  });

  test.each([
    ['a synced user', { onPremisesSyncEnabled: true }, password, 'DirectorySynced'],
    ['a weak password', {}, 'short', 'policy'],
    ['a banned password', {}, 'Password-1', 'policy'],
    ['a guest', { userType: 'Guest' }, password, 'GraphRejected'],
    ['a restricted user', { isManagementRestricted: true }, password, 'GraphDenied'],
  ])('as the tenant itself refuses: %s', async (_what, facts, text, outcome) => {
    expect(await outcomeOf(write(someone(facts).id, 1_500, text))).toBe(outcome);
    expect(tenant.requests).toHaveLength(1);
  });

  test('somebody who is not there, and an administrator', async () => {
    expect(await outcomeOf(write('99999999-9999-4999-8999-999999999999'))).toBe('UserNotFound');
    const administrator = String(tenant.directory.user('global.admin@contoso.com')?.id);
    expect(await outcomeOf(write(administrator))).toBe('GraphDenied');
  });

  test('without the rights', async () => {
    const wish = { directoryRoles: [] };
    expect(await outcomeOf(write(someone().id, 1_500, password, plain, wish))).toBe('GraphDenied');
    const expired = { seconds: -5 };
    const late = write(someone().id, 1_500, password, plain, expired);
    expect(await outcomeOf(late)).toBe('IdentityUnavailable');
  });
});

describe('trouble: the same password again, and unclear stays unclear', () => {
  const denied = refused(403, 'Insufficient privileges', 'Authorization_RequestDenied');
  const policy = refused(
    400,
    'The specified password does not comply with password complexity requirements.',
  );
  const times = (n: number, fault: Fault) => Array.from({ length: n }, () => fault);

  test.each<readonly [what: string, faults: readonly Fault[], outcome: string]>([
    ['429', [reply(429)], 'done'],
    ['429, Retry-After 1', [reply(429, {}, { 'Retry-After': '1' })], 'done'],
    [
      '429, a date in the past',
      [reply(429, {}, { 'Retry-After': 'Wed, 21 Oct 2015 07:28:00 GMT' })],
      'done',
    ],
    ['500', [reply(500)], 'done'],
    ['502 in HTML', [reply(502, '<html>', { 'Content-Type': 'text/html' })], 'done'],
    ['503 twice', times(2, reply(503)), 'done'],
    ['lost before', [{ kind: 'resetBefore' }], 'done'],
    ['lost after', [{ kind: 'resetAfter' }], 'done'],
    ['applied, then 504', [{ kind: 'reply', status: 504, applied: true }], 'done'],
    ['throttled, then refused', [reply(429), denied], 'GraphDenied'],
    ['throttled, then the policy', [reply(429), policy], 'policy'],
    ['throttled for ever', times(99, reply(429)), 'TooManyRequests'],
    [
      'throttled beyond the time',
      times(99, reply(429, {}, { 'Retry-After': '9' })),
      'TooManyRequests',
    ],
    ['500, then refused', [reply(500), denied], 'unknown'],
    ['500, then the policy', [reply(500), policy], 'unknown'],
    ['lost after, then refused', [{ kind: 'resetAfter' }, denied], 'unknown'],
    ['lost after, then 404', [{ kind: 'resetAfter' }, refused(404, 'gone')], 'unknown'],
    [
      'lost after, then throttled for ever',
      [{ kind: 'resetAfter' }, ...times(99, reply(429))],
      'unknown',
    ],
    ['500 for ever', times(99, reply(500)), 'unknown'],
    ['lost before, for ever', times(99, { kind: 'resetBefore' }), 'unknown'],
    ['lost after, for ever', times(99, { kind: 'resetAfter' }), 'unknown'],
    ['hangs for ever', times(99, { kind: 'hang' }), 'unknown'],
  ])('%s', async (_what, faults, outcome) => {
    const user = someone();
    for (const fault of faults) tenant.faults.next({ method: 'PATCH' }, fault);
    expect(await outcomeOf(write(user.id))).toBe(outcome);
    const bodies = tenant.requests.map(({ body }) => JSON.stringify(body));
    expect(new Set(bodies).size).toBe(1);
    if (outcome === 'done') {
      expect(user.password).toBe(password);
      expect(bodies).toHaveLength(faults.length + 1);
    }
  });

  test('never sent: no unclear answer, nothing changed', async () => {
    const { graphDirectory } = await import('../../lib/adapters/graph-directory.ts');
    const { graphTransport } = await import('../../lib/adapters/graph-transport.ts');
    const other = await startTenant();
    const { origin } = other;
    await other.stop();
    const unreachable = graphDirectory(
      graphTransport(origin, async () => ({ ok: true, value: 'x' }) as const),
    );
    const change = { ...plain, password: secret(password) };
    const outcome = await unreachable.setPassword(someone().id, change, requestId, soon());
    expect(outcome.kind === 'refused' && outcome.failure.code).toBe('GraphUnavailable');
  });

  test('never sent until too late for a first write: not sent at all', async () => {
    const port = await freePort();
    const { graphDirectory } = await import('../../lib/adapters/graph-directory.ts');
    const { graphTransport } = await import('../../lib/adapters/graph-transport.ts');
    const token = tenant.mintGraphToken();
    const directory = graphDirectory(
      graphTransport(
        `https://127.0.0.1:${port}`,
        async () => ({ ok: true, value: token }) as const,
      ),
    );
    const change = { ...plain, password: secret(password) };
    const times = { start: within(400), end: within(4_000) };
    const startedAt = performance.now();
    const outcome = await directory.setPassword(someone().id, change, requestId, times);
    expect(outcome.kind === 'refused' && outcome.failure.code).toBe('GraphUnavailable');
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });

  test('a certificate that nobody vouches for: nothing was sent', async () => {
    const other = await startTenant();
    const change = { ...plain, password: secret(password) };
    const outcome = await directoryOf(other).setPassword(someone().id, change, requestId, soon());
    await other.stop();
    expect(outcome.kind === 'refused' && outcome.failure.code).toBe('GraphUnavailable');
    expect(other.requests).toEqual([]);
  });

  test('without a token nothing is sent', async () => {
    const { graphDirectory } = await import('../../lib/adapters/graph-directory.ts');
    const { graphTransport } = await import('../../lib/adapters/graph-transport.ts');
    const none = async () => ({ ok: false, failure: { code: 'IdentityUnavailable' } }) as const;
    const change = { ...plain, password: secret(password) };
    const directory = graphDirectory(graphTransport(tenant.origin, none));
    const outcome = await directory.setPassword(someone().id, change, requestId, soon());
    expect(outcome.kind === 'refused' && outcome.failure.code).toBe('IdentityUnavailable');
    expect(tenant.requests).toEqual([]);
  });
});

describe('an empty answer that calls itself compressed', () => {
  const gzip = { 'Content-Encoding': 'gzip' };
  test('a 204 is the truth, and the write is not repeated', async () => {
    const user = someone();
    tenant.faults.next({ method: 'PATCH' }, { ...reply(204, '', gzip), applied: true });
    expect(await outcomeOf(write(user.id))).toBe('done');
    expect(tenant.requests).toHaveLength(1);
  });
  test('a 429 keeps its status and its waiting time', async () => {
    const user = someone();
    tenant.faults.next({ method: 'PATCH' }, reply(429, '', { ...gzip, 'Retry-After': '30' }));
    expect(await write(user.id)).toMatchObject({
      kind: 'refused',
      failure: { code: 'TooManyRequests', retryAfterSeconds: 30 },
    });
  });
});
