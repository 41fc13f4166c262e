// Workers, tenant and senders whose clocks differ: what a few seconds must not change (one reset, one password),
// and where the tolerance of a signature and the life of a token end.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { clockAhead } from '../support/clock.ts';
import { codeOf } from '../support/door.ts';
import type { Door } from '../support/journey.ts';
import {
  at,
  crowd,
  deliver,
  keyOf,
  type LedgerStage,
  openLedgerStage,
  writesOf,
} from '../support/ledger-stage.ts';
import { passwordsTo } from '../support/seen.ts';
import { signers, signingSecrets } from '../support/signing.ts';

const signing = {
  name: 'zendesk',
  signature: { profile: 'zendesk', secrets: ['ZENDESK_SECRET'] },
};
const skews = [-290, -5, 5, 290, 310, 90_000] as const;

let stage: LedgerStage;
let door: Door;
const skewed = new Map<number, Door>();
let used = 0;

beforeAll(async () => {
  stage = await openLedgerStage();
  const callers = [...crowd(40), signing];
  door = await stage.openFor(callers, signingSecrets);
  for (const skew of skews) {
    skewed.set(skew, await stage.openFor(callers, { ...signingSecrets, ...clockAhead(skew) }));
  }
}, 60_000);
afterAll(() => stage.close());

const place = () => {
  used += 1;
  return { caller: `c${used}`, user: stage.user() };
};
const workerAhead = (seconds: number): Door => {
  const worker = skewed.get(seconds);
  if (worker === undefined) throw new Error('No such worker.');
  return worker;
};

describe.each([-5, 5])('a worker whose clock is %d s ahead', (seconds) => {
  test('does not take over what another one is working on', async () => {
    const { caller, user } = place();
    const record = stage.proxy.hold(at('record', caller), 'before');
    const first = deliver(door, caller, user.id, 'key');
    await record.reached;
    expect(codeOf(await deliver(workerAhead(seconds), caller, user.id, 'key'))).toBe(
      '409 InProgress',
    );
    expect(codeOf(await deliver(workerAhead(seconds), caller, user.id, 'two'))).toBe(
      '403 RecentlyReset',
    );
    record.release();
    expect(codeOf(await first)).toBe('200 Completed');
    expect(codeOf(await deliver(workerAhead(seconds), caller, user.id, 'key'))).toBe(
      '200 AlreadyCompleted',
    );
    expect(writesOf(stage, user)).toEqual({ sent: 1, done: 1 });
  });

  test('holds the pause', async () => {
    const { caller, user } = place();
    expect(codeOf(await deliver(door, caller, user.id, 'one'))).toBe('200 Completed');
    await stage.rows.age(user.id, 110);
    expect(codeOf(await deliver(workerAhead(seconds), caller, user.id, 'two'))).toBe(
      '403 RecentlyReset',
    );
    await stage.rows.age(user.id, 20);
    expect(codeOf(await deliver(workerAhead(seconds), caller, user.id, 'three'))).toBe(
      '200 Completed',
    );
  });

  test('blocks nothing for longer than its own 30 s', async () => {
    const { caller, user } = place();
    const hang = { kind: 'resetAfter' } as const;
    stage.tenant.faults.next({ method: 'PATCH', path: new RegExp(user.id) }, hang, 99);
    const worker = workerAhead(seconds);
    expect(codeOf(await deliver(worker, caller, user.id, 'key'))).toBe('503 OutcomeUnknown');
    stage.tenant.faults.clear();
    for (const partition of [caller, user.id])
      await stage.rows.age(partition, 30 + Math.abs(seconds));
    const again = await deliver(door, caller, user.id, 'key');
    expect(codeOf(again)).toBe('200 Completed');
    expect(passwordsTo(stage.tenant, user.id).at(-1)).toBe(again.json['Password']);
  });
});

test.each([
  [-290, '200 Completed'],
  [290, '200 Completed'],
  [310, '401 Unauthenticated'],
] as const)('a signature of now, at a worker %d s ahead: %s', async (seconds, answer) => {
  const user = stage.user();
  const body = JSON.stringify({ UserName: user.userPrincipalName });
  const signed = signers.zendesk(body, Date.now());
  const headers = { 'x-functions-key': keyOf('zendesk'), 'content-type': 'application/json' };
  const reply = await workerAhead(seconds).send({ body, headers: { ...headers, ...signed } });
  expect(codeOf(reply)).toBe(answer);
  expect(writesOf(stage, user).done).toBe(answer === '200 Completed' ? 1 : 0);
});

test.each([
  [-290, 3600, '401'],
  [-5, 3600, '200'],
  [5, 60, '200'],
  [310, 60, '401'],
] as const)(
  'a token at a worker %d s ahead, %d s before its end: %s',
  async (seconds, left, status) => {
    const open = await stage.open({ ...clockAhead(seconds) });
    const now = Math.floor(Date.now() / 1000);
    // Entra ID dates its tokens five minutes back; one that is dated now is not valid yet for a slow clock.
    const nbf = seconds === -290 ? now : now - 300;
    const token = stage.tenant.mintToken({ nbf, iat: nbf, exp: now + left });
    const reply = await open.entra(token, { UserName: stage.user().id });
    expect(String(reply.status)).toBe(status);
    await open.host.kill();
  },
);

test('a worker that is a day ahead still gets a token that Graph takes', async () => {
  const { caller, user } = place();
  expect(codeOf(await deliver(workerAhead(90_000), caller, user.id, 'key'))).toBe('200 Completed');
});

test('Graph’s clock 100 s ahead of ours: our own unanswered write is not taken for somebody else’s', async () => {
  const { caller, user } = place();
  const lost = { kind: 'resetAfter' } as const;
  stage.tenant.faults.next({ method: 'PATCH', path: new RegExp(user.id) }, lost, 99);
  expect(codeOf(await deliver(door, caller, user.id, 'key'))).toBe('503 OutcomeUnknown');
  stage.tenant.faults.clear();
  for (const partition of [caller, user.id]) await stage.rows.age(partition, 31);
  user.lastPasswordChangeDateTime = new Date(Date.now() - 40_000 + 100_000).toISOString();
  const again = await deliver(door, caller, user.id, 'key');
  expect(codeOf(again)).toBe('200 Completed');
  expect(again.json['Password']).toBe(user.password);
});
