// After a run through every kind of answer: all passwords that the tenant saw, all keys, tokens, signatures,
// secrets and canaries from bodies and upstream texts are searched for in the log, in every row, in every answer
// but the one that hands the password over, and in what is deployed.

import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { LOCAL_FUNCTION_KEY } from '../../infra/local/host.ts';
import { codeOf, type Reply } from '../support/door.ts';
import type { Door } from '../support/journey.ts';
import { at, deliver, keyOf, type LedgerStage, openLedgerStage } from '../support/ledger-stage.ts';
import { leaksIn, spellings } from '../support/secrets.ts';
import { passwordsTo } from '../support/seen.ts';
import { signers, signingSecrets } from '../support/signing.ts';
import { always } from '../support/table-proxy.ts';

const dist = path.resolve(import.meta.dirname, '../../dist');

let stage: LedgerStage;
const doors: Door[] = [];
const replies: Reply[] = [];
const secrets = new Map<string, string>();

const keep = (name: string, secret: string): string => {
  secrets.set(name, secret);
  return secret;
};
const asked = async (reply: Promise<Reply>): Promise<Reply> => {
  replies.push(await reply);
  return reply;
};

const bodyCanary = 'canary-body-5d1c';
const upstreamCanary = 'canary-upstream-77ab';
const settingCanary = 'canary-setting-902e';
const rowCanary = 'canary-row-41fd';

beforeAll(async () => {
  stage = await openLedgerStage();
  const { tenant } = stage;
  const callers = [
    { name: 'plain' },
    { name: 'quiet', password: 'withhold' },
    { name: 'zendesk', signature: { profile: 'zendesk', secrets: ['ZENDESK_SECRET'] } },
    { name: 'hook', signature: { profile: 'standard-webhooks', secrets: ['STANDARD_SECRET'] } },
  ];
  const door = await stage.openFor(callers, signingSecrets);
  const open = await stage.open();
  const broken = await stage.open({
    CALLERS: `[{"name":"${settingCanary}"}, not JSON`,
    AzureWebJobsStorage: settingCanary,
    GRAPH_ENDPOINT: `https://${settingCanary}/path`,
    PROTECTED_GROUP_IDS: settingCanary,
  });
  doors.push(door, open, broken);

  keep('setting', settingCanary);
  keep('identity header', String(tenant.environment['IDENTITY_HEADER']));
  keep('storage key', /AccountKey=([^;]+)/.exec(stage.azurite.connectionString)?.[1] ?? '');
  keep('local key', LOCAL_FUNCTION_KEY);
  for (const { name } of callers) keep(`key of ${name}`, keyOf(name));
  for (const [name, secret] of Object.entries(signingSecrets)) keep(name, secret);

  await goodRequests(door);
  await signedRequests(door);
  await refusedRequests(door);
  await tokenRequests(open);
  await troubledRequests(door);
  await asked(broken.reset({ UserName: bodyCanary }));
  await asked(broken.send({ method: 'GET', path: '/api/ready' }));
  await asked(door.send({ method: 'GET', path: '/api/health' }));
  await asked(door.send({ method: 'GET', path: '/api/openapi.json' }));
  await door.host.invokeTimer('watchReadiness');
  await door.host.invokeTimer('sweepLedger');

  keep('body', bodyCanary);
  keep('upstream', upstreamCanary);
  keep('row', rowCanary);
  for (const password of passwordsTo(tenant)) keep(`password ${secrets.size}`, password);
  for (const { headers } of tenant.requests) {
    const bearer = String(headers['authorization'] ?? '').replace(/^Bearer /i, '');
    if (bearer !== '') keep(`Graph token ${bearer.slice(-8)}`, bearer);
  }
}, 120_000);
afterAll(() => stage.close());

async function goodRequests(door: Door): Promise<void> {
  const [one, two, three] = [stage.user(), stage.user(), stage.user({ accountEnabled: false })];
  const key = keep('idempotency key', 'canary-key-of-a-delivery');
  const extra = { Comment: bodyCanary, Reason: 'A reason is kept', TicketId: 'T-1' };
  await asked(deliver(door, 'plain', one.userPrincipalName, key, extra));
  await asked(deliver(door, 'plain', one.userPrincipalName, key, extra));
  await asked(deliver(door, 'plain', one.userPrincipalName, `${key}-2`, { RevokeSessions: true }));
  await asked(deliver(door, 'plain', one.userPrincipalName, key, { RevokeSessions: true }));
  await asked(deliver(door, 'quiet', two.id, `${key}-3`));
  await asked(deliver(door, 'plain', two.id, `${key}-4`, { DryRun: true }));
  const text = {
    'x-functions-key': keyOf('plain'),
    accept: 'text/plain',
    'idempotency-key': `${key}-5`,
  };
  await asked(door.reset({ UserName: three.id, ForceChangePasswordNextSignIn: false }, text));
  await asked(door.reset({ UserName: three.id, ForceChangePasswordNextSignIn: false }, text));
  const query = `/api/user/security/reset-password?code=${keyOf('plain')}`;
  const body = { UserName: stage.user().id };
  await asked(door.send({ path: query, body, headers: { 'x-functions-key': undefined } }));
}

async function signedRequests(door: Door): Promise<void> {
  for (const [caller, profile] of [
    ['zendesk', 'zendesk'],
    ['hook', 'standard-webhooks'],
  ] as const) {
    const body = JSON.stringify({ UserName: stage.user().userPrincipalName, Note: bodyCanary });
    const signed = signers[profile](body, Date.now());
    for (const [name, value] of Object.entries(signed)) {
      if (/signature$/.test(name)) keep(`${profile} ${name}`, value);
    }
    const headers = {
      'x-functions-key': keyOf(caller),
      'content-type': 'application/json',
      ...signed,
    };
    await asked(door.send({ body, headers }));
    await asked(door.send({ body, headers }));
    await asked(door.send({ body: `${body} `, headers }));
  }
}

async function refusedRequests(door: Door): Promise<void> {
  const headers = { 'x-functions-key': keyOf('plain'), 'content-type': 'application/json' };
  for (const body of [
    `{"UserName":"${bodyCanary}`,
    `{"UserName":"${bodyCanary}"}`,
    `{"UserName":"x@contoso.com","Password":"${bodyCanary}"}`,
    `{"UserName":"x@contoso.com","DryRun":"${bodyCanary}"}`,
    `{"issue":{"fields":"${bodyCanary}"}}`,
    `["${bodyCanary}"]`,
    bodyCanary,
    Buffer.from(`{"UserName":"${bodyCanary}\xff"}`, 'latin1'),
    `{"UserName":"${bodyCanary.padEnd(17_000, 'x')}"}`,
  ]) {
    await asked(door.send({ body, headers }));
  }
  await asked(
    door.send({ body: bodyCanary, headers: { ...headers, 'content-type': 'text/plain' } }),
  );
  const wrong = keep('a wrong key', 'canary-wrong-function-key');
  await asked(door.reset({ UserName: bodyCanary }, { 'x-functions-key': wrong }));
  await asked(deliver(door, 'plain', 'global.admin@contoso.com', 'canary-key-of-a-delivery-6'));
  await asked(deliver(door, 'plain', 'nobody@contoso.com', 'canary-key-of-a-delivery-7'));
}

async function tokenRequests(door: Door): Promise<void> {
  const { tenant } = stage;
  const tokens = {
    good: tenant.mintToken(),
    expired: tenant.mintToken({ exp: 1 }),
    'without a role': tenant.mintToken({ roles: [] }),
    'of another audience': tenant.mintToken({ aud: 'https://example.com' }),
  };
  for (const [name, token] of Object.entries(tokens)) {
    keep(`token ${name}`, token);
    await asked(door.entra(token, { UserName: stage.user().id }));
  }
  await asked(door.entra(`${tokens.good.slice(0, -4)}AAAA`, { UserName: stage.user().id }));
}

async function troubledRequests(door: Door): Promise<void> {
  const { tenant, proxy } = stage;
  const upstream = (status: number) =>
    ({
      kind: 'reply',
      status,
      headers: {},
      body: { error: { code: upstreamCanary, message: upstreamCanary } },
    }) as const;
  for (const [status, path] of [
    [400, 'write'],
    [403, 'write'],
    [500, 'write'],
    [400, 'read'],
    [403, 'read'],
    [500, 'read'],
  ] as const) {
    const user = stage.user();
    const match =
      path === 'write'
        ? { method: 'PATCH', path: new RegExp(user.id) }
        : { item: new RegExp(user.userPrincipalName) };
    tenant.faults.next(match, upstream(status), status === 500 ? 99 : 1);
    await asked(
      deliver(door, 'plain', user.userPrincipalName, `canary-key-of-a-delivery-t${status}${path}`),
    );
    tenant.faults.clear();
  }
  const user = stage.user();
  const answer = { kind: 'reply', status: 400, body: upstreamCanary } as const;
  const end = proxy.next(at('lock', user.id), answer, always);
  await asked(deliver(door, 'plain', user.id, 'canary-key-of-a-delivery-8'));
  end();
  const unrecorded = stage.user();
  proxy.next(at('audit', unrecorded.id), { ...answer, status: 503 }, always);
  await asked(deliver(door, 'plain', unrecorded.id, 'canary-key-of-a-delivery-9'));
  // A bug: a receipt that no version of this product wrote.
  const strange = stage.user();
  await asked(deliver(door, 'quiet', strange.id, 'canary-key-of-a-delivery-10'));
  for (const claim of await stage.rows.claims('quiet')) {
    await stage.rows.edit(stage.rows.deliveries, claim, { CompletedAt: rowCanary });
  }
  await asked(deliver(door, 'quiet', strange.id, 'canary-key-of-a-delivery-10'));
  for (const claim of await stage.rows.claims('quiet')) {
    await stage.rows.deliveries.deleteEntity(claim.partitionKey, claim.rowKey);
  }
}

const withoutPasswords = (): ReadonlyMap<string, string> =>
  new Map([...secrets].filter(([name]) => !name.startsWith('password')));
const passwords = (): readonly string[] =>
  [...secrets].filter(([name]) => name.startsWith('password')).map(([, password]) => password);

const everyAnswer = [
  '200 AlreadyCompleted',
  '200 Completed',
  '200 DryRun',
  '400 InvalidRequest',
  '400 UnsupportedPayload',
  '401 Unauthenticated',
  '403 CallerNotAllowed',
  '403 GraphDenied',
  '403 RecentlyReset',
  '403 TargetProtected',
  '404 UserNotFound',
  '413 PayloadTooLarge',
  '415 UnsupportedMediaType',
  '422 GraphRejected',
  '422 KeyReused',
  '500 InternalError',
  '503 GraphUnavailable',
  '503 LedgerUnavailable',
  '503 NotConfigured',
  '503 OutcomeUnknown',
] as const;

test('the run went through every kind of answer', () => {
  const codes = new Set(replies.map(codeOf));
  const missing = everyAnswer.filter((answer) => !codes.has(answer));
  expect(missing).toEqual([]);
  expect(passwords().length).toBeGreaterThan(8);
  expect(secrets.size).toBeGreaterThan(30);
});

test('the search finds what is there', () => {
  const one = new Map([['one', passwords()[0] ?? '']]);
  for (const spelling of spellings(passwords()[0] ?? '')) {
    expect(leaksIn(`before${spelling}after`, one)).toEqual(['one']);
  }
  expect(leaksIn('before after', one)).toEqual([]);
});

test('no line of any log', () => {
  for (const { host } of doors) {
    expect(host.lines.length).toBeGreaterThan(0);
    expect(leaksIn(host.lines.join('\n'), secrets)).toEqual([]);
  }
});

test('no row of any table', async () => {
  const { rows } = stage;
  const all = [...(await rows.all(rows.deliveries)), ...(await rows.all(rows.users))];
  expect(all.length).toBeGreaterThan(50);
  expect(leaksIn(JSON.stringify(all), secrets)).toEqual([]);
});

test('no answer, and no password but in the one that hands it over', () => {
  for (const { text, headers } of replies) {
    expect(leaksIn(text + JSON.stringify(headers), withoutPasswords())).toEqual([]);
  }
  let handedOver = 0;
  for (const password of passwords()) {
    const holders = replies.filter(
      ({ text, headers }) =>
        leaksIn(text + JSON.stringify(headers), new Map([['password', password]])).length > 0,
    );
    expect(holders.length).toBeLessThanOrEqual(1);
    handedOver += holders.length;
    for (const { text, headers, json } of holders) {
      expect(JSON.stringify(headers)).not.toContain(password);
      if (Object.hasOwn(json, 'Status')) expect(json['Password']).toBe(password);
      else expect(text.split('\n')[1]).toBe(password);
    }
  }
  expect(handedOver).toBe(7);
});

test('nothing of it in what is deployed, which holds no source and no path of the machine that built it', async () => {
  const files = await readdir(dist);
  expect(files).toEqual(expect.arrayContaining(['main.cjs', 'main.cjs.map']));
  for (const file of files) {
    const found = leaksIn(await readFile(path.join(dist, file), 'utf8'), secrets);
    // The emulator's key is published, and the storage SDK knows it.
    expect(found.filter((name) => name !== 'storage key')).toEqual([]);
  }
  const map = JSON.parse(await readFile(path.join(dist, 'main.cjs.map'), 'utf8'));
  expect(map.sourcesContent).toBeUndefined();
  expect(map.sources.filter((source: string) => path.isAbsolute(source))).toEqual([]);
});
