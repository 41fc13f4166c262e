// Deliveries that come again, through the whole story: done, refused, unknown, abandoned,
// two at once.

import { expect, test } from '@jest/globals';
import { err, ok } from '../../lib/result.ts';
import {
  aConfig,
  aJourney,
  calledBy,
  codeOf,
  outcomesIn,
  requestId,
  said,
  startedAt,
} from '../support/a-journey.ts';
import { aBody, aRequest, plain } from '../support/a-valid-request.ts';
import { aUser, userId } from '../support/a-valid-user.ts';
import { refusals, unanswered } from '../support/troubles.ts';

const noKey =
  'No Idempotency-Key was sent, so a repetition is not recognised: only the lock and the cooldown of this user hold it off.';

// --- the same delivery again -----------------------------------------------------------------------

test('done: AlreadyCompleted, no password, no write, and the first request id', async () => {
  const { handle, calls, ledger, clock, lines } = aJourney();
  await handle(plain({ RevokeSessions: true }));
  clock.now += 3_600_000;
  calls.length = 0;
  lines.length = 0;
  const answer = await handle(plain({ revokesessions: 'yes' }), 'second-request');
  expect(answer.status).toBe(200);
  expect(answer.headers).toMatchObject({
    'Idempotent-Replayed': 'true',
    'x-ms-request-id': 'second-request',
  });
  expect(said(answer)).toEqual({
    Status: 'AlreadyCompleted',
    UserName: 'adele.vance@contoso.com',
    UserId: userId,
    AccountEnabled: true,
    ForceChangePasswordNextSignIn: true,
    PasswordReturned: false,
    CompletedAt: '2026-11-23T09:15:30Z',
    RequestId: requestId,
    Detail:
      'This delivery was completed at 2026-11-23T09:15:30Z; its password is not kept and cannot be ' +
      'shown again. To set a new password, send a new Idempotency-Key.',
  });
  expect(calls).not.toContain('directory.setPassword');
  expect(outcomesIn(ledger)).toEqual(['Completed', 'AlreadyCompleted']);
  expect(ledger.counts).toHaveLength(1);
  expect(lines.map(({ event }) => event)).toEqual(['ResetReplayed']);
});

test.each(refusals)('done stays done whatever Graph says now: %s', async (_code, directory) => {
  const first = aJourney();
  await first.handle();
  const second = aJourney({ ledger: first.ledger, directory });
  expect(said(await second.handle())).toMatchObject({ Status: 'AlreadyCompleted' });
});

test('another request with the same key', async () => {
  const { handle, calls } = aJourney();
  await handle();
  calls.length = 0;
  const answer = await handle(plain({ RevokeSessions: true }));
  expect([answer.status, codeOf(answer)]).toEqual([422, 'KeyReused']);
  expect(calls).not.toContain('directory.setPassword');
});

test('the same key of another caller is another delivery', async () => {
  const one = aJourney();
  await one.handle();
  const other = aJourney({ ledger: one.ledger, config: calledBy({}) });
  expect(codeOf(await other.handle())).toBe('RecentlyReset');
});

test('two in parallel: one writes, one is in progress', async () => {
  const { handle, calls } = aJourney();
  const answers = await Promise.all([handle(), handle()]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  expect(answers.find(({ status }) => status === 409)?.headers['Retry-After']).toBe('5');
  expect(calls.filter((call) => call === 'directory.setPassword')).toHaveLength(1);
});

test('two without a key in parallel: one writes, one is in progress', async () => {
  const { handle, calls } = aJourney();
  const keyless = () => handle(aRequest({ headers: { 'idempotency-key': null } }));
  const answers = await Promise.all([keyless(), keyless()]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  expect(calls.filter((call) => call === 'directory.setPassword')).toHaveLength(1);
});

test('within the pause another request is RecentlyReset, for the life of its key', async () => {
  const { handle, clock, calls } = aJourney();
  await handle();
  clock.now += 119_000;
  const second = aRequest({ headers: { 'idempotency-key': 'ticket-2' } });
  const answer = await handle(second);
  expect([answer.status, codeOf(answer)]).toEqual([403, 'RecentlyReset']);
  expect(said(answer)['detail']).toContain('from 2026-11-23T09:17:30Z a new Idempotency-Key works');
  clock.now += 86_400_000;
  expect(codeOf(await handle(second))).toBe('RecentlyReset');
  expect(calls.filter((call) => call === 'directory.setPassword')).toHaveLength(1);
  const third = aRequest({ headers: { 'idempotency-key': 'ticket-3' } });
  expect(said(await handle(third))).toMatchObject({ Status: 'Completed' });
});

test('after RecentlyReset another request with that key runs', async () => {
  const { handle, clock } = aJourney();
  await handle();
  const headers = { 'idempotency-key': 'ticket-2' };
  expect(codeOf(await handle(aRequest({ headers })))).toBe('RecentlyReset');
  clock.now += 120_000;
  const other = aRequest({ headers, body: aBody({ RevokeSessions: true }) });
  expect(said(await handle(other))).toMatchObject({ Status: 'Completed' });
});

test('a withheld reset holds back only withholding callers', async () => {
  const withholding = aJourney({ config: calledBy({ password: 'withhold' }) });
  await withholding.handle();
  const other = aRequest({ headers: { 'idempotency-key': 'ticket-2' } });
  expect(codeOf(await withholding.handle(other))).toBe('RecentlyReset');
  const returning = aJourney({ ledger: withholding.ledger, config: calledBy({ name: 'jira' }) });
  expect(said(await returning.handle())).toMatchObject({ PasswordReturned: true });
});

test('COOLDOWN_SECONDS sets the pause', async () => {
  const { handle, clock } = aJourney({ config: ok(aConfig({ cooldownSeconds: 0 })) });
  await handle();
  clock.now += 1;
  const other = aRequest({ headers: { 'idempotency-key': 'ticket-2' } });
  expect(said(await handle(other))).toMatchObject({ Status: 'Completed' });
});

test('without a key the pause still holds, and Warning says what a repetition would do', async () => {
  const { handle, clock, ledger } = aJourney();
  const keyless = aRequest({ headers: { 'idempotency-key': null } });
  expect(said(await handle(keyless))['Warning']).toBe(noKey);
  expect(codeOf(await handle(keyless))).toBe('RecentlyReset');
  clock.now += 120_000;
  expect(said(await handle(keyless))).toMatchObject({ Status: 'Completed' });
  expect(ledger.claims.size).toBe(0);
  expect(ledger.counts).toHaveLength(3);
});

// --- an unanswered write, and workers that died ----------------------------------------------------

test('a retry with the same key settles it: the rest of the 30 s, then a new password', async () => {
  const first = aJourney({ directory: unanswered });
  await first.handle();
  const { handle, clock, ledger } = aJourney({ ledger: first.ledger });
  clock.now = startedAt + 12_000;
  const soon = await handle();
  expect([codeOf(soon), soon.headers['Retry-After']]).toEqual(['OutcomeUnknown', '18']);
  const other = aRequest({ headers: { 'idempotency-key': 'ticket-2' } });
  expect(codeOf(await handle(other))).toBe('InProgress');
  expect(codeOf(await handle(plain({ RevokeSessions: true })))).toBe('KeyReused');
  clock.now = startedAt + 30_001;
  expect(said(await handle())).toMatchObject({ Status: 'Completed', PasswordReturned: true });
  // its outcome was recorded when it was given up: it is not recorded once more
  expect(outcomesIn(ledger).filter((code) => code === 'OutcomeUnknown')).toHaveLength(2);
});

test.each([
  ['two minutes after the sending', 120_000, 'Completed'],
  ['more than two minutes after it', 120_001, 'AlreadyCompleted'],
  ['before it', -1, 'Completed'],
  ['never', null, 'Completed'],
])('an unanswered write, and a password changed %s', async (_when, after, status) => {
  const first = aJourney({ directory: unanswered });
  await first.handle();
  const lastPasswordChangeAt = after === null ? null : startedAt + after;
  const { handle, clock, calls, ledger } = aJourney({
    ledger: first.ledger,
    directory: {
      user: async () => ok(aUser({ lastPasswordChangeAt, accountEnabled: false })),
    },
  });
  clock.now = startedAt + 600_000;
  const answer = said(await handle(aRequest(), 'second-request'));
  expect(answer['Status']).toBe(status);
  expect(calls.includes('directory.setPassword')).toBe(status === 'Completed');
  if (status !== 'AlreadyCompleted') return;
  expect(answer).toMatchObject({
    CompletedAt: '2026-11-23T09:15:30Z',
    RequestId: requestId,
    AccountEnabled: false,
    ForceChangePasswordNextSignIn: true,
    PasswordReturned: false,
  });
  expect([...ledger.claims.values()].map(({ claim }) => claim.state)).toEqual(['done']);
  expect(ledger.counts).toHaveLength(2);
});

test('an unanswered write stays known when its repetition is refused before writing', async () => {
  const first = aJourney({ directory: unanswered });
  await first.handle();
  const second = aJourney({
    ledger: first.ledger,
    directory: { user: async () => err({ code: 'GraphUnavailable', retryAfterSeconds: 5 }) },
  });
  second.clock.now = startedAt + 40_000;
  expect(codeOf(await second.handle())).toBe('GraphUnavailable');
  expect([...second.ledger.claims.values()].map(({ claim }) => claim)).toMatchObject([
    { state: 'sent', givenUp: true, at: startedAt, requestId },
  ]);
});

test('a worker that died after the mark: InProgress, then unknown, then taken over and accounted for', async () => {
  const dies = aJourney({ directory: { setPassword: () => new Promise(() => undefined) } });
  void dies.handle();
  for (let turn = 0; turn < 20; turn += 1) await new Promise((done) => setImmediate(done));
  expect(dies.calls.at(-1)).toBe('directory.setPassword');
  const { handle, clock, ledger } = aJourney({ ledger: dies.ledger });
  clock.now = startedAt + 9_999;
  expect(codeOf(await handle())).toBe('InProgress');
  clock.now = startedAt + 10_000;
  expect(codeOf(await handle())).toBe('OutcomeUnknown');
  clock.now = startedAt + 30_000;
  expect(codeOf(await handle())).toBe('OutcomeUnknown');
  clock.now = startedAt + 30_001;
  ledger.rows.length = 0;
  expect(said(await handle(aRequest(), 'later'))).toMatchObject({ Status: 'Completed' });
  expect(ledger.rows.map(({ row }) => [row.kind, row.code, row.requestId])).toEqual([
    ['outcome', 'OutcomeUnknown', requestId],
    ['intent', 'Intent', 'later'],
    ['outcome', 'Completed', 'later'],
  ]);
});

test('a worker that died before the mark: InProgress for 10 s, then it runs', async () => {
  const dies = aJourney({ directory: { user: () => new Promise(() => undefined) } });
  void dies.handle();
  for (let turn = 0; turn < 20; turn += 1) await new Promise((done) => setImmediate(done));
  const { handle, clock } = aJourney({ ledger: dies.ledger });
  clock.now = startedAt + 9_999;
  expect(codeOf(await handle())).toBe('InProgress');
  clock.now = startedAt + 10_000;
  expect(said(await handle())).toMatchObject({ Status: 'Completed' });
});
