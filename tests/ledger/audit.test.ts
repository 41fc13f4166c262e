// The trail: one outcome row and one log line for every decision, the intent in the transaction of
// the lock, what was claimed kept apart from what was verified, and nothing that is not named here.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { codeOf, type Reply } from '../support/door.ts';
import type { Door } from '../support/journey.ts';
import {
  crowd,
  deliver,
  keyOf,
  type LedgerStage,
  openLedgerStage,
} from '../support/ledger-stage.ts';

let stage: LedgerStage;
let door: Door;
let used = 0;

beforeAll(async () => {
  stage = await openLedgerStage();
  door = await stage.openFor([...crowd(40), { name: 'quiet', password: 'withhold' }]);
});
afterAll(() => stage.close());

const next = (): string => {
  used += 1;
  return `c${used}`;
};
const requestIdOf = ({ headers }: Reply): string => String(headers['x-ms-request-id']);
const stored = ['etag', 'timestamp', 'partitionKey', 'rowKey', 'WriteId'];

const outcome = async (partition: string) => {
  const rows = (await stage.rows.audit(partition)).filter(({ Kind }) => Kind === 'outcome');
  expect(rows).toHaveLength(1);
  return Object.fromEntries(
    Object.entries(rows[0] ?? {}).filter(([name]) => !stored.includes(name)),
  );
};

test('a completed reset: who, whom, what was asked, what was found, what was done', async () => {
  const user = stage.user({ accountEnabled: false });
  const body = {
    UserName: user.userPrincipalName.toUpperCase(),
    RevokeSessions: true,
    TicketId: 4711,
    CallerName: 'Somebody else',
    Reason: 'Forgotten',
  };
  const headers = {
    'x-functions-key': keyOf('c0'),
    'x-ms-client-request-id': 'theirs-1',
    'idempotency-key': 'k',
  };
  const reply = await door.reset(body, headers);
  expect(codeOf(reply)).toBe('200 Completed');
  const expected = {
    Kind: 'outcome',
    At: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    Code: 'Completed',
    RequestId: requestIdOf(reply),
    ClientRequestId: 'theirs-1',
    Caller: 'c0',
    Door: 'function',
    ClaimedTicketId: '4711',
    ClaimedCallerName: 'Somebody else',
    ClaimedReason: 'Forgotten',
    AskedUserName: user.userPrincipalName.toUpperCase(),
    UserName: user.userPrincipalName,
    UserId: user.id,
    EnableUserIfNeeded: true,
    ForceChange: true,
    ForceChangeWithMfa: false,
    RevokeSessions: true,
    DryRun: false,
    AccountWasEnabled: false,
    AccountEnabled: true,
    PasswordReturned: true,
    SessionsRevoked: 'Revoked',
    GraphRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    ElapsedMs: expect.any(Number),
  };
  expect(await outcome(user.id)).toEqual(expected);
  const line = await door.host.waitForLine(new RegExp(`ResetCompleted.*${requestIdOf(reply)}`));
  expect(line).toContain('"claimedCallerName":"Somebody else"');
});

test('intent and lock are one transaction, before the write', async () => {
  const user = stage.user();
  const seen = await stage.watch(() => deliver(door, next(), user.id, 'key'));
  const [lock] = seen.filter(({ station }) => station === 'lock');
  expect(lock?.rows.map(({ row, columns }) => columns['Kind'] ?? row)).toEqual(['lock', 'intent']);
  const patch = stage.tenant.requests.find(
    ({ method, path }) => method === 'PATCH' && path.includes(user.id),
  );
  expect(lock?.at).toBeLessThanOrEqual(patch?.at ?? 0);
  const [intent] = await stage.rows.audit(user.id);
  expect(intent).toEqual(
    expect.objectContaining({ Kind: 'intent', Code: 'Intent', UserId: user.id }),
  );
});

test.each<readonly [string, Readonly<Record<string, unknown>>, string, 'user' | 'caller', string]>([
  ['a dry run', { DryRun: true }, '200 DryRun', 'user', 'ResetRehearsed'],
  [
    'a miss',
    { UserName: 'nobody.to.audit@contoso.com' },
    '404 UserNotFound',
    'caller',
    'ResetRefused',
  ],
])('%s leaves one outcome row and one line', async (_what, fields, answer, where, event) => {
  const caller = next();
  const user = stage.user();
  const reply = await deliver(door, caller, user.id, 'key', fields);
  expect(codeOf(reply)).toBe(answer);
  const row = await outcome(where === 'user' ? user.id : `caller~${caller}`);
  expect(row['Code']).toBe(answer.split(' ')[1]);
  expect(row['RequestId']).toBe(requestIdOf(reply));
  expect(row).not.toHaveProperty('PasswordReturned');
  await door.host.waitForLine(new RegExp(`"event":"${event}".*${requestIdOf(reply)}`));
  const lines = door.host.lines.filter((line) => line.includes(requestIdOf(reply)));
  expect(lines).toHaveLength(1);
});

test('why a target is protected stands in the row and not in the answer', async () => {
  const reply = await deliver(door, next(), 'global.admin@contoso.com', 'key');
  expect(codeOf(reply)).toBe('403 TargetProtected');
  const admin = stage.tenant.directory.user('global.admin@contoso.com');
  expect(await outcome(admin?.id ?? '')).toEqual(
    expect.objectContaining({ Code: 'TargetProtected', Because: 'role' }),
  );
  expect(reply.text).not.toMatch(/"because"|Global Administrator/);
});

test('a replay and a refusal by the ledger leave their outcome too', async () => {
  const caller = next();
  const user = stage.user();
  await deliver(door, caller, user.id, 'key');
  await deliver(door, caller, user.id, 'key');
  await deliver(door, caller, user.id, 'key', { RevokeSessions: true });
  expect(await stage.rows.trail(user.id)).toEqual([
    'intent Intent',
    'outcome Completed',
    'outcome AlreadyCompleted',
  ]);
  expect(await stage.rows.trail(`caller~${caller}`)).toEqual(['outcome KeyReused']);
});

test('a withheld password is no returned one', async () => {
  const user = stage.user();
  await deliver(door, 'quiet', user.id, 'key');
  expect(await outcome(user.id)).toEqual(
    expect.objectContaining({ Code: 'Completed', Caller: 'quiet', PasswordReturned: false }),
  );
});

test('through the Entra door: app and person are verified, whatever the body claims', async () => {
  const entra = await stage.open();
  const user = stage.user();
  const token = stage.tenant.mintToken({
    scp: 'user_impersonation',
    oid: '00000000-1111-4222-8333-444444444444',
  });
  const { azp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  const reply = await entra.entra(token, { UserName: user.id, CallerName: 'A director' });
  expect(codeOf(reply)).toBe('200 Completed');
  expect(await outcome(user.id)).toEqual(
    expect.objectContaining({
      Caller: `entra-${azp}`,
      Door: 'entra',
      CallerAppId: azp,
      CallerObjectId: '00000000-1111-4222-8333-444444444444',
      CallerUser: 'oncall.engineer@contoso.com',
      ClaimedCallerName: 'A director',
    }),
  );
  await entra.host.kill();
});

test.each([
  ['U+2028', 'one\u2028two', 'one two'],
  ['U+2029', 'one\u2029two', 'one two'],
  ['line breaks', 'one\r\ntwo', 'one two'],
  ['a forged line', 'x"}\n{"event":"ResetCompleted"', 'x"} {"event":"ResetCompleted"'],
  ['half a surrogate pair', 'one\ud800', 'one\ufffd'],
  ['NUL', 'one\u0000two', 'one two'],
  ['what ends a batch', '--changeset_x--', '--changeset_x--'],
])('claimed text with %s never stops a reset', async (_what, text, kept) => {
  const user = stage.user();
  const reply = await deliver(door, next(), user.id, 'key', { Reason: text, TicketId: text });
  expect(codeOf(reply)).toBe('200 Completed');
  expect(await outcome(user.id)).toEqual(
    expect.objectContaining({ ClaimedReason: kept, ClaimedTicketId: kept }),
  );
  const forged = door.host.lines.filter((line) => line.startsWith('{"event":"ResetCompleted"'));
  expect(forged).toEqual([]);
});
