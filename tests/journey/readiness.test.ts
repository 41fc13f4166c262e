// What a deployer sees: /api/ready with every right there and with each one taken away, the timers' events,
// and a start that nothing can delay.

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { groupIds } from '../../infra/local/tenant/people.ts';
import { codeOf, type Reply } from '../support/door.ts';
import { type Door, openStage, type Stage } from '../support/journey.ts';

interface Check {
  readonly Name: string;
  readonly Status: string;
  readonly Detail: string;
  readonly Remedy: string;
}
const ready = (door: Door): Promise<Reply> => door.send({ method: 'GET', path: '/api/ready' });
const checksOf = (reply: Reply) => reply.json['Checks'] as readonly Check[];
const failedOf = (reply: Reply) => checksOf(reply).filter(({ Status }) => Status === 'Failed');

let stage: Stage;
let door: Door;
beforeAll(async () => {
  stage = await openStage();
  door = await stage.open({ PROTECTED_GROUP_IDS: groupIds.protected });
});
afterEach(() => {
  stage.tenant.faults.clear();
  stage.tenant.settings.withheld.clear();
});
afterAll(() => stage.close());

test('all is there: 200, every check with its name, none failed', async () => {
  const reply = await ready(door);
  expect([reply.status, reply.json['Status']]).toEqual([200, 'Ready']);
  expect(Object.keys(reply.json)).toEqual(['Status', 'Checks']);
  expect(failedOf(reply)).toEqual([]);
  expect(checksOf(reply).length).toBeGreaterThanOrEqual(6);
  for (const check of checksOf(reply)) {
    expect(Object.keys(check)).toEqual(['Name', 'Status', 'Detail', 'Remedy']);
  }
});

test('no secret: neither token nor key nor connection string', async () => {
  const { text } = await ready(door);
  expect(text).not.toMatch(/eyJ[\w-]+\.|Bearer|AccountKey|local-identity-header|Eby8vdM/);
});

/** A new tenant and worker each: tokens are kept for hours, so a right is missed from the start. */
const withoutRight = async (right: string, settings = {}) => {
  const other = await openStage({ without: [right] }, stage.azurite);
  try {
    const opened = await other.open(settings);
    const reply = await ready(opened);
    const user = other.user({ accountEnabled: false });
    const reset = await opened.reset({ UserName: user.id, RevokeSessions: true });
    const dry = await opened.reset({ UserName: user.id, DryRun: true, RevokeSessions: true });
    return { reply, reset, dry, failed: failedOf(reply) };
  } finally {
    await other.close();
  }
};

describe.each([
  ['User Administrator', 'write'],
  ['Directory.Read.All', 'read'],
  ['RoleEligibilitySchedule.Read.Directory', 'read'],
])('without %s', (right, step) => {
  let seen: Awaited<ReturnType<typeof withoutRight>>;
  beforeAll(async () => {
    seen = await withoutRight(right);
  });

  test('a reset is GraphDenied: it names the likely right and the command that grants it', () => {
    expect(codeOf(seen.reset)).toBe('403 GraphDenied');
    expect(seen.reset.json['detail']).toMatch(/npm run grant/);
    expect(seen.reset.json['detail']).toContain(step === 'write' ? 'User Administrator' : right);
  });

  test('and /api/ready is not ready: it names the right, with a remedy to type', () => {
    expect(seen.reply.status).toBe(503);
    expect(seen.failed.map(({ Detail }) => Detail).join(' ')).toContain(right);
    for (const { Remedy } of seen.failed) expect(Remedy).toMatch(/npm run grant/);
  });
});

test('a protected group is hidden: ready only with Member.Read.Hidden', async () => {
  const settings = { PROTECTED_GROUP_IDS: `${groupIds.protected},${groupIds.hidden}` };
  expect((await ready(await stage.open(settings))).status).toBe(200);
  const { reply, failed } = await withoutRight('Member.Read.Hidden', settings);
  expect(reply.status).toBe(503);
  expect(failed.map(({ Detail }) => Detail).join(' ')).toContain('Member.Read.Hidden');
});

test('a protected group that does not exist fails', async () => {
  const stranger = '99999999-9999-4999-8999-999999999999';
  const reply = await ready(await stage.open({ PROTECTED_GROUP_IDS: stranger }));
  expect(reply.status).toBe(503);
  expect(failedOf(reply)).toHaveLength(1);
});

test.each([400, 403] as const)('no PIM licence (%d): ready, and it says so', async (noPim) => {
  const other = await openStage({ noPim }, stage.azurite);
  const opened = await other.open();
  const reply = await ready(opened);
  expect(reply.status).toBe(200);
  expect(reply.text).toMatch(/licen[cs]e/i);
  expect(codeOf(await opened.reset({ UserName: other.user().id }))).toBe('200 Completed');
  await other.close();
});

test('no token: the identity check fails, and nothing else is said of rights', async () => {
  const opened = await stage.open({ IDENTITY_HEADER: 'wrong' });
  const reply = await ready(opened);
  expect(reply.status).toBe(503);
  expect(failedOf(reply).map(({ Name }) => Name)).toContain('Identity');
});

test('the ledger is gone: its check fails, alone', async () => {
  const other = await openStage();
  const opened = await other.open();
  expect((await ready(opened)).status).toBe(200);
  await other.azurite.stop();
  const reply = await ready(opened);
  expect(reply.status).toBe(503);
  expect(failedOf(reply).map(({ Name }) => Name)).toEqual(['Ledger']);
  expect(reply.elapsedMs).toBeLessThan(9_500);
  await other.close();
});

test('Graph does not answer: its check fails, in time', async () => {
  const other = await openStage({}, stage.azurite);
  const opened = await other.open();
  expect((await ready(opened)).status).toBe(200);
  other.tenant.faults.next({ path: /v1\.0/ }, { kind: 'hang' }, 1_000);
  const cold = await other.open();
  const reply = await ready(cold);
  expect(reply.status).toBe(503);
  expect(failedOf(reply).map(({ Name }) => Name)).toContain('Graph');
  expect(reply.elapsedMs).toBeLessThan(9_500);
  await other.close();
});

test('the key set is unreachable: its check fails, alone; with a closed door it is skipped', async () => {
  stage.tenant.faults.next({ path: /discovery/ }, { kind: 'reply', status: 503 }, 50);
  const reply = await ready(door);
  expect(failedOf(reply)).toHaveLength(1);
  expect(failedOf(reply)[0]?.Name).toMatch(/key/i);
  const closed = await ready(await stage.open({ ENTRA_AUDIENCE: undefined }));
  expect(closed.status).toBe(200);
  expect(
    checksOf(closed).some(({ Status, Name }) => Status === 'Skipped' && /key/i.test(Name)),
  ).toBe(true);
});

test('callers withhold and none returns: said in a Detail, no failure', async () => {
  const caller = { name: 'a', key: ['a'.repeat(64)], password: 'withhold' };
  const only = await ready(await stage.open({ CALLERS: JSON.stringify([caller]) }));
  expect(only.status).toBe(200);
  const other = { name: 'b', key: ['b'.repeat(64)], password: 'return' };
  const both = await ready(await stage.open({ CALLERS: JSON.stringify([caller, other]) }));
  const notes = [only, both].map((reply) => /"return"|\\"return\\"/.test(reply.text));
  expect([both.status, ...notes]).toEqual([200, true, false]);
});

test('the timers log their registered events', async () => {
  await door.host.invokeTimer('watchReadiness');
  expect(await door.host.waitForLine(/"event":"ReadinessChecked"/)).toMatch(
    /^information .*"Ready"/,
  );
  await door.host.invokeTimer('sweepLedger');
  expect(await door.host.waitForLine(/"event":"LedgerSwept"/)).toMatch(/"rows":\d+/);
});

test('what hangs does not delay the start, and health answers', async () => {
  const { tenant } = stage;
  tenant.faults.next({}, { kind: 'hang' }, 40); // identity, Graph and key set alike
  const opened = await stage.open();
  expect(codeOf(await opened.send({ method: 'GET', path: '/api/health' }))).toBe('200 Healthy');
  await opened.host.kill();
});

test('a warm-up that fails does not fail the start: the first request fetches again', async () => {
  const { tenant } = stage;
  tenant.faults.next({ path: /roleAssignments/ }, { kind: 'reply', status: 403, body: {} }, 1);
  const opened = await stage.open();
  for (let i = 0; i < 200 && tenant.faults.pending() > 0; i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const reply = await opened.reset({ UserName: stage.user().id });
  expect(['200 Completed', '403 GraphDenied']).toContain(codeOf(reply));
  expect(codeOf(await opened.reset({ UserName: stage.user().id }))).toBe('200 Completed');
});
