// Senders that sign: whoever captures a signed request and changes the headers that no signature
// covers never gets a second reset, of no attempt of a delivery, neither in the pause nor after it.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { codeOf, type Reply } from '../support/door.ts';
import type { Door } from '../support/journey.ts';
import {
  type CallerEntry,
  keyOf,
  type LedgerStage,
  openLedgerStage,
  type User,
  writesOf,
} from '../support/ledger-stage.ts';
import { type Profile, secretOf, signers, signingSecrets } from '../support/signing.ts';

const profiles: readonly Profile[] = [
  'standard-webhooks',
  'zendesk',
  'glpi',
  'hub-sha256',
  'hub-sha1',
];
const perProfile = 24;

let stage: LedgerStage;
let door: Door;

const signing = (name: string, profile: Profile, more: object = {}): CallerEntry => ({
  name,
  signature: { profile, secrets: [secretOf[profile]] },
  ...more,
});

const open = (): Promise<Door> => {
  const callers = profiles.flatMap((profile) => [
    ...Array.from({ length: perProfile }, (_, i) => signing(`${profile}-${i}`, profile)),
    signing(`${profile}-limited`, profile, { maxResetsPerHour: 1 }),
  ]);
  return stage.openFor([...callers, { name: 'unsigned' }], signingSecrets);
};

beforeAll(async () => {
  stage = await openLedgerStage();
  door = await open();
});
afterAll(() => stage.close());

/** A worker remembers what it counted: for the hourly limit, time passes with a new worker. */
async function anHourLater(caller: string): Promise<void> {
  await stage.rows.age(caller, 3601);
  const old = door;
  door = await open();
  await old.host.kill();
}

/** A signed request as it goes over the wire, and may be captured there. */
interface Signed {
  readonly caller: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

let made = 0;
let lastTime = Date.now() - 60_000;

const callerOf = (profile: Profile): string => {
  made += 1;
  return `${profile}-${made % perProfile}`;
};

/** Signed at a time of its own. */
function sign(
  profile: Profile,
  caller: string,
  user: User,
  headers: object = {},
  id = `msg_${user.id}`,
): Signed {
  lastTime += 1000;
  const body = JSON.stringify({ UserName: user.userPrincipalName });
  return { caller, body, headers: { ...signers[profile](body, lastTime, id), ...headers } };
}

const post = ({ caller, body, headers }: Signed, changed: Signed['headers'] = {}): Promise<Reply> =>
  door.send({
    body,
    headers: {
      'content-type': 'application/json',
      'x-functions-key': keyOf(caller),
      ...headers,
      ...changed,
    },
  });

const tampered: readonly Signed['headers'][] = [
  { 'idempotency-key': 'another' },
  { 'idempotency-key': undefined },
  { 'x-zammad-delivery': 'another' },
  { 'x-zammad-delivery': undefined },
  { 'x-zendesk-webhook-invocation-id': 'another' },
  {
    'idempotency-key': 'third',
    'x-zammad-delivery': 'third',
    'x-zendesk-webhook-invocation-id': 'third',
  },
  { 'x-ms-workflow-run-id': 'run', 'x-ms-workflow-operation-name': 'step' },
];
const ownKeys: readonly Signed['headers'][] = [
  { 'idempotency-key': 'own' },
  { 'x-zammad-delivery': 'own' },
  { 'x-zendesk-webhook-invocation-id': 'own' },
];

describe.each(profiles)('%s', (profile) => {
  test.each(ownKeys)('captured attempts are never new, key %j', async (ownKey) => {
    const caller = callerOf(profile);
    const user = stage.user();
    const first = sign(profile, caller, user, ownKey);
    expect(codeOf(await post(first))).toBe('200 Completed');
    const second = sign(profile, caller, user, ownKey);
    expect(codeOf(await post(second))).toBe('200 AlreadyCompleted');
    for (const seconds of [0, 130]) {
      await stage.rows.age(user.id, seconds);
      await stage.rows.age(caller, seconds);
      for (const captured of [first, second]) {
        for (const changes of tampered) {
          expect(codeOf(await post(captured, changes))).toBe('200 AlreadyCompleted');
        }
      }
    }
    expect(writesOf(stage, user)).toEqual({ sent: 1, done: 1 });
  });

  test('an attempt that came while the first was being worked on is no new delivery later', async () => {
    const caller = callerOf(profile);
    const user = stage.user();
    const lock = stage.proxy.hold(
      ({ station, partition }) => station === 'lock' && partition === user.id,
      'before',
    );
    const key = { 'idempotency-key': 'own' };
    const first = post(sign(profile, caller, user, key));
    await lock.reached;
    const second = sign(profile, caller, user, key);
    expect(codeOf(await post(second))).toBe('409 InProgress');
    lock.release();
    expect(codeOf(await first)).toBe('200 Completed');
    await stage.rows.age(user.id, 130);
    await stage.rows.age(caller, 130);
    expect(codeOf(await post(second, { 'idempotency-key': 'another' }))).toBe(
      '200 AlreadyCompleted',
    );
    expect(writesOf(stage, user)).toEqual({ sent: 1, done: 1 });
  });

  test('an attempt that the hourly limit refused is no new delivery later', async () => {
    const caller = `${profile}-limited`;
    expect(codeOf(await post(sign(profile, caller, stage.user())))).toBe('200 Completed');
    const user = stage.user();
    const key = { 'idempotency-key': 'own' };
    const first = sign(profile, caller, user, key);
    expect(codeOf(await post(first))).toBe('429 TooManyRequests');
    await anHourLater(caller);
    expect(codeOf(await post(sign(profile, caller, user, key)))).toBe('200 Completed');
    await anHourLater(caller);
    await stage.rows.age(user.id, 3601);
    expect(codeOf(await post(first, { 'idempotency-key': 'another' }))).toBe(
      '200 AlreadyCompleted',
    );
    expect(writesOf(stage, user)).toEqual({ sent: 1, done: 1 });
  });

  test('when bytes and header know different deliveries, the signed bytes win', async () => {
    const caller = callerOf(profile);
    const [one, two] = [stage.user(), stage.user()];
    const first = sign(profile, caller, one, { 'idempotency-key': 'one' });
    expect(codeOf(await post(first))).toBe('200 Completed');
    expect(codeOf(await post(sign(profile, caller, two, { 'idempotency-key': 'two' })))).toBe(
      '200 Completed',
    );
    const mixed = await post(first, { 'idempotency-key': 'two' });
    expect(codeOf(mixed)).toBe('200 AlreadyCompleted');
    expect(mixed.json['UserId']).toBe(one.id);
  });

  test('without a key header the signed bytes are the key', async () => {
    const caller = callerOf(profile);
    const user = stage.user();
    const sent = sign(profile, caller, user);
    const first = await post(sent);
    expect(codeOf(first)).toBe('200 Completed');
    expect(first.json['Warning']).toBeUndefined();
    await stage.rows.age(user.id, 130);
    expect(codeOf(await post(sent))).toBe('200 AlreadyCompleted');
    expect(writesOf(stage, user)).toEqual({ sent: 1, done: 1 });
  });

  test('a key without a signature, and a changed body, are turned away and leave no row', async () => {
    const caller = callerOf(profile);
    const user = stage.user();
    const before = (await stage.rows.claims(caller)).length;
    const sent = sign(profile, caller, user, { 'idempotency-key': 'own' });
    const bare = { caller, body: sent.body, headers: { 'idempotency-key': 'own' } };
    expect(codeOf(await post(bare))).toBe('401 Unauthenticated');
    expect(codeOf(await post({ ...sent, body: `${sent.body} ` }))).toBe('401 Unauthenticated');
    expect(await stage.rows.claims(caller)).toHaveLength(before);
    expect(writesOf(stage, user)).toEqual({ sent: 0, done: 0 });
  });
});

test('a webhook-id under a signature is the delivery, whatever its time and its other headers', async () => {
  const profile = 'standard-webhooks';
  const caller = callerOf(profile);
  const user = stage.user();
  expect(codeOf(await post(sign(profile, caller, user, {}, 'msg_7')))).toBe('200 Completed');
  await stage.rows.age(user.id, 130);
  const later = sign(profile, caller, user, { 'idempotency-key': 'added' }, 'msg_7');
  expect(codeOf(await post(later))).toBe('200 AlreadyCompleted');
  expect(codeOf(await post(later, { 'webhook-id': 'msg_8' }))).toBe('401 Unauthenticated');
  expect(writesOf(stage, user)).toEqual({ sent: 1, done: 1 });
});

test('names of a delivery that the hourly limit refused stay good for later attempts', async () => {
  const profile = 'standard-webhooks';
  const caller = `${profile}-limited`;
  await post(sign(profile, caller, stage.user(), {}, 'msg_filler'));
  const user = stage.user();
  const key = { 'idempotency-key': 'chain' };
  const first = sign(profile, caller, user, key, 'msg_chain_1');
  expect(codeOf(await post(first))).toBe('429 TooManyRequests');
  await anHourLater(caller);
  expect(codeOf(await post(first))).toBe('200 Completed');
  const renewed = sign(profile, caller, user, key, 'msg_chain_2');
  expect(codeOf(await post(renewed))).toBe('200 AlreadyCompleted');
  expect(writesOf(stage, user)).toEqual({ sent: 1, done: 1 });
});

test('an unsigned webhook-id is no key', async () => {
  const user = stage.user();
  const send = () =>
    door.reset(
      { UserName: user.userPrincipalName },
      { 'x-functions-key': keyOf('unsigned'), 'webhook-id': 'msg_1' },
    );
  const first = await send();
  expect(codeOf(first)).toBe('200 Completed');
  expect(first.json['Warning']).toMatch(/No Idempotency-Key/);
  await stage.rows.age(user.id, 130);
  expect(codeOf(await send())).toBe('200 Completed');
});
