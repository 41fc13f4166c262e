// The table of exactly once, row by row and through the wire: what the ledger knows of a key, and what the same
// request and another one with that key get. Rows are edited in the table: that is how time passes here.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { codeOf, type Reply } from '../support/door.ts';
import type { Door } from '../support/journey.ts';
import type { Entity } from '../support/ledger-rows.ts';
import {
  crowd,
  deliver,
  type LedgerStage,
  openLedgerStage,
  retryAfter,
  type User,
  writesOf,
} from '../support/ledger-stage.ts';

let stage: LedgerStage;
let door: Door;

beforeAll(async () => {
  stage = await openLedgerStage();
  door = await stage.openFor(crowd(100));
});
afterAll(() => stage.close());

interface Cell {
  readonly caller: string;
  readonly user: User;
  readonly key: string;
}

let used = 0;

/** A delivery that was refused because its user did not exist, and a user who does by now. */
async function refusedDelivery(): Promise<Cell & { readonly claim: Entity }> {
  used += 1;
  const caller = `c${used}`;
  const key = `delivery-${used}`;
  const userPrincipalName = `state.${used}@contoso.com`;
  expect(codeOf(await deliver(door, caller, userPrincipalName, key))).toBe('404 UserNotFound');
  const [claim] = await stage.rows.claims(caller);
  if (claim === undefined) throw new Error('The delivery left no claim.');
  return { caller, key, user: stage.user({ userPrincipalName }), claim };
}

const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();

/** The same request again, or another one with the same key. */
const again = ({ caller, user, key }: Cell, which: 'same' | 'other'): Promise<Reply> =>
  deliver(
    door,
    caller,
    user.userPrincipalName,
    key,
    which === 'same' ? {} : { ForceChangePasswordNextSignIn: false },
  );

const done = { UserName: 'x@contoso.com', UserId: '11111111-2222-4333-8444-555555555555' };

test.each([
  // what the ledger knows, since how many seconds, which request, status and code, Retry-After, writes
  ['claimed', { State: 'claimed' }, 1, 'same', '409 InProgress', 5, 0],
  ['claimed', { State: 'claimed' }, 9, 'same', '409 InProgress', 5, 0],
  ['claimed', { State: 'claimed' }, 9, 'other', '422 KeyReused', undefined, 0],
  ['claimed', { State: 'claimed' }, 10.5, 'same', '200 Completed', undefined, 1],
  ['claimed', { State: 'claimed' }, 10.5, 'other', '200 Completed', undefined, 1],
  ['sent', { State: 'sent', GivenUp: false }, 1, 'same', '409 InProgress', 5, 0],
  ['sent', { State: 'sent', GivenUp: false }, 9, 'same', '409 InProgress', 5, 0],
  ['sent', { State: 'sent', GivenUp: false }, 9, 'other', '422 KeyReused', undefined, 0],
  ['sent', { State: 'sent', GivenUp: false }, 10.2, 'same', '503 OutcomeUnknown', 20, 0],
  ['sent', { State: 'sent', GivenUp: false }, 25.2, 'same', '503 OutcomeUnknown', 5, 0],
  ['sent', { State: 'sent', GivenUp: false }, 25.2, 'other', '422 KeyReused', undefined, 0],
  ['given up', { State: 'sent', GivenUp: true }, 0.2, 'same', '503 OutcomeUnknown', 30, 0],
  ['given up', { State: 'sent', GivenUp: true }, 8.2, 'same', '503 OutcomeUnknown', 22, 0],
  ['given up', { State: 'sent', GivenUp: true }, 29.2, 'same', '503 OutcomeUnknown', 1, 0],
  ['given up', { State: 'sent', GivenUp: true }, 8.2, 'other', '422 KeyReused', undefined, 0],
  ['sent long ago', { State: 'sent', GivenUp: false }, 31, 'same', '200 Completed', undefined, 1],
  ['sent long ago', { State: 'sent', GivenUp: false }, 31, 'other', '422 KeyReused', undefined, 0],
  [
    'given up long ago',
    { State: 'sent', GivenUp: true },
    31,
    'same',
    '200 Completed',
    undefined,
    1,
  ],
  [
    'given up long ago',
    { State: 'sent', GivenUp: true },
    31,
    'other',
    '422 KeyReused',
    undefined,
    0,
  ],
  ['done', { State: 'done', ...done }, 600_000, 'same', '200 AlreadyCompleted', undefined, 0],
  ['done', { State: 'done', ...done }, 5, 'other', '422 KeyReused', undefined, 0],
  ['paused', { State: 'refused', Until: ago(-60) }, 60, 'same', '403 RecentlyReset', undefined, 0],
  [
    'paused',
    { State: 'refused', Until: ago(600_000) },
    600_060,
    'same',
    '403 RecentlyReset',
    undefined,
    0,
  ],
  ['paused', { State: 'refused', Until: ago(-60) }, 60, 'other', '200 Completed', undefined, 1],
  ['refused', { State: 'free' }, 0, 'same', '200 Completed', undefined, 1],
  ['refused', { State: 'free' }, 0, 'other', '200 Completed', undefined, 1],
] as const)(
  '%s %j since %d s: %s request → %s, Retry-After %s, %d writes',
  async (_known, columns, seconds, which, answer, after, writes) => {
    const cell = await refusedDelivery();
    const more =
      'UserId' in columns
        ? { CompletedAt: ago(seconds), DoneBy: 'first', AccountEnabled: true }
        : {};
    await stage.rows.edit(stage.rows.deliveries, cell.claim, {
      ...columns,
      ...more,
      At: ago(seconds),
    });
    const reply = await again(cell, which);
    expect(codeOf(reply)).toBe(answer);
    expect(retryAfter(reply)).toBe(after);
    expect(writesOf(stage, cell.user)).toEqual({ sent: writes, done: writes });
    expect(reply.headers['idempotent-replayed']).toBe(
      answer === '200 AlreadyCompleted' ? 'true' : undefined,
    );
    expect(Object.hasOwn(reply.json, 'Password')).toBe(answer === '200 Completed');
  },
);

test('the answer to a replay is the record of the first, without its password', async () => {
  const { caller, user, key } = await refusedDelivery();
  user.accountEnabled = false;
  const first = await deliver(door, caller, user.userPrincipalName, key);
  expect(codeOf(first)).toBe('200 Completed');
  const replay = await deliver(door, caller, user.userPrincipalName, key);
  expect(replay.headers['idempotent-replayed']).toBe('true');
  expect(replay.json).toEqual({
    Status: 'AlreadyCompleted',
    UserName: user.userPrincipalName,
    UserId: user.id,
    AccountEnabled: true,
    ForceChangePasswordNextSignIn: true,
    PasswordReturned: false,
    CompletedAt: first.json['CompletedAt'],
    RequestId: first.json['RequestId'],
    Detail: expect.stringContaining('send a new Idempotency-Key'),
  });
});

test.each([
  ['is gone', (user: User) => stage.tenant.directory.removeUser(user.id)],
  [
    'is an administrator now',
    (user: User) => {
      stage.tenant.directory.assignRole(user.id, '62e90394-69f5-4237-9190-012177145e10');
    },
  ],
  [
    'cannot be read',
    (user: User) => {
      const hang = { kind: 'hang' } as const;
      stage.tenant.faults.next({ item: new RegExp(user.userPrincipalName) }, hang, 9);
    },
  ],
] as const)('a done delivery is AlreadyCompleted although the user %s', async (_what, change) => {
  const cell = await refusedDelivery();
  expect(codeOf(await again(cell, 'same'))).toBe('200 Completed');
  change(cell.user);
  expect(codeOf(await again(cell, 'same'))).toBe('200 AlreadyCompleted');
  expect(writesOf(stage, cell.user)).toEqual({ sent: 1, done: 1 });
  stage.tenant.faults.clear();
});

test.each([
  // when the password changed after the sending: who wins, and how many writes there are
  [119, '200 Completed', 1],
  [120, '200 Completed', 1],
  [122, '200 AlreadyCompleted', 0],
  [250, '200 AlreadyCompleted', 0],
] as const)(
  'an unanswered write of 5 min ago, password changed %d s after it: %s',
  async (seconds, answer, writes) => {
    const cell = await refusedDelivery();
    const sentAt = Math.floor(Date.now() / 1000) * 1000 - 300_000;
    await stage.rows.edit(stage.rows.deliveries, cell.claim, {
      State: 'sent',
      GivenUp: true,
      At: new Date(sentAt).toISOString(),
    });
    cell.user.lastPasswordChangeDateTime = new Date(sentAt + seconds * 1000).toISOString();
    const reply = await again(cell, 'same');
    expect(codeOf(reply)).toBe(answer);
    expect(reply.headers['idempotent-replayed']).toBe(writes === 0 ? 'true' : undefined);
    expect(writesOf(stage, cell.user)).toEqual({ sent: writes, done: writes });
    // Whichever it was, it is settled now.
    expect(codeOf(await again(cell, 'same'))).toBe('200 AlreadyCompleted');
    expect(codeOf(await again(cell, 'other'))).toBe('422 KeyReused');
  },
);

test('an unanswered write stays known while a later attempt is refused', async () => {
  const cell = await refusedDelivery();
  await stage.rows.edit(stage.rows.deliveries, cell.claim, {
    State: 'sent',
    GivenUp: true,
    At: ago(40),
  });
  stage.tenant.directory.removeUser(cell.user.id);
  expect(codeOf(await again(cell, 'same'))).toBe('404 UserNotFound');
  expect(codeOf(await again(cell, 'other'))).toBe('422 KeyReused');
});

test('an unanswered write stays known while a later attempt dies before its own', async () => {
  const cell = await refusedDelivery();
  const earlier = { EarlierSentAt: ago(60), EarlierRequestId: 'earlier' };
  await stage.rows.edit(stage.rows.deliveries, cell.claim, {
    State: 'claimed',
    ...earlier,
    At: ago(11),
  });
  expect(codeOf(await again(cell, 'other'))).toBe('422 KeyReused');
  expect(codeOf(await again(cell, 'same'))).toBe('200 Completed');
});

test('a delivery refused by the pause stays refused when the pause is over; a new key works', async () => {
  const { caller, user } = await refusedDelivery();
  const name = user.userPrincipalName;
  expect(codeOf(await deliver(door, caller, name, 'one'))).toBe('200 Completed');
  const paused = await deliver(door, caller, name, 'two');
  expect(codeOf(paused)).toBe('403 RecentlyReset');
  const { detail } = paused.json;
  expect(detail).toMatch(/from \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ a new Idempotency-Key works/);
  for (const seconds of [119, 6 * 86_400]) {
    await stage.rows.age(user.id, seconds);
    await stage.rows.age(caller, seconds);
    expect(codeOf(await deliver(door, caller, name, 'two'))).toBe('403 RecentlyReset');
  }
  expect(codeOf(await deliver(door, caller, name, 'three'))).toBe('200 Completed');
  expect(codeOf(await deliver(door, caller, name, 'two'))).toBe('403 RecentlyReset');
});

test.each([
  ['UserName in another case', (name: string) => ({ UserName: name.toUpperCase() })],
  ['spaces around it', (name: string) => ({ UserName: `  ${name} ` })],
  [
    'defaults spelled out',
    (name: string) => ({
      UserName: name,
      EnableUserIfNeeded: true,
      ForceChangePasswordNextSignIn: 'yes',
      RevokeSessions: 0,
      ForceChangePasswordNextSignInWithMfa: false,
      DryRun: false,
    }),
  ],
  [
    'names in another case and order',
    (name: string) => ({ revokesessions: false, username: name, UserName: undefined }),
  ],
  [
    'claimed fields and unknown ones',
    (name: string) => ({
      UserName: name,
      TicketId: 7,
      CallerName: 'A',
      Reason: 'B',
      Extra: {},
    }),
  ],
] as const)('the same request is the same although it has %s', async (_what, fields) => {
  const cell = await refusedDelivery();
  const { caller, key, user } = cell;
  expect(codeOf(await again(cell, 'same'))).toBe('200 Completed');
  const reply = await deliver(door, caller, '', key, fields(user.userPrincipalName));
  expect(codeOf(reply)).toBe('200 AlreadyCompleted');
});

test.each([
  { EnableUserIfNeeded: false },
  { ForceChangePasswordNextSignIn: false },
  { ForceChangePasswordNextSignInWithMfa: true },
  { RevokeSessions: true },
])('it is another request with %j', async (fields) => {
  const cell = await refusedDelivery();
  expect(codeOf(await again(cell, 'same'))).toBe('200 Completed');
  const { caller, key, user } = cell;
  expect(codeOf(await deliver(door, caller, user.userPrincipalName, key, fields))).toBe(
    '422 KeyReused',
  );
  expect(codeOf(await deliver(door, caller, user.id, key))).toBe('422 KeyReused');
});

test('a dry run claims nothing, and a key that it carries stays new', async () => {
  const { caller, user } = await refusedDelivery();
  const before = (await stage.rows.claims(caller)).length;
  const dry = await deliver(door, caller, user.userPrincipalName, 'dry', { DryRun: true });
  expect(codeOf(dry)).toBe('200 DryRun');
  expect(await stage.rows.claims(caller)).toHaveLength(before);
  expect(await stage.rows.lock(user.id)).toBeUndefined();
  expect(codeOf(await deliver(door, caller, user.userPrincipalName, 'dry'))).toBe('200 Completed');
});
