// One reset per user at a time and the pause after it, over all callers, names and workers;
// what a taker of an abandoned lock records first; whose withheld reset starts whose pause.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { codeOf } from '../support/door.ts';
import type { Door } from '../support/journey.ts';
import {
  at,
  deliver,
  type LedgerStage,
  openLedgerStage,
  type User,
  writesOf,
} from '../support/ledger-stage.ts';
import { passwordsTo } from '../support/seen.ts';

const callers = [
  ...['one', 'two'].map((name) => ({ name })),
  ...['quiet', 'quieter'].map((name) => ({ name, password: 'withhold' })),
];

let stage: LedgerStage;
let door: Door;
let second: Door;
let key = 0;

beforeAll(async () => {
  stage = await openLedgerStage();
  [door, second] = await Promise.all([stage.openFor(callers), stage.openFor(callers)]);
});
afterAll(() => stage.close());

/** A delivery of its own. */
const reset = (caller: string, userName: string, through = door) => {
  key += 1;
  return deliver(through, caller, userName, `key-${key}`);
};

test.each<readonly [string, (user: User) => string, string]>([
  ['by the same name, another key', ({ userPrincipalName }) => userPrincipalName, 'one'],
  ['in another case', ({ userPrincipalName }) => userPrincipalName.toUpperCase(), 'one'],
  ['by object id', ({ id }) => id, 'one'],
  ['by object id in upper case', ({ id }) => id.toUpperCase(), 'two'],
  ['through another caller', ({ userPrincipalName }) => userPrincipalName, 'two'],
  ['through a caller that withholds', ({ userPrincipalName }) => userPrincipalName, 'quiet'],
])('a user who is being reset is locked %s, on every worker', async (_what, nameOf, caller) => {
  const user = stage.user();
  const write = stage.proxy.hold(at('record', 'one'), 'before');
  const audit = stage.proxy.hold(at('audit', user.id), 'before');
  const first = reset('one', user.userPrincipalName);
  await Promise.all([write.reached, audit.reached]);
  for (const worker of [door, second]) {
    const reply = await reset(caller, nameOf(user), worker);
    expect(codeOf(reply)).toBe('409 InProgress');
    expect(reply.headers['retry-after']).toBe('5');
  }
  write.release();
  audit.release();
  expect(codeOf(await first)).toBe('200 Completed');
  for (const worker of [door, second]) {
    expect(codeOf(await reset(caller, nameOf(user), worker))).toBe('403 RecentlyReset');
  }
  expect(writesOf(stage, user)).toEqual({ sent: 1, done: 1 });
});

test('the pause is 120 s', async () => {
  const user = stage.user();
  expect(codeOf(await reset('one', user.id))).toBe('200 Completed');
  await stage.rows.age(user.id, 117);
  expect(codeOf(await reset('one', user.id))).toBe('403 RecentlyReset');
  await stage.rows.age(user.id, 4);
  expect(codeOf(await reset('one', user.id))).toBe('200 Completed');
  expect(writesOf(stage, user).done).toBe(2);
});

test.each([
  ['3600', 3590, '403 RecentlyReset'],
  ['3600', 3601, '200 Completed'],
  ['0', 0, '200 Completed'],
])('COOLDOWN_SECONDS %s, %d s later: %s', async (seconds, later, answer) => {
  const user = stage.user();
  const other = await stage.openFor(callers, { COOLDOWN_SECONDS: seconds });
  expect(codeOf(await reset('one', user.id, other))).toBe('200 Completed');
  await stage.rows.age(user.id, later);
  expect(codeOf(await reset('one', user.id, other))).toBe(answer);
  await other.host.kill();
});

test('only a completed reset starts the pause', async () => {
  const user = stage.user();
  const refused = { error: { code: 'Authorization_RequestDenied', message: 'No.' } };
  const denied = { kind: 'reply', status: 403, body: refused } as const;
  stage.tenant.faults.next({ method: 'PATCH', path: new RegExp(user.id) }, denied);
  expect(codeOf(await reset('one', user.id))).toBe('403 GraphDenied');
  expect(codeOf(await reset('one', user.id))).toBe('200 Completed');
});

test.each<readonly [string, string, string]>([
  ['quiet', 'one', '200 Completed'],
  ['quiet', 'quiet', '403 RecentlyReset'],
  ['quiet', 'quieter', '403 RecentlyReset'],
  ['one', 'quiet', '403 RecentlyReset'],
  ['one', 'two', '403 RecentlyReset'],
])('after a reset by %s, %s gets %s', async (first, then, answer) => {
  const user = stage.user();
  const done = await reset(first, user.id);
  expect(codeOf(done)).toBe('200 Completed');
  expect(Object.hasOwn(done.json, 'Password')).toBe(first === 'one');
  expect(codeOf(await reset(then, user.id))).toBe(answer);
});

test('a withheld reset hands over at once, and then the pause is everybody’s', async () => {
  const user = stage.user();
  const withheld = await reset('quiet', user.id);
  expect(withheld.json['PasswordReturned']).toBe(false);
  expect(withheld.json['Warning']).toMatch(/reset again through a caller that returns it/);
  const returned = await reset('one', user.id);
  expect(codeOf(returned)).toBe('200 Completed');
  expect(returned.json['Password']).toBe(user.password);
  expect(codeOf(await reset('two', user.id))).toBe('403 RecentlyReset');
  expect(codeOf(await reset('quiet', user.id))).toBe('403 RecentlyReset');
});

test('an unknown outcome locks the user for 30 s for everybody, and the taker accounts for it once', async () => {
  const user = stage.user();
  stage.tenant.faults.next(
    { method: 'PATCH', path: new RegExp(user.id) },
    { kind: 'resetAfter' },
    99,
  );
  const unknown = await reset('one', user.id);
  expect(codeOf(unknown)).toBe('503 OutcomeUnknown');
  stage.tenant.faults.clear();
  const set = user.password;
  expect(codeOf(await reset('two', user.id, second))).toBe('409 InProgress');
  await stage.rows.age(user.id, 20);
  expect(codeOf(await reset('two', user.id, second))).toBe('409 InProgress');
  await stage.rows.age(user.id, 11);
  const taken = await reset('two', user.id, second);
  expect(codeOf(taken)).toBe('200 Completed');
  expect(taken.json['Password']).toBe(user.password);
  expect(user.password).not.toBe(set);
  expect([...(await stage.rows.trail(user.id))].sort()).toEqual([
    'intent Intent',
    'intent Intent',
    'outcome Completed',
    'outcome InProgress',
    'outcome InProgress',
    'outcome OutcomeUnknown',
  ]);
  expect(passwordsTo(stage.tenant, user.id).length).toBeGreaterThan(1);
});

test('whoever takes over an abandoned lock records its unknown outcome under the request id that was lost', async () => {
  const user = stage.user();
  expect(codeOf(await reset('one', user.id))).toBe('200 Completed');
  const lock = await stage.rows.lock(user.id);
  if (lock === undefined) throw new Error('There is no lock.');
  const abandoned = {
    State: 'held',
    Recorded: false,
    RequestId: 'lost-request',
    CompletedAt: undefined,
  };
  const long = new Date(Date.now() - 31_000).toISOString();
  await stage.rows.edit(stage.rows.users, lock, { ...abandoned, At: long });
  expect(codeOf(await reset('two', user.id))).toBe('200 Completed');
  const unknown = (await stage.rows.audit(user.id)).filter(({ Code }) => Code === 'OutcomeUnknown');
  expect(unknown).toEqual([
    expect.objectContaining({
      RequestId: 'lost-request',
      Caller: 'one',
      Kind: 'outcome',
      UserId: user.id,
    }),
  ]);
});

test('a lock that another worker took in between is not taken twice', async () => {
  const user = stage.user();
  expect(codeOf(await reset('one', user.id))).toBe('200 Completed');
  await stage.rows.age(user.id, 121);
  // It has read the free lock and is about to take it.
  const taking = stage.proxy.hold(
    ({ station, partition, rows }) =>
      station === 'lock' && partition === user.id && rows.some(({ verb }) => verb === 'PUT'),
    'before',
  );
  const slow = reset('one', user.id);
  await taking.reached;
  expect(codeOf(await reset('two', user.id, second))).toBe('200 Completed');
  taking.release();
  expect(codeOf(await slow)).toBe('409 InProgress');
  expect(writesOf(stage, user).done).toBe(2);
});

test('an outcome that comes after its lock was taken over does not touch the new lock', async () => {
  const user = stage.user();
  const audit = stage.proxy.hold(at('audit', user.id), 'before');
  const late = reset('one', user.id);
  await audit.reached;
  await stage.rows.age(user.id, 31);
  const write = stage.proxy.hold(at('record', 'two'), 'before');
  const next = reset('two', user.id, second);
  await write.reached;
  const lock = await stage.rows.lock(user.id);
  audit.release();
  const first = await late;
  expect(codeOf(first)).toBe('200 Completed');
  expect(first.json['Warning']).toBe('The audit record of this reset was not written.');
  write.release();
  expect(codeOf(await next)).toBe('200 Completed');
  expect((await stage.rows.lock(user.id))?.['RequestId']).toBe(lock?.['RequestId']);
});
