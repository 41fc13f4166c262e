// What counts towards a caller's hour and what does not, and what the limit leaves behind.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { codeOf } from '../support/door.ts';
import type { Door } from '../support/journey.ts';
import {
  deliver,
  keyOf,
  type LedgerStage,
  openLedgerStage,
  retryAfter,
  writesOf,
} from '../support/ledger-stage.ts';

const limit = 3;
const callers = [
  ...Array.from({ length: 20 }, (_, i) => ({ name: `c${i}`, maxResetsPerHour: limit })),
  { name: 'narrow', maxResetsPerHour: limit, domains: ['fabrikam.com'] },
  { name: 'app', maxResetsPerHour: limit },
];

let stage: LedgerStage;
let door: Door;
let used = 0;

beforeAll(async () => {
  stage = await openLedgerStage();
  door = await stage.openFor(callers);
});
afterAll(() => stage.close());

const next = (): string => {
  used += 1;
  return `c${used}`;
};
let key = 0;
const reset = (caller: string, userName = stage.user().userPrincipalName, fields = {}) => {
  key += 1;
  return deliver(door, caller, userName, `key-${key}`, fields);
};
const counted = async (caller: string): Promise<number> => (await stage.rows.counts(caller)).length;

/** A worker remembers what it counted: time passes for the rows and for a worker that comes new. */
async function passTime(caller: string, seconds: number): Promise<void> {
  await stage.rows.age(caller, seconds);
  const old = door;
  door = await stage.openFor(callers);
  await old.host.kill();
}

test('never below the limit, and then with the true seconds', async () => {
  const caller = next();
  for (let i = 0; i < limit; i += 1) {
    expect(codeOf(await reset(caller))).toBe('200 Completed');
    await stage.rows.age(caller, 600);
  }
  await passTime(caller, 0);
  const user = stage.user();
  const refused = await reset(caller, user.id);
  expect(codeOf(refused)).toBe('429 TooManyRequests');
  // The first of the three was 1800 s ago.
  expect(retryAfter(refused)).toBeGreaterThan(1780);
  expect(retryAfter(refused)).toBeLessThanOrEqual(1800);
  expect(writesOf(stage, user).sent).toBe(0);
  await passTime(caller, 1801);
  expect(codeOf(await reset(caller, user.id))).toBe('200 Completed');
});

test('what another worker counted counts here too', async () => {
  const caller = next();
  const other = await stage.openFor(callers);
  const through = (worker: Door, i: number) =>
    deliver(worker, caller, stage.user().id, `shared-${i}`);
  const turns = [door, other, door, other, door];
  const answers: string[] = [];
  for (const [i, worker] of turns.entries()) answers.push(codeOf(await through(worker, i)));
  expect(answers).toEqual([
    '200 Completed',
    '200 Completed',
    '200 Completed',
    '429 TooManyRequests',
    '429 TooManyRequests',
  ]);
  await other.host.kill();
});

test.each<readonly [string, string, object]>([
  ['a dry run', '200 DryRun', { DryRun: true }],
  ['a miss', '404 UserNotFound', { UserName: 'nobody.at.all@contoso.com' }],
  ['a protected user', '403 TargetProtected', { UserName: 'global.admin@contoso.com' }],
  ['a guest', '422 GuestUser', { UserName: 'a_b#EXT#@contoso.com' }],
])('%s counts', async (_what, answer, fields) => {
  const caller = next();
  expect(codeOf(await reset(caller, 'x@contoso.com', fields))).toBe(
    answer === '200 DryRun' ? '404 UserNotFound' : answer,
  );
  const user = stage.user();
  const own = 'UserName' in fields ? fields : { ...fields, UserName: user.userPrincipalName };
  expect(codeOf(await reset(caller, user.id, own))).toBe(answer);
  expect(await counted(caller)).toBe(2);
});

test('a refusal by the caller’s own rules counts', async () => {
  expect(codeOf(await reset('narrow'))).toBe('403 CallerNotAllowed');
  expect(await counted('narrow')).toBe(1);
});

test('what the ledger alone answers does not count', async () => {
  const caller = next();
  const user = stage.user();
  const name = user.userPrincipalName;
  expect(codeOf(await deliver(door, caller, name, 'same'))).toBe('200 Completed');
  expect(codeOf(await deliver(door, caller, name, 'same'))).toBe('200 AlreadyCompleted');
  expect(
    codeOf(await deliver(door, caller, name, 'same', { DryRun: false, RevokeSessions: true })),
  ).toBe('422 KeyReused');
  expect(await counted(caller)).toBe(1);
});

test('malformed and unauthenticated requests do not count and leave no row', async () => {
  const caller = next();
  expect(codeOf(await reset(caller, ''))).toBe('400 InvalidRequest');
  await door.reset({ UserName: 'x@contoso.com' }, { 'x-functions-key': `${keyOf(caller)}x` });
  expect(await counted(caller)).toBe(0);
  expect(await stage.rows.trail(`caller~${caller}`)).toEqual([]);
});

test('what the limit refuses does not count, leaves no claim and no record, and its key stays new', async () => {
  const caller = next();
  for (let i = 0; i < limit; i += 1) await reset(caller);
  const user = stage.user();
  const claims = (await stage.rows.claims(caller)).length;
  for (let i = 0; i < 3; i += 1) {
    expect(codeOf(await deliver(door, caller, user.id, 'limited'))).toBe('429 TooManyRequests');
  }
  expect(codeOf(await reset(caller, user.id, { DryRun: true }))).toBe('429 TooManyRequests');
  expect(await counted(caller)).toBe(limit);
  expect(await stage.rows.claims(caller)).toHaveLength(claims);
  expect(await stage.rows.trail(user.id)).toEqual([]);
  expect(await stage.rows.trail(`caller~${caller}`)).toEqual([]);
  await passTime(caller, 3601);
  const other = { ForceChangePasswordNextSignIn: false };
  expect(codeOf(await deliver(door, caller, user.id, 'limited', other))).toBe('200 Completed');
});

test('a delivery that was there before is refused by the limit and stays what it was', async () => {
  const caller = next();
  const name = 'limit.later@contoso.com';
  expect(codeOf(await deliver(door, caller, name, 'early'))).toBe('404 UserNotFound');
  for (let i = 1; i < limit; i += 1) await reset(caller);
  const user = stage.user({ userPrincipalName: name });
  for (let i = 0; i < 2; i += 1) {
    expect(codeOf(await deliver(door, caller, name, 'early'))).toBe('429 TooManyRequests');
  }
  await passTime(caller, 3601);
  expect(codeOf(await deliver(door, caller, name, 'early'))).toBe('200 Completed');
  expect(writesOf(stage, user).done).toBe(1);
});

test('a replay is answered although the limit is reached', async () => {
  const caller = next();
  const user = stage.user();
  expect(codeOf(await deliver(door, caller, user.id, 'first'))).toBe('200 Completed');
  for (let i = 1; i < limit; i += 1) await reset(caller);
  expect(codeOf(await reset(caller))).toBe('429 TooManyRequests');
  expect(codeOf(await deliver(door, caller, user.id, 'first'))).toBe('200 AlreadyCompleted');
});

test('it may be exceeded by what is in flight, and is exact again afterwards', async () => {
  const caller = next();
  const together = await Promise.all(Array.from({ length: 8 }, () => reset(caller)));
  const done = together.filter((reply) => codeOf(reply) === '200 Completed').length;
  expect(done).toBeGreaterThanOrEqual(limit);
  expect(codeOf(await reset(caller))).toBe('429 TooManyRequests');
  expect(await counted(caller)).toBe(done);
});

test('a token without the role does not count', async () => {
  const entra = await stage.open();
  const sent = { UserName: stage.user().userPrincipalName };
  const token = stage.tenant.mintToken({ roles: [] });
  expect(codeOf(await entra.entra(token, sent))).toBe('403 CallerNotAllowed');
  const { azp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  expect(await counted(`entra-${azp}`)).toBe(0);
  expect(codeOf(await entra.entra(stage.tenant.mintToken(), sent))).toBe('200 Completed');
  expect(await counted(`entra-${azp}`)).toBe(1);
  await entra.host.kill();
});
