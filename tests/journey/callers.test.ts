// Callers: who is let in at all, how far each may reach, what it gets to see, and how often it may ask.

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { groupIds } from '../../infra/local/tenant/people.ts';
import { codeOf, type Reply } from '../support/door.ts';
import { type Door, openStage, type Stage } from '../support/journey.ts';
import {
  askedSince,
  bodiesTo,
  passwordsTo,
  secretsLogged,
  unknownToMicrosoft,
} from '../support/seen.ts';

const keyOf = (name: string): string => `function-key-of-${name}-0123456789`;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const entries = [
  {
    name: 'open',
    key: [sha256(keyOf('open')), sha256(keyOf('open-next')).toUpperCase()],
    password: 'return',
  },
  { name: 'withholds', key: [sha256(keyOf('withholds'))], password: 'withhold' },
  {
    name: 'domains',
    key: [sha256(keyOf('domains'))],
    password: 'return',
    domains: ['Contoso.com'],
  },
  {
    name: 'groups',
    key: [sha256(keyOf('groups'))],
    password: 'return',
    groups: [groupIds.sales.toUpperCase()],
  },
  { name: 'tickets', key: [sha256(keyOf('tickets'))], password: 'return', mayEnable: false },
  { name: 'limited', key: [sha256(keyOf('limited'))], password: 'return', maxResetsPerHour: 4 },
];
const names = [...entries.map(({ name }) => name), 'open-next', 'stranger'];

let stage: Stage;
let door: Door;
beforeAll(async () => {
  stage = await openStage();
  door = await stage.open(
    {
      CALLERS: JSON.stringify(entries),
      COOLDOWN_SECONDS: '120',
    },
    { keys: { function: Object.fromEntries(names.map((name) => [name, keyOf(name)])) } },
  );
});
afterAll(() => stage.close());

const as = (name: string, fields: object, headers: Record<string, string> = {}): Promise<Reply> =>
  door.reset({ ...fields }, { 'x-functions-key': keyOf(name), ...headers });
const withoutIds = ({ json: { requestId, ...rest }, status }: Reply) => ({ status, ...rest });
const dry = { UserName: 'adele.vance@contoso.com', DryRun: true };

describe('the key', () => {
  test('a key that the host knows and CALLERS does not: 401 before anything is looked up', async () => {
    const before = stage.tenant.requests.length;
    const reply = await as('stranger', dry);
    expect(codeOf(reply)).toBe('401 Unauthenticated');
    expect(reply.headers['www-authenticate']).toMatch(/\S/);
    expect(askedSince(stage.tenant, before)).toEqual([]);
  });

  test('both keys of a rotation are the same caller', async () => {
    const fields = { UserName: stage.user().id };
    const key = { 'idempotency-key': 'rotated-1' };
    expect(codeOf(await as('open', fields, key))).toBe('200 Completed');
    expect(codeOf(await as('open-next', fields, key))).toBe('200 AlreadyCompleted');
  });

  test('in ?code= as well, and a header wins', async () => {
    const path = `/api/user/security/reset-password?code=${keyOf('open')}`;
    const json = { 'content-type': 'application/json' };
    const alone = await door.send({
      path,
      body: dry,
      headers: { ...json, 'x-functions-key': undefined },
    });
    const beside = await door.send({
      path,
      body: dry,
      headers: { ...json, 'x-functions-key': keyOf('stranger') },
    });
    expect([codeOf(alone), codeOf(beside)]).toEqual(['200 DryRun', '401 Unauthenticated']);
  });
});

describe('domains', () => {
  test('a name of another domain: 403 by its text, whether it exists or not', async () => {
    const before = stage.tenant.requests.length;
    const replies = [
      await as('domains', { UserName: 'federated@fabrikam.com' }),
      await as('domains', { UserName: 'nobody@fabrikam.com' }),
      await as('domains', { UserName: 'x@sub.contoso.com' }),
      await as('domains', { UserName: 'x@evil-contoso.com' }),
    ];
    expect(replies.map(codeOf)).toEqual(replies.map(() => '403 CallerNotAllowed'));
    expect(new Set(replies.map((reply) => JSON.stringify(withoutIds(reply)))).size).toBe(1);
    expect(replies[0]?.json['detail']).toMatch(/domain/);
    expect(askedSince(stage.tenant, before)).toEqual([]);
  });

  test('within the domain, in any case', async () => {
    expect(codeOf(await as('domains', { ...dry, UserName: 'ADELE.VANCE@CONTOSO.COM' }))).toBe(
      '200 DryRun',
    );
  });

  test('an object id outside answers exactly like an unknown one', async () => {
    const outside = stage.tenant.directory.user('federated@fabrikam.com')?.id;
    const unknown = '99999999-9999-4999-8999-999999999999';
    const replies = [
      await as('domains', { UserName: outside }),
      await as('domains', { UserName: unknown }),
    ];
    expect(replies.map(codeOf)).toEqual(['404 UserNotFound', '404 UserNotFound']);
    const [one, two] = replies.map(withoutIds);
    expect(one).toEqual(two);
    const inside = stage.user();
    expect(codeOf(await as('domains', { UserName: inside.id }))).toBe('200 Completed');
  });
});

describe('groups', () => {
  test('only members, through other groups too', async () => {
    const { directory } = stage.tenant;
    const [member, nested, stranger] = [stage.user(), stage.user(), stage.user()];
    const [inner = ''] = directory.addGroups(1);
    directory.join(member.id, groupIds.sales);
    directory.join(inner, groupIds.sales);
    directory.join(nested.id, inner);
    expect(codeOf(await as('groups', { UserName: member.id }))).toBe('200 Completed');
    expect(codeOf(await as('groups', { UserName: nested.userPrincipalName }))).toBe(
      '200 Completed',
    );
    const reply = await as('groups', { UserName: stranger.id });
    expect(codeOf(reply)).toBe('403 CallerNotAllowed');
    expect(reply.json['detail']).toMatch(/group/);
    expect(reply.text).not.toMatch(/disabled|enabled/);
    expect(passwordsTo(stage.tenant, stranger.id)).toEqual([]);
  });
});

describe('mayEnable: false', () => {
  test('an explicit true is 403 before any look-up, whoever is named', async () => {
    const before = stage.tenant.requests.length;
    const disabled = stage.user({ accountEnabled: false });
    const targets = [
      disabled.id,
      stage.user().id,
      'nobody@contoso.com',
      'global.admin@contoso.com',
    ];
    const replies: Reply[] = [];
    for (const UserName of targets) {
      for (const yes of [true, 'yes', 1]) {
        replies.push(await as('tickets', { UserName, EnableUserIfNeeded: yes }));
      }
    }
    expect(new Set(replies.map((reply) => JSON.stringify(withoutIds(reply)))).size).toBe(1);
    expect(replies.map(codeOf)).toEqual(replies.map(() => '403 CallerNotAllowed'));
    expect(replies[0]?.json['detail']).toMatch(/enable/i);
    expect(askedSince(stage.tenant, before)).toEqual([]);
  });

  test('left out it is false: a disabled account is reset and stays disabled', async () => {
    const user = stage.user({ accountEnabled: false });
    const reply = await as('tickets', { UserName: user.id });
    expect([codeOf(reply), reply.json['AccountEnabled']]).toEqual(['200 Completed', false]);
    expect(reply.json['Warning']).toMatch(/disabled/);
    expect(bodiesTo(stage.tenant, user.id)).toEqual([
      {
        passwordProfile: {
          password: reply.json['Password'],
          forceChangePasswordNextSignIn: true,
        },
      },
    ]);
    expect(user.accountEnabled).toBe(false);
  });

  test('a dry run says so too', async () => {
    const user = stage.user({ accountEnabled: false });
    const reply = await as('tickets', { UserName: user.id, DryRun: true });
    expect([reply.json['WouldEnable'], reply.json['AccountEnabled']]).toEqual([false, false]);
  });
});

describe('withhold', () => {
  test('the password is drawn, given to Graph and forgotten; the warning says how a person gets one', async () => {
    const user = stage.user({ accountEnabled: false });
    const reply = await as('withholds', { UserName: user.id }, { 'idempotency-key': 'w-1' });
    expect(codeOf(reply)).toBe('200 Completed');
    expect([reply.json['PasswordReturned'], 'Password' in reply.json]).toEqual([false, false]);
    expect(reply.json['Warning']).toMatch(/reset/i);
    const [password = ''] = passwordsTo(stage.tenant, user.id);
    expect(stage.tenant.signIn(user.id, password).status).toBe('PasswordExpired');
    expect(reply.text).not.toContain(password);
    const plain = await as('withholds', { UserName: stage.user().id }, { accept: 'text/plain' });
    expect(plain.text).not.toContain(passwordsTo(stage.tenant).at(-1));
  });

  test('the hand-over can follow at once; for withholding callers the cooldown has begun', async () => {
    const { id } = stage.user();
    const codes: string[] = [];
    const ask = async (name: string) => codes.push(codeOf(await as(name, { UserName: id })));
    await ask('withholds');
    await ask('withholds');
    await ask('open');
    await ask('open');
    await ask('withholds');
    expect(codes).toEqual([
      '200 Completed',
      '403 RecentlyReset',
      '200 Completed',
      '403 RecentlyReset',
      '403 RecentlyReset',
    ]);
    expect(passwordsTo(stage.tenant, id)).toHaveLength(2);
  });

  test('RecentlyReset says from when on a new key works', async () => {
    const { id } = stage.user();
    const startedAt = Date.now();
    await as('open', { UserName: id }, { 'idempotency-key': 'r-1' });
    const reply = await as('open', { UserName: id }, { 'idempotency-key': 'r-2' });
    expect(codeOf(reply)).toBe('403 RecentlyReset');
    expect(reply.headers['retry-after']).toBeUndefined();
    const time = /20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/.exec(String(reply.json['detail']))?.[0];
    const secondsUntil = (Date.parse(String(time)) - startedAt) / 1000;
    expect(secondsUntil).toBeGreaterThan(115);
    expect(secondsUntil).toBeLessThan(130);
    const dryRun = await as('open', { UserName: id, DryRun: true });
    expect(codeOf(dryRun)).toBe('403 RecentlyReset');
  });
});

describe('the hourly limit', () => {
  test('counts dry runs, misses and refusals; not what is malformed, replayed or over the limit', async () => {
    const { id } = stage.user();
    const key = { 'idempotency-key': 'l-1' };
    const codes: string[] = [];
    const ask = async (fields: object, headers = {}) => {
      const reply = await as('limited', fields, headers);
      codes.push(codeOf(reply));
      return reply;
    };
    await ask({ UserName: '' });
    await ask({ UserName: id }, key); // 1
    await ask({ UserName: id }, key); // the ledger alone answers
    await ask({ UserName: stage.user().id }, key); // this too
    await ask({ UserName: 'nobody@contoso.com' }); // 2
    await ask({ UserName: 'global.admin@contoso.com' }); // 3
    await ask({ UserName: id }, key);
    await ask({ ...dry }); // 4
    const over = await ask({ ...dry });
    await ask({ UserName: stage.user().id }, { 'idempotency-key': 'l-2' });
    await ask({ UserName: id }, key);
    expect(codes).toEqual([
      '400 InvalidRequest',
      '200 Completed',
      '200 AlreadyCompleted',
      '422 KeyReused',
      '404 UserNotFound',
      '403 TargetProtected',
      '200 AlreadyCompleted',
      '200 DryRun',
      '429 TooManyRequests',
      '429 TooManyRequests',
      '200 AlreadyCompleted',
    ]);
    const seconds = Number(over.headers['retry-after']);
    expect(seconds).toBeGreaterThan(3_500);
    expect(seconds).toBeLessThanOrEqual(3_600);
    expect(over.json['detail']).toMatch(/maxResetsPerHour/);
    expect(codeOf(await as('open', dry))).toBe('200 DryRun'); // another caller, another hour
  });
});

test('every request to Graph is one that Microsoft has, and the log holds no secret', () => {
  expect(unknownToMicrosoft(stage.tenant)).toEqual([]);
  expect(secretsLogged(stage.tenant, door.host, ...names.map(keyOf))).toEqual([]);
});
