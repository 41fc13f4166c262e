// Which header is the key of a delivery (of a list, the first present wins), how it is read, and how far it
// reaches: one caller, one header name. Without a key nothing is claimed, and the answer says so.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { codeOf, type Reply } from '../support/door.ts';
import type { Door } from '../support/journey.ts';
import {
  crowd,
  keyOf,
  type LedgerStage,
  openLedgerStage,
  type User,
  writesOf,
} from '../support/ledger-stage.ts';

type Headers = Readonly<Record<string, string>>;

let stage: LedgerStage;
let door: Door;
let used = 0;

beforeAll(async () => {
  stage = await openLedgerStage();
  // Without a pause, so that "new" shows as another reset.
  door = await stage.openFor(crowd(80), { COOLDOWN_SECONDS: '0' });
});
afterAll(() => stage.close());

const place = () => {
  used += 1;
  return { caller: `c${used}`, user: stage.user() };
};
const send = (caller: string, user: User, headers: Headers, fields: object = {}): Promise<Reply> =>
  door.reset(
    { UserName: user.userPrincipalName, ...fields },
    { 'x-functions-key': keyOf(caller), ...headers },
  );

const workflow = { 'x-ms-workflow-run-id': 'run-1', 'x-ms-workflow-operation-name': 'Reset' };

test.each<readonly [string, Headers, Headers, 'same' | 'new']>([
  ['Idempotency-Key', { 'idempotency-key': 'a' }, { 'idempotency-key': 'a' }, 'same'],
  ['Idempotency-Key, another', { 'idempotency-key': 'a' }, { 'idempotency-key': 'b' }, 'new'],
  [
    'Idempotency-Key in another case',
    { 'idempotency-key': 'a' },
    { 'idempotency-key': 'A' },
    'new',
  ],
  ['Idempotency-Key, quoted', { 'idempotency-key': 'a' }, { 'idempotency-key': '"a"' }, 'same'],
  [
    'Idempotency-Key, 255 characters',
    { 'idempotency-key': 'k'.repeat(255) },
    { 'idempotency-key': 'k'.repeat(255) },
    'same',
  ],
  [
    'Idempotency-Key before X-Zammad-Delivery',
    { 'idempotency-key': 'a', 'x-zammad-delivery': '1' },
    { 'idempotency-key': 'a', 'x-zammad-delivery': '2' },
    'same',
  ],
  [
    'Idempotency-Key differs, X-Zammad-Delivery does not',
    { 'idempotency-key': 'a', 'x-zammad-delivery': '1' },
    { 'idempotency-key': 'b', 'x-zammad-delivery': '1' },
    'new',
  ],
  ['X-Zammad-Delivery', { 'x-zammad-delivery': '1' }, { 'x-zammad-delivery': '1' }, 'same'],
  [
    'X-Zammad-Delivery before the invocation id',
    { 'x-zammad-delivery': '1', 'x-zendesk-webhook-invocation-id': '1' },
    { 'x-zammad-delivery': '1', 'x-zendesk-webhook-invocation-id': '2' },
    'same',
  ],
  [
    'X-Zendesk-Webhook-Invocation-Id',
    { 'x-zendesk-webhook-invocation-id': '1' },
    { 'x-zendesk-webhook-invocation-id': '1' },
    'same',
  ],
  [
    'the invocation id before the workflow',
    { 'x-zendesk-webhook-invocation-id': '1', ...workflow },
    { 'x-zendesk-webhook-invocation-id': '2', ...workflow },
    'new',
  ],
  ['one value under two headers', { 'idempotency-key': 'a' }, { 'x-zammad-delivery': 'a' }, 'new'],
  ['workflow run and operation', workflow, workflow, 'same'],
  ['workflow, another run', workflow, { ...workflow, 'x-ms-workflow-run-id': 'run-2' }, 'new'],
  [
    'workflow, another operation',
    workflow,
    { ...workflow, 'x-ms-workflow-operation-name': 'Again' },
    'new',
  ],
  ['workflow, run alone', { 'x-ms-workflow-run-id': 'r' }, { 'x-ms-workflow-run-id': 'r' }, 'new'],
  ['webhook-id without a signature', { 'webhook-id': 'm' }, { 'webhook-id': 'm' }, 'new'],
  ['no key', {}, {}, 'new'],
])('%s', async (_what, first, second, verdict) => {
  const { caller, user } = place();
  const one = await send(caller, user, first);
  expect(codeOf(one)).toBe('200 Completed');
  const keyless = ['no key', 'webhook-id without a signature', 'workflow, run alone'].includes(
    _what,
  );
  if (keyless) expect(one.json['Warning']).toMatch(/No Idempotency-Key/);
  else expect(one.json['Warning']).toBeUndefined();
  const two = await send(caller, user, second);
  expect(codeOf(two)).toBe(verdict === 'same' ? '200 AlreadyCompleted' : '200 Completed');
  expect(writesOf(stage, user).done).toBe(verdict === 'same' ? 1 : 2);
});

test('a workflow step that loops over users resets each of them once', async () => {
  const { caller, user } = place();
  const other = stage.user();
  expect(codeOf(await send(caller, user, workflow))).toBe('200 Completed');
  expect(codeOf(await send(caller, other, workflow))).toBe('200 Completed');
  const shouting = { UserName: user.userPrincipalName.toUpperCase() };
  expect(codeOf(await send(caller, user, workflow, shouting))).toBe('200 AlreadyCompleted');
  expect(writesOf(stage, user).done + writesOf(stage, other).done).toBe(2);
});

test('a key reaches no further than its caller', async () => {
  const { caller, user } = place();
  const { caller: another } = place();
  const headers = { 'idempotency-key': 'shared' };
  expect(codeOf(await send(caller, user, headers))).toBe('200 Completed');
  expect(codeOf(await send(another, user, headers))).toBe('200 Completed');
  expect(codeOf(await send(caller, user, headers))).toBe('200 AlreadyCompleted');
});

test.each(['a'.repeat(256), '""', '" "', 'a b', 'a\tb'])(
  'an unusable key (%j) is a problem of the request, not dropped',
  async (key) => {
    const { caller, user } = place();
    const reply = await send(caller, user, { 'idempotency-key': key });
    expect(codeOf(reply)).toBe('400 InvalidRequest');
    expect(reply.json['errors']).toEqual([
      { pointer: '/Idempotency-Key', detail: expect.any(String) },
    ]);
    expect(writesOf(stage, user).sent).toBe(0);
  },
);

test('rows hold no key, no header and nothing of the body but names', async () => {
  const { caller, user } = place();
  await send(caller, user, { 'idempotency-key': 'canary-key-in-rows' }, { Extra: 'canary-field' });
  const rows = [
    ...(await stage.rows.all(stage.rows.deliveries)),
    ...(await stage.rows.all(stage.rows.users)),
  ];
  const text = JSON.stringify(rows);
  expect(text).not.toMatch(/canary-key-in-rows|canary-field/);
  expect(text).not.toContain(user.password);
  for (const { rowKey } of await stage.rows.claims(caller)) {
    expect(rowKey).toMatch(/^claim~[0-9a-f]{64}$/);
  }
});

test('without a key lock and pause still hold', async () => {
  const user = stage.user();
  const slow = await stage.openFor(crowd(80));
  const bare = () =>
    slow.reset({ UserName: user.userPrincipalName }, { 'x-functions-key': keyOf('c0') });
  const write = stage.proxy.hold(
    ({ station, partition }) => station === 'audit' && partition === user.id,
    'before',
  );
  const first = bare();
  await write.reached;
  expect(codeOf(await bare())).toBe('409 InProgress');
  write.release();
  expect(codeOf(await first)).toBe('200 Completed');
  expect(codeOf(await bare())).toBe('403 RecentlyReset');
  expect(writesOf(stage, user).done).toBe(1);
  await slow.host.kill();
});
