// The one write in trouble: repeated with the same password only, never sent late, and never called done or
// refused when it is neither. The scenarios run side by side, each with a user of its own.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { initialPassword } from '../../infra/local/tenant/entities.ts';
import { type Fault, reply } from '../../infra/local/tenant/faults.ts';
import { codeOf, type Reply } from '../support/door.ts';
import { type Door, openStage, type Stage } from '../support/journey.ts';
import { passwordsTo, unknownToMicrosoft } from '../support/seen.ts';

interface Scenario {
  readonly what: string;
  /** What Graph does to the writes, in order; then it behaves. */
  readonly faults: readonly Fault[];
  readonly code: string;
  /** How many writes arrive, and how many different passwords they carry. */
  readonly writes: number;
  readonly passwords?: number;
  readonly retryAfter?: string | RegExp;
  /** Whether the password in the answer is the user's afterwards; otherwise the old one still is. */
  readonly changed?: boolean;
}

const refused = (status: number, code: string, message: string): Fault =>
  reply(status, { error: { code, message, innerError: null } });
const policy = refused(
  400,
  'Request_BadRequest',
  'The specified password does not comply with password complexity requirements. Please provide a different password.',
);
const unknown400 = refused(400, 'Request_BadRequest', 'Property userPrincipalName is invalid.');
const denied = refused(
  403,
  'Authorization_RequestDenied',
  'Insufficient privileges to complete the operation.',
);
const throttle = (seconds: string): Fault =>
  reply(
    429,
    { error: { code: 'TooManyRequests', message: 'Please retry again later.' } },
    { 'Retry-After': seconds },
  );
const failure503 = refused(503, 'UnknownError', '');
const lostAfter: Fault = { kind: 'resetAfter' };
const lostBefore: Fault = { kind: 'resetBefore' };
const hang: Fault = { kind: 'hang' };
const times = (n: number, fault: Fault): readonly Fault[] => Array.from({ length: n }, () => fault);

const scenarios: readonly Scenario[] = [
  {
    what: '429 without a number',
    faults: [reply(429)],
    code: '200 Completed',
    writes: 2,
    changed: true,
  },
  {
    what: '429, Retry-After 1',
    faults: [throttle('1')],
    code: '200 Completed',
    writes: 2,
    changed: true,
  },
  { what: '503', faults: [failure503], code: '200 Completed', writes: 2, changed: true },
  {
    what: '500 without a body',
    faults: [reply(500)],
    code: '200 Completed',
    writes: 2,
    changed: true,
  },
  {
    what: '502 with HTML',
    faults: [reply(502, '<html>', { 'Content-Type': 'text/html' })],
    code: '200 Completed',
    writes: 2,
    changed: true,
  },
  {
    what: '504 that was applied',
    faults: [{ kind: 'reply', status: 504, applied: true }],
    code: '200 Completed',
    writes: 2,
    changed: true,
  },
  {
    what: 'the socket lost before',
    faults: [lostBefore],
    code: '200 Completed',
    writes: 2,
    changed: true,
  },
  {
    what: 'the socket lost after',
    faults: [lostAfter],
    code: '200 Completed',
    writes: 2,
    changed: true,
  },
  {
    what: 'one of each',
    faults: [throttle('0'), failure503, lostAfter],
    code: '200 Completed',
    writes: 4,
    changed: true,
  },
  {
    what: 'throttled beyond the deadline',
    faults: times(30, throttle('120')),
    code: '429 TooManyRequests',
    writes: 1,
    retryAfter: /^([1-9]|[1-5]\d)$/,
  },
  {
    what: 'a short hang',
    faults: [{ kind: 'slow', ms: 1_500 }],
    code: '200 Completed',
    writes: 1,
    changed: true,
  },
  {
    what: 'hangs for ever',
    faults: times(30, hang),
    code: '503 OutcomeUnknown',
    writes: 2,
    passwords: 1,
    retryAfter: '30',
  },
  {
    what: '503 for ever',
    faults: times(99, failure503),
    code: '503 OutcomeUnknown',
    writes: Number.NaN,
    passwords: 1,
    retryAfter: '30',
  },
  {
    what: 'lost after, for ever',
    faults: times(99, lostAfter),
    code: '503 OutcomeUnknown',
    writes: Number.NaN,
    passwords: 1,
    retryAfter: '30',
  },
  {
    what: 'refused after an unclear answer',
    faults: [lostAfter, denied],
    code: '503 OutcomeUnknown',
    writes: 2,
    passwords: 1,
    retryAfter: '30',
  },
  {
    what: '404 after a 503',
    faults: [failure503, refused(404, 'Request_ResourceNotFound', 'gone')],
    code: '503 OutcomeUnknown',
    writes: 2,
    passwords: 1,
    retryAfter: '30',
  },
  {
    what: '400 after a lost socket',
    faults: [lostBefore, unknown400],
    code: '503 OutcomeUnknown',
    writes: 2,
    passwords: 1,
    retryAfter: '30',
  },
  {
    what: 'a policy refusal after an unclear answer',
    faults: [lostAfter, policy],
    code: '503 OutcomeUnknown',
    writes: 2,
    passwords: 1,
    retryAfter: '30',
  },
  {
    what: 'a policy refusal',
    faults: [policy],
    code: '200 Completed',
    writes: 2,
    passwords: 2,
    changed: true,
  },
  {
    what: 'two policy refusals',
    faults: [policy, policy],
    code: '200 Completed',
    writes: 3,
    passwords: 3,
    changed: true,
  },
  {
    what: 'three policy refusals',
    faults: times(9, policy),
    code: '422 PasswordRejected',
    writes: 3,
    passwords: 3,
  },
  { what: 'a 400 that nobody knows', faults: [unknown400], code: '422 GraphRejected', writes: 1 },
  { what: 'a 400 without a body', faults: [reply(400)], code: '422 GraphRejected', writes: 1 },
  {
    what: 'a 400 in HTML',
    faults: [reply(400, '<p>no</p>', { 'Content-Type': 'text/html' })],
    code: '422 GraphRejected',
    writes: 1,
  },
  {
    what: 'a 400 of a synced user',
    faults: [
      refused(
        400,
        'Request_BadRequest',
        'Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.',
      ),
    ],
    code: '422 DirectorySynced',
    writes: 1,
  },
  {
    what: '401',
    faults: [refused(401, 'InvalidAuthenticationToken', 'Access token is empty.')],
    code: '503 IdentityUnavailable',
    writes: 1,
    retryAfter: /^([1-9]|[1-5]\d)$/,
  },
  { what: '403', faults: [denied], code: '403 GraphDenied', writes: 1 },
  { what: '403 with no body', faults: [reply(403)], code: '403 GraphDenied', writes: 1 },
  {
    what: '404',
    faults: [refused(404, 'Request_ResourceNotFound', 'gone')],
    code: '404 UserNotFound',
    writes: 1,
  },
];

interface Outcome {
  readonly answer: Reply;
  readonly passwords: readonly string[];
  readonly signIn: (password: string) => string;
}

let stage: Stage;
let door: Door;
const outcomes = new Map<string, Outcome>();

beforeAll(async () => {
  stage = await openStage();
  door = await stage.open();
  await door.reset({ UserName: 'adele.vance@contoso.com', DryRun: true }); // warm
  await Promise.all(
    scenarios.map(async ({ what, faults }) => {
      const user = stage.user();
      const path = new RegExp(user.id);
      for (const fault of faults) stage.tenant.faults.next({ method: 'PATCH', path }, fault);
      const answer = await door.reset({ UserName: user.id }, { 'idempotency-key': user.id });
      outcomes.set(what, {
        answer,
        passwords: passwordsTo(stage.tenant, user.id),
        signIn: (password) => stage.tenant.signIn(user.id, password).status,
      });
    }),
  );
});
afterAll(() => stage.close());

const outcomeOf = (what: string): Outcome => {
  const outcome = outcomes.get(what);
  if (outcome === undefined) throw new Error(`${what} was not run.`);
  return outcome;
};

test.each(scenarios)('$what: $code', (scenario) => {
  const { what, code, writes, passwords: different = 1, retryAfter, changed } = scenario;
  const { answer, passwords, signIn } = outcomeOf(what);
  expect(codeOf(answer)).toBe(code);
  if (!Number.isNaN(writes)) expect(passwords).toHaveLength(writes);
  expect(new Set(passwords).size).toBe(different);
  expect(answer.elapsedMs).toBeLessThan(9_500);
  if (typeof retryAfter === 'string') expect(answer.headers['retry-after']).toBe(retryAfter);
  else if (retryAfter) expect(answer.headers['retry-after']).toMatch(retryAfter);
  else expect(answer.headers['retry-after']).toBeUndefined();
  if (changed) {
    const shown = String(answer.json['Password']);
    expect([shown, signIn(shown)]).toEqual([passwords.at(-1), 'PasswordExpired']);
  } else {
    for (const password of passwords) expect(answer.text).not.toContain(password);
  }
});

test('a clear refusal leaves the old password', () => {
  const clear = scenarios.filter(
    ({ code, faults }) => !/200|Unknown/.test(code) && faults.length < 31,
  );
  expect(clear.length).toBeGreaterThan(8);
  for (const { what } of clear) expect(outcomeOf(what).signIn(initialPassword)).toBe('SignedIn');
});

test('Retry-After of a throttled write is obeyed', () => {
  const { answer } = outcomeOf('429, Retry-After 1');
  expect(answer.elapsedMs).toBeGreaterThanOrEqual(1_000);
});

describe('when Graph cannot be reached', () => {
  test('connections are refused: GraphUnavailable, nothing changed', async () => {
    const gone = await openStage({}, stage.azurite);
    const opened = await gone.open();
    const user = gone.user();
    expect(codeOf(await opened.reset({ UserName: user.id }))).toBe('200 Completed');
    await gone.tenant.stop();
    const answer = await opened.reset({ UserName: user.id });
    expect(codeOf(answer)).toBe('503 GraphUnavailable');
    expect(answer.headers['retry-after']).toMatch(/^([1-9]|[1-5]\d)$/);
    expect(answer.elapsedMs).toBeLessThan(9_500);
    await gone.close();
  });
});

describe('a client that hangs up', () => {
  test('changes nothing: the reset is finished and recorded', async () => {
    const user = stage.user({ accountEnabled: false });
    stage.tenant.faults.next(
      { method: 'PATCH', path: new RegExp(user.id) },
      { kind: 'slow', ms: 800 },
    );
    const leaving = new AbortController();
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'hangs-up-1' };
    const sent = door.send({ body: { UserName: user.id }, headers, signal: leaving.signal });
    for (let i = 0; i < 200 && passwordsTo(stage.tenant, user.id).length === 0; i += 1)
      await sleep(10);
    leaving.abort();
    await expect(sent).rejects.toThrow();
    await door.host.waitForLine(new RegExp(`"event":"ResetCompleted".*${user.id}`));
    const [password = ''] = passwordsTo(stage.tenant, user.id);
    expect(stage.tenant.signIn(user.id, password).status).toBe('PasswordExpired');
    expect(user.accountEnabled).toBe(true);

    const again = await door.reset({ UserName: user.id }, headers);
    expect(codeOf(again)).toBe('200 AlreadyCompleted');
    expect([again.json['PasswordReturned'], 'Password' in again.json]).toEqual([false, false]);
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(passwordsTo(stage.tenant, user.id)).toHaveLength(1);
  });
});

test('every request to Graph is one that Microsoft has', () => {
  expect(unknownToMicrosoft(stage.tenant)).toEqual([]);
});
