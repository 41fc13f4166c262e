// Reading before the write, in trouble: repeated while there is time, Retry-After obeyed, also for single items
// of the batch; and whatever is not a clear answer refuses. The scenarios run side by side.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Fault, reply } from '../../infra/local/tenant/faults.ts';
import { codeOf, type Reply } from '../support/door.ts';
import { type Door, openStage, type Stage } from '../support/journey.ts';
import { passwordsTo, unknownToMicrosoft } from '../support/seen.ts';

const error = (status: number, code: string): Fault =>
  reply(status, { error: { code, message: 'as the service says', innerError: null } });
const throttle = (seconds: string): Fault =>
  reply(
    429,
    { error: { code: 'TooManyRequests', message: 'Please retry again later.' } },
    { 'Retry-After': seconds },
  );

/** Which item of the look-up's batch. */
const user = (id: string) => new RegExp(`GET /users/${id}\\?`);
const groups = (id: string) => new RegExp(`${id}/getMemberObjects`);
const owned = (id: string) => new RegExp(`${id}/ownedObjects`);

const facts = (id: string, other: Readonly<Record<string, unknown>>): Fault =>
  reply(200, {
    id,
    userPrincipalName: 'person@contoso.com',
    displayName: 'Person',
    accountEnabled: true,
    onPremisesSyncEnabled: null,
    userType: 'Member',
    isManagementRestricted: null,
    lastPasswordChangeDateTime: null,
    ...other,
  });

interface Scenario {
  readonly what: string;
  readonly item: (id: string) => RegExp;
  readonly fault: Fault | ((id: string) => Fault);
  readonly times?: number;
  readonly code: string;
}
const always = 200;
const scenarios: readonly Scenario[] = [
  { what: 'one item throttled once', item: groups, fault: throttle('1'), code: '200 Completed' },
  { what: 'one item throttled, no number', item: owned, fault: reply(429), code: '200 Completed' },
  {
    what: 'one item in trouble once',
    item: user,
    fault: error(503, 'UnknownError'),
    code: '200 Completed',
  },
  {
    what: 'one item in trouble twice',
    item: owned,
    fault: reply(500),
    times: 2,
    code: '200 Completed',
  },
  {
    what: 'the batch lost before',
    item: user,
    fault: { kind: 'resetBefore' },
    code: '200 Completed',
  },
  {
    what: 'the batch lost after',
    item: user,
    fault: { kind: 'resetAfter' },
    code: '200 Completed',
  },
  {
    what: 'the batch cut in the middle',
    item: user,
    fault: { kind: 'truncate' },
    code: '200 Completed',
  },
  { what: 'the batch slow', item: user, fault: { kind: 'slow', ms: 2_000 }, code: '200 Completed' },
  {
    what: 'the user throttled beyond the deadline',
    item: user,
    fault: throttle('120'),
    times: always,
    code: '429 TooManyRequests',
  },
  {
    what: 'the groups throttled beyond the deadline',
    item: groups,
    fault: throttle('17'),
    times: always,
    code: '429 TooManyRequests',
  },
  {
    what: 'the user in trouble for ever',
    item: user,
    fault: error(503, 'UnknownError'),
    times: always,
    code: '503 GraphUnavailable',
  },
  {
    what: 'the owned in trouble for ever',
    item: owned,
    fault: reply(504),
    times: always,
    code: '503 GraphUnavailable',
  },
  {
    what: 'the batch cut for ever',
    item: user,
    fault: { kind: 'truncate' },
    times: always,
    code: '503 GraphUnavailable',
  },
  {
    what: 'the user denied',
    item: user,
    fault: error(403, 'Authorization_RequestDenied'),
    code: '403 GraphDenied',
  },
  {
    what: 'the groups denied',
    item: groups,
    fault: error(403, 'Authorization_RequestDenied'),
    code: '403 GraphDenied',
  },
  { what: 'the owned denied, no body', item: owned, fault: reply(403), code: '403 GraphDenied' },
  {
    what: 'the user unauthorised',
    item: user,
    fault: error(401, 'InvalidAuthenticationToken'),
    code: '503 IdentityUnavailable',
  },
  {
    what: 'the groups unauthorised',
    item: groups,
    fault: error(401, 'InvalidAuthenticationToken'),
    code: '503 IdentityUnavailable',
  },
  {
    what: 'the user gone',
    item: user,
    fault: error(404, 'Request_ResourceNotFound'),
    code: '404 UserNotFound',
  },
  {
    what: 'the groups gone',
    item: groups,
    fault: error(404, 'Request_ResourceNotFound'),
    code: '403 TargetProtected',
  },
  {
    what: 'too many groups',
    item: groups,
    fault: error(400, 'Directory_ResultSizeLimitExceeded'),
    code: '403 TargetProtected',
  },
  {
    what: 'a 400 that nobody knows',
    item: user,
    fault: error(400, 'Request_BadRequest'),
    code: '403 TargetProtected',
  },
  {
    what: 'the licence refused for the user',
    item: user,
    fault: error(403, 'AadPremiumLicenseRequired'),
    code: '403 GraphDenied',
  },
  { what: 'the user without a body', item: user, fault: reply(200), code: '403 TargetProtected' },
  { what: 'the user as text', item: user, fault: reply(200, 'hello'), code: '403 TargetProtected' },
  { what: 'the user as a list', item: user, fault: reply(200, []), code: '403 TargetProtected' },
  {
    what: 'accountEnabled missing',
    item: user,
    fault: (id) => facts(id, { accountEnabled: undefined }),
    code: '403 TargetProtected',
  },
  {
    what: 'accountEnabled null',
    item: user,
    fault: (id) => facts(id, { accountEnabled: null }),
    code: '403 TargetProtected',
  },
  {
    what: 'the name missing',
    item: user,
    fault: (id) => facts(id, { userPrincipalName: undefined }),
    code: '403 TargetProtected',
  },
  {
    what: 'isManagementRestricted missing',
    item: user,
    fault: (id) => facts(id, { isManagementRestricted: undefined }),
    code: '403 TargetProtected',
  },
  {
    what: 'isManagementRestricted as text',
    item: user,
    fault: (id) => facts(id, { isManagementRestricted: 'true' }),
    code: '403 TargetProtected',
  },
  {
    what: 'onPremisesSyncEnabled missing',
    item: user,
    fault: (id) => facts(id, { onPremisesSyncEnabled: undefined }),
    code: '403 TargetProtected',
  },
  {
    what: 'userType missing',
    item: user,
    fault: (id) => facts(id, { userType: undefined }),
    code: '403 TargetProtected',
  },
  {
    what: 'groups without a value',
    item: groups,
    fault: reply(200, {}),
    code: '403 TargetProtected',
  },
  {
    what: 'groups null',
    item: groups,
    fault: reply(200, { value: null }),
    code: '403 TargetProtected',
  },
  {
    what: 'groups of numbers',
    item: groups,
    fault: reply(200, { value: [1] }),
    code: '403 TargetProtected',
  },
  {
    what: 'owned without ids',
    item: owned,
    fault: reply(200, { value: [{}] }),
    code: '403 TargetProtected',
  },
  { what: 'owned as HTML', item: owned, fault: reply(200, '<html>'), code: '403 TargetProtected' },
  {
    what: 'owned with a next page that is no address',
    item: owned,
    fault: reply(200, { value: [], '@odata.nextLink': 'next' }),
    code: '403 TargetProtected',
  },
];

let stage: Stage;
let door: Door;
const outcomes = new Map<string, { answer: Reply; id: string }>();
beforeAll(async () => {
  stage = await openStage();
  door = await stage.open();
  await door.reset({ UserName: 'adele.vance@contoso.com', DryRun: true }); // warm
  await Promise.all(
    scenarios.map(async ({ what, item, fault, times = 1 }) => {
      const { id } = stage.user();
      const ordered = typeof fault === 'function' ? fault(id) : fault;
      stage.tenant.faults.next({ item: item(id) }, ordered, times);
      outcomes.set(what, { id, answer: await door.reset({ UserName: id }) });
    }),
  );
  stage.tenant.faults.clear();
});
afterAll(() => stage.close());
const outcomeOf = (what: string): { answer: Reply; id: string } => {
  const outcome = outcomes.get(what);
  if (outcome === undefined) throw new Error(`${what} was not run.`);
  return outcome;
};

test.each(scenarios)('$what: $code', ({ what, code }) => {
  const { answer, id } = outcomeOf(what);
  expect(codeOf(answer)).toBe(code);
  expect(passwordsTo(stage.tenant, id)).toHaveLength(code.startsWith('200') ? 1 : 0);
  expect(answer.elapsedMs).toBeLessThan(9_500);
  const mayReturn = code.startsWith('429') || code.startsWith('503');
  const retryAfter = answer.headers['retry-after'];
  expect(mayReturn ? retryAfter : retryAfter === undefined).toEqual(
    mayReturn ? expect.stringMatching(/^([1-9]|[1-5]\d)$/) : true,
  );
});

test('Retry-After of an item is obeyed, and only that item is asked again', () => {
  const { answer, id } = outcomeOf('one item throttled once');
  expect(answer.elapsedMs).toBeGreaterThanOrEqual(1_000);
  const asked = stage.tenant.requests.filter(({ item, path }) => item && path.includes(id));
  const names = asked.map(({ path }) => /getMemberObjects|ownedObjects|\?/.exec(path)?.[0]);
  expect(names).toEqual(['?', 'getMemberObjects', 'ownedObjects', 'getMemberObjects']);
});

describe('the batch as a whole', () => {
  const batch = { method: 'POST', path: /\$batch/ };
  const once = async (...faults: readonly Fault[]) => {
    for (const fault of faults) stage.tenant.faults.next(batch, fault);
    const { id } = stage.user();
    const answer = await door.reset({ UserName: id });
    stage.tenant.faults.clear();
    const expected = codeOf(answer).startsWith('200') ? 1 : 0;
    expect(passwordsTo(stage.tenant, id)).toHaveLength(expected);
    return { code: codeOf(answer), answer };
  };

  const jsonType = { 'Content-Type': 'application/json' };
  test.each<readonly [what: string, fault: Fault, code: string]>([
    ['503 without a body', reply(503), '200 Completed'],
    ['500 in HTML', reply(500, '<html>', { 'Content-Type': 'text/html' }), '200 Completed'],
    [
      '429, Retry-After an HTTP date',
      reply(429, {}, { 'Retry-After': 'Wed, 21 Oct 2015 07:28:00 GMT' }),
      '200 Completed',
    ],
    ['401', error(401, 'InvalidAuthenticationToken'), '503 IdentityUnavailable'],
    ['403', error(403, 'Authorization_RequestDenied'), '403 GraphDenied'],
    ['400', error(400, 'BadRequest'), '403 TargetProtected'],
    ['200 in HTML', reply(200, '<html>', { 'Content-Type': 'text/html' }), '403 TargetProtected'],
    ['200 without a body', reply(200), '403 TargetProtected'],
    [
      'JSON that ends too early',
      reply(200, '{"responses":[{"id":"user","sta', jsonType),
      '403 TargetProtected',
    ],
    ['no responses', reply(200, {}), '403 TargetProtected'],
    ['an empty list of responses', reply(200, { responses: [] }), '403 TargetProtected'],
    [
      'responses to somebody else',
      reply(200, { responses: [{ id: '77', status: 200, body: {} }] }),
      '403 TargetProtected',
    ],
    [
      'responses that are no objects',
      reply(200, { responses: [null, 5, 'x'] }),
      '403 TargetProtected',
    ],
    [
      'a status that is text',
      reply(200, { responses: [{ id: 'user', status: '200', body: {} }] }),
      '403 TargetProtected',
    ],
  ])('%s', async (_what, fault, code) => {
    expect((await once(fault)).code).toBe(code);
  });

  test('a redirect is not followed: the token stays here', async () => {
    const away = { Location: 'https://evil.example/steal' };
    const { code } = await once(reply(302, undefined, away));
    expect(code.startsWith('200')).toBe(false);
  });
});

test('every request to Graph is one that Microsoft has', () => {
  expect(unknownToMicrosoft(stage.tenant)).toEqual([]);
});
