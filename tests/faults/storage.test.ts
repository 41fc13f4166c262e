// Storage that is slow or down at each operation that is not in every request, or altogether: before the
// write nothing is changed, after it the password is returned and said to be unrecorded. All within the deadline.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { codeOf, type Reply } from '../support/door.ts';
import { type Door, openStage, type Stage } from '../support/journey.ts';
import { type Lateness, watchLateness } from '../support/lateness.ts';
import {
  at,
  changed,
  crowd,
  deliver,
  keyOf,
  type LedgerStage,
  openLedgerStage,
  type User,
  writesOf,
} from '../support/ledger-stage.ts';
import { signers, signingSecrets } from '../support/signing.ts';
import { always, type Match, startTableProxy, type TableProxy } from '../support/table-proxy.ts';

const hang = { kind: 'hang' } as const;
const down = { kind: 'reply', status: 503 } as const;

let stage: LedgerStage;
let door: Door;
let lateness: Lateness;

beforeAll(async () => {
  stage = await openLedgerStage();
  const signature = { profile: 'zendesk', secrets: ['ZENDESK_SECRET'] };
  door = await stage.openFor([...crowd(60), { name: 'signing', signature }], signingSecrets);
  lateness = watchLateness(door);
});
afterAll(async () => {
  await lateness.stop();
  await stage.close();
});

interface Cell {
  readonly caller: string;
  readonly user: User;
}
let used = 0;
const cell = (): Cell => {
  used += 1;
  return { caller: `c${used}`, user: stage.user() };
};
const everything =
  ({ caller, user }: Cell): Match =>
  ({ partition }) =>
    partition === caller || partition === user.id || partition === `caller~${caller}`;

const send = (
  { caller, user }: Cell,
  key: string | undefined,
  fields: Readonly<Record<string, unknown>> = {},
): Promise<Reply> => deliver(door, caller, user.userPrincipalName, key, fields);

const inTime = (reply: Reply): void =>
  expect(reply.elapsedMs - lateness.worst(reply.elapsedMs + 1_000)).toBeLessThan(9_000);

test.concurrent.each([
  ['hangs', hang],
  ['refuses', down],
])(
  'everything %s before the write: LedgerUnavailable, nothing changed, then it runs',
  async (_what, fault) => {
    const one = cell();
    const end = stage.proxy.next(everything(one), fault, always);
    const reply = await send(one, 'key');
    expect(codeOf(reply)).toBe('503 LedgerUnavailable');
    inTime(reply);
    expect(writesOf(stage, one.user).sent).toBe(0);
    end();
    expect(codeOf(await send(one, 'key'))).toBe('200 Completed');
  },
);

test.concurrent.each([
  ['hangs', hang],
  ['refuses', down],
])(
  'everything %s after the write: the password with its warning, then 30 s of an unknown outcome',
  async (_what, fault) => {
    const one = cell();
    const { caller, user } = one;
    const patched = stage.proxy.next(
      (operation) => everything(one)(operation) && changed(user),
      fault,
      always,
    );
    const reply = await send(one, 'key');
    expect(codeOf(reply)).toBe('200 Completed');
    inTime(reply);
    expect(reply.json['Password']).toBe(user.password);
    expect(reply.json['Warning']).toMatch(/not recorded; repeating this request resets again/);
    patched();
    expect(codeOf(await send(one, 'other'))).toBe('409 InProgress');
    await stage.rows.age(caller, 31);
    await stage.rows.age(user.id, 31);
    const again = await send(one, 'key');
    expect(codeOf(again)).toBe('200 Completed');
    expect(again.json['Password']).toBe(user.password);
    expect([...(await stage.rows.trail(user.id))].sort()).toEqual([
      'intent Intent',
      'intent Intent',
      'outcome Completed',
      'outcome InProgress',
      'outcome OutcomeUnknown',
    ]);
  },
);

test.concurrent('a record that fails twice is tried again, and nothing is said', async () => {
  const one = cell();
  stage.proxy.next(at('record', one.caller), down, 2);
  stage.proxy.next(at('audit', one.user.id), down, 2);
  const reply = await send(one, 'key');
  expect(codeOf(reply)).toBe('200 Completed');
  expect(reply.json['Warning']).toBeUndefined();
  expect(codeOf(await send(one, 'key'))).toBe('200 AlreadyCompleted');
  expect(await stage.rows.trail(one.user.id)).toEqual([
    'intent Intent',
    'outcome Completed',
    'outcome AlreadyCompleted',
  ]);
});

test.concurrent('a record that hangs once is tried again', async () => {
  const one = cell();
  stage.proxy.next(at('record', one.caller), hang);
  const reply = await send(one, 'key');
  expect(codeOf(reply)).toBe('200 Completed');
  expect(reply.json['Warning']).toBeUndefined();
  inTime(reply);
});

test.concurrent('slow everywhere: each operation 400 ms, and it completes', async () => {
  const one = cell();
  stage.proxy.next(everything(one), { kind: 'slow', ms: 400 }, always);
  const reply = await send(one, 'key');
  expect(codeOf(reply)).toBe('200 Completed');
  inTime(reply);
  expect(codeOf(await send(one, 'key'))).toBe('200 AlreadyCompleted');
});

test.concurrent.each(['claimRead', 'take', 'lockRead'])(
  '%s hangs: LedgerUnavailable, nothing changed',
  async (station) => {
    const one = cell();
    const { caller, user } = one;
    if (station === 'lockRead') {
      expect(codeOf(await send(one, 'earlier'))).toBe('200 Completed');
      await stage.rows.age(user.id, 121);
    } else {
      stage.tenant.directory.removeUser(user.id);
      expect(codeOf(await send(one, 'key'))).toBe('404 UserNotFound');
      stage.tenant.directory.addUser(user);
    }
    const before = writesOf(stage, user).sent;
    const end = stage.proxy.next(
      at(station, station === 'lockRead' ? user.id : caller),
      hang,
      always,
    );
    const reply = await send(one, 'key');
    expect(codeOf(reply)).toBe('503 LedgerUnavailable');
    inTime(reply);
    expect(writesOf(stage, user).sent).toBe(before);
    end();
    expect(codeOf(await send(one, 'key'))).toBe('200 Completed');
  },
);

test.concurrent('an alias that cannot be recorded: no answer about the delivery', async () => {
  const user = stage.user();
  const sign = (time: number) => {
    const body = JSON.stringify({ UserName: user.userPrincipalName });
    const headers = { 'x-functions-key': keyOf('signing'), 'idempotency-key': 'own' };
    const type = { 'content-type': 'application/json' };
    return door.send({ body, headers: { ...headers, ...type, ...signers.zendesk(body, time) } });
  };
  const now = Date.now();
  expect(codeOf(await sign(now))).toBe('200 Completed');
  const end = stage.proxy.next(at('alias', 'signing'), down, always);
  const reply = await sign(now - 2_000);
  expect(codeOf(reply)).toBe('503 LedgerUnavailable');
  inTime(reply);
  end();
  expect(codeOf(await sign(now - 2_000))).toBe('200 AlreadyCompleted');
});

test.concurrent.each([
  ['a user who does not exist', { UserName: 'nobody.here@contoso.com' }, 'before'],
  ['a replay', {}, 'after'],
  ['a key of another request', { RevokeSessions: true }, 'after'],
  ['a dry run', { DryRun: true }, 'before'],
])('without its outcome row nothing is decided: %s', async (_what, fields, key) => {
  const one = cell();
  if (key === 'after') expect(codeOf(await send(one, 'key'))).toBe('200 Completed');
  const outcomes: Match = ({ station, partition }) =>
    station === 'audit' && [one.user.id, `caller~${one.caller}`].includes(partition);
  stage.proxy.next(outcomes, down, always);
  const reply = await send(one, 'key', fields);
  expect(codeOf(reply)).toBe('503 LedgerUnavailable');
  inTime(reply);
});

test.concurrent('a malformed request stays 400, an unauthenticated one 401, while storage is down', async () => {
  const one = cell();
  stage.proxy.next(everything(one), hang, always);
  expect(codeOf(await send(one, 'key', { UserName: '' }))).toBe('400 InvalidRequest');
  const unknown = await door.reset({ UserName: one.user.id }, { 'x-functions-key': 'wrong' });
  expect(unknown.status).toBe(401);
  expect(stage.proxy.operations.filter(everything(one))).toEqual([]);
});

test.concurrent('the ledger’s trouble wins over what Graph says of the user', async () => {
  const one = cell();
  stage.proxy.next(at('claim', one.caller), down, always);
  const reply = await send(one, 'key', { UserName: 'nobody.there@contoso.com' });
  expect(codeOf(reply)).toBe('503 LedgerUnavailable');
});

test.concurrent('Graph hangs at the write and the record is slow: OutcomeUnknown all the same, in time', async () => {
  const one = cell();
  stage.tenant.faults.next({ method: 'PATCH', path: new RegExp(one.user.id) }, hang, 9);
  const slow = { kind: 'slow', ms: 2_000 } as const;
  const ends = [at('record', one.caller), at('audit', one.user.id)].map((match) =>
    stage.proxy.next(match, slow, always),
  );
  const reply = await send(one, 'key');
  expect(codeOf(reply)).toBe('503 OutcomeUnknown');
  inTime(reply);
  for (const end of ends) end();
  await sleep(2_500); // what was on its way to the table arrives
  expect(codeOf(await send(one, 'key'))).toBe('503 OutcomeUnknown');
});

test.concurrent('a look-up and a lock that are slow leave no time for a write: none is sent', async () => {
  const one = cell();
  stage.tenant.faults.next({ item: new RegExp(one.user.userPrincipalName) }, hang, 1);
  stage.proxy.next(at('lock', one.user.id), { kind: 'slow', ms: 4_000 }, always);
  const reply = await send(one, 'key');
  expect(['503 LedgerUnavailable', '503 GraphUnavailable']).toContain(codeOf(reply));
  inTime(reply);
  expect(writesOf(stage, one.user).sent).toBe(0);
});

/** A table service without tables, and a worker that meets it. */
async function freshTables(order: (proxy: TableProxy) => void) {
  const other: Stage = await openStage();
  const proxy = await startTableProxy(other.azurite.connectionString);
  order(proxy);
  const fresh = await other.open({ AzureWebJobsStorage: proxy.connectionString });
  const user = other.user();
  return {
    send: () => fresh.reset({ UserName: user.userPrincipalName }, { 'idempotency-key': 'key' }),
    close: async () => {
      await other.close();
      await proxy.stop();
    },
  };
}

test.concurrent('missing tables are made on first use', async () => {
  const { send: post, close } = await freshTables(() => {});
  expect(codeOf(await post())).toBe('200 Completed');
  expect(codeOf(await post())).toBe('200 AlreadyCompleted');
  await close();
});

test.concurrent('tables that cannot be made at first are made by a later request', async () => {
  let end = () => {};
  const { send: post, close } = await freshTables((proxy) => {
    end = proxy.next(({ station }) => station === 'createTable', down, always);
  });
  expect(codeOf(await post())).toBe('503 LedgerUnavailable');
  end();
  expect(codeOf(await post())).toBe('200 Completed');
  await close();
});

test.concurrent('making a table hangs: LedgerUnavailable in time, and later requests are not held up by it', async () => {
  let end = () => {};
  const { send: post, close } = await freshTables((proxy) => {
    end = proxy.next(({ station }) => station === 'createTable', hang, always);
  });
  const late = sleep(12_000, 'no answer within 12 s', { ref: false });
  expect(await Promise.race([post().then(codeOf), late])).toBe('503 LedgerUnavailable');
  end();
  const later = sleep(12_000, 'no answer within 12 s', { ref: false });
  expect(await Promise.race([post().then(codeOf), later])).toBe('200 Completed');
  await close();
});
