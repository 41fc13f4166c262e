// A crowd: 64 requests ask Graph at a time and the others wait in line. What the ledger or the request alone
// decides does not wait, whatever Graph does.

import { expect, test } from '@jest/globals';
import type { Failure } from '../../lib/failure.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import type { UserFacts } from '../../lib/target.ts';
import { aJourney, calledBy, codeOf, said, startedAt } from '../support/a-journey.ts';
import { aRequest, plain } from '../support/a-valid-request.ts';
import { aUser } from '../support/a-valid-user.ts';

const withoutKey = aRequest({ headers: { 'idempotency-key': null } });
const keyed = (key: string) => aRequest({ headers: { 'idempotency-key': key } });
const aMoment = () => new Promise((done) => setTimeout(done, 20));

/** A journey whose look-ups end when told to; `hangs` begins with the crowd of 64. */
function aCrowd(changes: Parameters<typeof aJourney>[0] = {}) {
  const looking: ((found: Result<UserFacts, Failure>) => void)[] = [];
  let hangs = false;
  const journey = aJourney({
    directory: {
      user: () =>
        hangs
          ? new Promise<Result<UserFacts, Failure>>((end) => looking.push(end))
          : Promise.resolve(ok(aUser())),
    },
    ...changes,
  });
  const crowd = async (incoming = withoutKey): Promise<void> => {
    hangs = true;
    for (let i = 0; i < 64; i += 1) void journey.handle(incoming, `in-crowd-${i}`);
    await aMoment();
    expect(looking).toHaveLength(64);
  };
  return { ...journey, looking, crowd };
}
const late = { startedAt: startedAt - 6_480 };

test('whose turn does not come is told so: nothing was begun, and the delivery may come again', async () => {
  const { crowd, handle, looking, ledger } = aCrowd(late);
  await crowd();
  const answer = await handle(keyed('ticket-1'), 'the-late-one');
  expect([answer.status, codeOf(answer)]).toEqual([503, 'GraphUnavailable']);
  expect(answer.headers['Retry-After']).toBe('10');
  expect(looking).toHaveLength(64);
  expect(ledger.counts.map(({ requestId }) => requestId)).toEqual(['the-late-one']);
  expect(ledger.rows.map(({ row }) => [row.requestId, row.kind, row.code])).toEqual([
    ['the-late-one', 'outcome', 'GraphUnavailable'],
  ]);
  expect([...ledger.claims.values()].map(({ claim }) => claim.state)).toEqual(['free']);
});

test('a dry run too', async () => {
  const { crowd, handle, looking, ledger } = aCrowd(late);
  await crowd();
  expect(codeOf(await handle(plain({ DryRun: true })))).toBe('GraphUnavailable');
  expect(looking).toHaveLength(64);
  expect(ledger.claims.size).toBe(0);
});

test('whoever waits in line goes on when another has ended', async () => {
  const { crowd, handle, looking } = aCrowd();
  await crowd();
  const waiting = handle(keyed('ticket-1'), 'in-line');
  await aMoment();
  expect(looking).toHaveLength(64);
  looking[0]?.(err({ code: 'UserNotFound' }));
  await aMoment();
  expect(looking).toHaveLength(65);
  looking[64]?.(ok(aUser()));
  expect(said(await waiting)).toMatchObject({ Status: 'Completed' });
});

test('a done delivery is AlreadyCompleted at once, uncounted, and takes nobody’s turn later', async () => {
  const { crowd, handle, looking, ledger } = aCrowd();
  await handle(keyed('done'));
  await crowd();
  const answer = await handle(keyed('done'), 'again');
  expect(said(answer)).toMatchObject({ Status: 'AlreadyCompleted' });
  expect(ledger.counts.map(({ requestId }) => requestId)).not.toContain('again');
  looking[0]?.(err({ code: 'UserNotFound' }));
  await aMoment();
  expect(looking).toHaveLength(64);
});

test('a reused key and a delivery that is worked on are told at once', async () => {
  const { crowd, handle } = aCrowd();
  await handle(keyed('done'));
  await crowd();
  const other = plain({ RevokeSessions: true, UserName: 'megan@contoso.com' });
  const reused = await handle({ ...keyed('done'), body: other.body });
  expect([reused.status, codeOf(reused)]).toEqual([422, 'KeyReused']);
  void handle(keyed('waits'));
  await aMoment();
  const second = await handle(keyed('waits'));
  expect([second.status, codeOf(second)]).toEqual([409, 'InProgress']);
});

test('the hourly limit is told at once, to a dry run too, and counts nobody', async () => {
  const { crowd, handle, ledger } = aCrowd({ config: calledBy({ maxResetsPerHour: 1 }) });
  await crowd();
  ledger.counts.push({ caller: 'zendesk', at: startedAt, requestId: 'earlier' });
  const before = ledger.counts.length;
  for (const incoming of [keyed('over'), plain({ DryRun: true })]) {
    const answer = await handle(incoming);
    expect([answer.status, codeOf(answer)]).toEqual([429, 'TooManyRequests']);
  }
  expect(ledger.counts).toHaveLength(before);
});

test('whoever the ledger refused in line asks nobody any more, a dry run neither', async () => {
  const config = calledBy({ maxResetsPerHour: 1 });
  const { crowd, handle, looking, ledger } = aCrowd({ config });
  await crowd();
  ledger.counts.push({ caller: 'zendesk', at: startedAt, requestId: 'earlier' });
  await handle(keyed('over'));
  await handle(plain({ DryRun: true }));
  for (const end of looking) end(err({ code: 'UserNotFound' }));
  await aMoment();
  expect(looking).toHaveLength(64);
});

test('a look-up keeps its turn until it ends, also when the ledger has answered meanwhile', async () => {
  const { crowd, handle, looking } = aCrowd();
  await handle(keyed('done'));
  await crowd(keyed('done'));
  void handle(keyed('other'));
  await aMoment();
  expect(looking).toHaveLength(64);
  looking[0]?.(err({ code: 'UserNotFound' }));
  await aMoment();
  expect(looking).toHaveLength(65);
});

test('whom a look at the request alone refuses does not wait in line', async () => {
  const { crowd, handle, ledger } = aCrowd({ config: calledBy({ mayEnable: false }) });
  await crowd();
  const answer = await handle(plain({ EnableUserIfNeeded: true }), 'not-allowed');
  expect([answer.status, codeOf(answer)]).toEqual([403, 'CallerNotAllowed']);
  expect(ledger.rows.map(({ row }) => [row.requestId, row.code])).toEqual([
    ['not-allowed', 'CallerNotAllowed'],
  ]);
});
