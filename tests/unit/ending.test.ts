// How a request ends: which records are written, side by side, and what may be said when they are not.

import { expect, test } from '@jest/globals';
import type { Success } from '../../lib/answer.ts';
import type { LogFields } from '../../lib/audit.ts';
import type { Claim, DeliveryLedger } from '../../lib/claim.ts';
import { type AskedRow, conclude, type Ending } from '../../lib/ending.ts';
import type { Failure } from '../../lib/failure.ts';
import { err, ok } from '../../lib/result.ts';
import { secret } from '../../lib/secret.ts';
import type { UserLedger, UserLock } from '../../lib/user-lock.ts';
import { requestId, startedAt } from '../support/a-journey.ts';
import { aUser, userId } from '../support/a-valid-user.ts';

const asked: AskedRow = { requestId, startedAt, caller: 'zendesk', askedUserName: 'a@contoso.com' };
const until = startedAt + 8_500;

const completed: Success = {
  status: 'Completed',
  userName: 'adele.vance@contoso.com',
  userId,
  accountWasEnabled: false,
  accountEnabled: true,
  forceChange: true,
  sessionsRevoked: 'Revoked',
  completedAt: startedAt,
  requestId,
  warnings: ['One.'],
  password: secret('Kmtxd-Wxhtf-Pdrnk-497'),
};
const already: Success = {
  status: 'AlreadyCompleted',
  userName: 'adele.vance@contoso.com',
  userId,
  accountEnabled: true,
  forceChange: true,
  completedAt: startedAt,
  requestId: 'r-first',
  warnings: [],
};
const claim: Claim = {
  fingerprint: 'f',
  requestId,
  at: startedAt,
  state: 'claimed',
  earlier: undefined,
};
const held = { claim, row: 'row-1', version: 'v-1', isNew: true };
const next: Claim = { fingerprint: 'f', requestId, at: startedAt, state: 'free' };
const lock: UserLock = {
  state: 'free',
  requestId,
  caller: 'zendesk',
  at: startedAt,
  recorded: true,
  completed: undefined,
};

type Wrote = Awaited<ReturnType<UserLedger['write']>>;
type Amended = Awaited<ReturnType<DeliveryLedger['amend']>>;

async function end(
  ending: Ending,
  answers: {
    readonly wrote?: readonly Wrote[];
    readonly amended?: Amended;
    readonly at?: number;
  } = {},
) {
  const calls: unknown[][] = [];
  const lines: { level: string; event: string; fields: LogFields }[] = [];
  let writes = 0;
  const unexpected = () => Promise.reject(new Error('Not at the end of a request.'));
  const tools = {
    users: {
      read: unexpected,
      write: async (...args: unknown[]) => {
        calls.push(['write', ...args]);
        writes += 1;
        return answers.wrote?.[writes - 1] ?? ok('v-9');
      },
    },
    deliveries: {
      open: unexpected,
      recent: unexpected,
      forget: async (...args: unknown[]) => {
        calls.push(['forget', ...args]);
      },
      amend: async (...args: unknown[]) => {
        calls.push(['amend', ...args]);
        return answers.amended ?? ok(undefined);
      },
    },
    log: (level: string, event: string, fields: LogFields) => lines.push({ level, event, fields }),
    now: () => answers.at ?? startedAt + 700,
  };
  return { said: await conclude(tools, asked, ending, until), calls, lines };
}

const down = err({ code: 'LedgerUnavailable' } as const);
const counted = { at: startedAt, requestId };

test('all records are written side by side, before the answer', async () => {
  const ending: Ending = {
    outcome: ok(completed),
    counted: true,
    user: aUser({ accountEnabled: false }),
    graphRequestId: 'graph-1',
    lock: { next: lock, version: 'v-1' },
    claim: { held, next },
  };
  const { said, calls, lines } = await end(ending);
  expect(said).toBe(ending.outcome);
  const row = {
    kind: 'outcome',
    at: '2026-11-23T09:15:30.700Z',
    code: 'Completed',
    requestId,
    caller: 'zendesk',
    askedUserName: 'a@contoso.com',
    userName: 'adele.vance@contoso.com',
    userId,
    accountWasEnabled: false,
    accountEnabled: true,
    passwordReturned: true,
    sessionsRevoked: 'Revoked',
    because: undefined,
    graphRequestId: 'graph-1',
    elapsedMs: 700,
  };
  expect(calls).toEqual([
    ['write', userId, { next: lock, version: 'v-1' }, [row], until],
    ['amend', 'zendesk', { held, next, counted }, until],
  ]);
  const { kind: _kind, ...fields } = row;
  expect(lines).toEqual([{ level: 'info', event: 'ResetCompleted', fields }]);
});

test('a withheld password is not returned', async () => {
  const { calls } = await end({
    outcome: ok({ ...completed, password: undefined }),
    counted: true,
  });
  expect(calls[0]).toMatchObject([
    'write',
    userId,
    undefined,
    [{ passwordReturned: false, accountWasEnabled: undefined }],
    until,
  ]);
});

test('a replay goes to the user’s partition, and is not counted', async () => {
  const { said, calls } = await end({ outcome: ok(already), counted: false });
  expect(said.ok).toBe(true);
  expect(calls).toMatchObject([
    [
      'write',
      userId,
      undefined,
      [
        {
          code: 'AlreadyCompleted',
          userId,
          accountEnabled: undefined,
          passwordReturned: undefined,
          sessionsRevoked: undefined,
        },
      ],
      until,
    ],
  ]);
  expect(calls).toHaveLength(1);
});

const notFound: Failure = { code: 'UserNotFound' };

test('a refusal of nobody in particular goes to a partition of the caller', async () => {
  const { said, calls, lines } = await end({ outcome: err(notFound), counted: true });
  expect(said).toEqual(err(notFound));
  expect(calls).toMatchObject([
    ['write', 'caller~zendesk', undefined, [{ code: 'UserNotFound', userId: undefined }], until],
    ['amend', 'zendesk', { counted }, until],
  ]);
  expect(lines.map(({ level, event }) => [level, event])).toEqual([['warn', 'ResetRefused']]);
});

test('a claim that is let go is amended even when the request does not count', async () => {
  const { calls } = await end({ outcome: err(notFound), counted: false, claim: { held, next } });
  expect(calls[1]).toEqual(['amend', 'zendesk', { held, next }, until]);
});

test('Graph’s id of the last answer that was seen: the write’s, the refusal’s, the look-up’s', async () => {
  const user = aUser({ graphRequestId: 'look-up' });
  const refused = err({ code: 'GuestUser' } as const);
  const read = err({ code: 'GuestUser', graphRequestId: 'refusal' } as const);
  const row = (ending: Omit<Ending, 'counted'>) => end({ counted: true, ...ending });
  for (const [ending, id] of [
    [{ outcome: ok(completed), user, graphRequestId: 'write' }, 'write'],
    [{ outcome: read, user }, 'refusal'],
    [{ outcome: refused, user }, 'look-up'],
    [{ outcome: refused }, undefined],
  ] as const) {
    expect((await row(ending)).lines[0]?.fields.graphRequestId).toBe(id);
  }
});

test('the evidence of a refusal is in the row', async () => {
  const { calls } = await end({
    outcome: err({ code: 'TargetProtected', because: 'role', graphRequestId: 'graph-7' }),
    counted: true,
    user: aUser(),
  });
  expect(calls[0]).toMatchObject([
    'write',
    userId,
    undefined,
    [{ because: 'role', userName: 'adele.vance@contoso.com', accountWasEnabled: true }],
    until,
  ]);
});

// --- the caller's own limit ------------------------------------------------------------------------

const limited: Failure = { code: 'TooManyRequests', by: 'caller', retryAfterSeconds: 60 };

test('a refusal by the hourly limit leaves a log line only', async () => {
  const { said, calls, lines } = await end({ outcome: err(limited), counted: false });
  expect(said).toEqual(err(limited));
  expect(calls).toEqual([]);
  expect(lines.map(({ level, event }) => [level, event])).toEqual([['warn', 'CallerLimited']]);
});

test('a claim made for it is deleted, one taken over is given back', async () => {
  const forgotten = await end({
    outcome: err(limited),
    counted: false,
    claim: { held, next },
    forgets: true,
  });
  expect(forgotten.calls).toEqual([['forget', 'zendesk', held, until]]);
  const given = await end({ outcome: err(limited), counted: false, claim: { held, next } });
  expect(given.calls).toEqual([['amend', 'zendesk', { held, next }, until]]);
});

test('Graph’s throttling is an outcome like any other', async () => {
  const throttled: Failure = { code: 'TooManyRequests', by: 'graph', retryAfterSeconds: 5 };
  const { calls } = await end({ outcome: err(throttled), counted: true });
  expect(calls.map(([method]) => method)).toEqual(['write', 'amend']);
});

// --- the ledger is down ----------------------------------------------------------------------------

test('without the ledger there is nothing to record', async () => {
  const { said, calls, lines } = await end({ outcome: down, counted: true });
  expect(said).toEqual(down);
  expect(calls).toEqual([]);
  expect(lines.map(({ event }) => event)).toEqual(['ResetFailed']);
});

test('a lock and a claim that were taken are given back if they can be, within a second', async () => {
  const ending: Ending = {
    outcome: down,
    counted: true,
    user: aUser(),
    lock: { next: lock, version: 'v-1' },
    claim: { held, next },
  };
  const early = await end(ending);
  expect(early.calls.map((call) => [call[0], call.at(-1)])).toEqual([
    ['write', startedAt + 1_700],
    ['amend', startedAt + 1_700],
  ]);
  const late = await end(ending, { at: startedAt + 8_000 });
  expect(late.calls.map((call) => call.at(-1))).toEqual([until, until]);
});

test.each<[string, Ending['outcome'], string]>([
  ['a replay', ok(already), 'LedgerUnavailable'],
  ['a refusal', err(notFound), 'LedgerUnavailable'],
  [
    'trouble of Graph',
    err({ code: 'GraphUnavailable', retryAfterSeconds: 5 }),
    'LedgerUnavailable',
  ],
  ['an unknown outcome', err({ code: 'OutcomeUnknown', retryAfterSeconds: 30 }), 'OutcomeUnknown'],
])('what is not recorded is not decided: %s', async (_what, outcome, code) => {
  const ending: Ending = { outcome, counted: true };
  for (const answers of [{ wrote: [down] }, { amended: down }]) {
    const { said, lines } = await end(ending, answers);
    expect(said.ok ? said.value.status : said.failure.code).toBe(code);
    expect(lines.at(-1)).toMatchObject({ level: 'error', event: 'RecordNotWritten' });
    expect(lines).toHaveLength(2);
  }
});

const repeats = 'The reset was not recorded; repeating this request resets again.';

test.each<[string, Parameters<typeof end>[1], string]>([
  ['neither claim nor audit', { wrote: [down], amended: down }, repeats],
  ['the claim', { amended: down }, repeats],
  ['the claim, because somebody took it over', { amended: err('lost') }, repeats],
  ['the audit', { wrote: [down] }, 'The audit record of this reset was not written.'],
])(
  'a done reset stays done, and Warning says what was not recorded: %s',
  async (_what, answers, warning) => {
    const { said } = await end(
      { outcome: ok(completed), counted: true, claim: { held, next } },
      answers,
    );
    expect(said).toEqual(ok({ ...completed, warnings: ['One.', warning] }));
  },
);

test('a lock that has moved on does not keep the outcome out of the trail', async () => {
  const ending: Ending = {
    outcome: err(notFound),
    counted: false,
    user: aUser(),
    lock: { next: lock, version: 'v-1' },
  };
  const { calls } = await end(ending, { wrote: [err('lost')] });
  const row = expect.objectContaining({ kind: 'outcome', code: 'UserNotFound' });
  expect(calls).toEqual([
    ['write', userId, { next: lock, version: 'v-1' }, [row], until],
    ['write', userId, undefined, [row], until],
  ]);
});

test('a table that does not answer is not asked again for the row alone', async () => {
  const ending: Ending = {
    outcome: err(notFound),
    counted: false,
    lock: { next: lock, version: 'v-1' },
  };
  expect((await end(ending, { wrote: [down] })).calls).toHaveLength(1);
  expect((await end(ending)).calls).toHaveLength(1);
});
