// Signatures, through the wire: what each profile signs, that nothing else passes, and that no unsigned header
// makes a captured request new.

import { createHash, createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { codeOf, type Reply } from '../support/door.ts';
import { type Door, openStage, type Stage } from '../support/journey.ts';
import { passwordsTo, secretsLogged, unknownToMicrosoft } from '../support/seen.ts';

const keyOf = (name: string): string => `function-key-of-${name}-0123456789`;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const webhookSecret = `whsec_${Buffer.from('a-secret-of-twenty-four!').toString('base64')}`;
const secret = "It's a Secret to Everybody";

const signing = (name: string, profile: string, setting: string, more = {}) => ({
  name,
  key: [sha256(keyOf(name))],
  signature: { profile, secrets: [setting], ...more },
  password: 'return',
});
const entries = [
  signing('standard', 'standard-webhooks', 'STANDARD_SECRET'),
  signing('zendesk', 'zendesk', 'TEXT_SECRET'),
  signing('glpi', 'glpi', 'TEXT_SECRET'),
  signing('hub256', 'hub-sha256', 'TEXT_SECRET'),
  signing('hub1', 'hub-sha1', 'TEXT_SECRET'),
  signing('patient', 'zendesk', 'TEXT_SECRET', { toleranceSeconds: 3_600 }),
];
const names = entries.map(({ name }) => name);

let stage: Stage;
let door: Door;
beforeAll(async () => {
  stage = await openStage();
  door = await stage.open(
    {
      CALLERS: JSON.stringify(entries),
      STANDARD_SECRET: webhookSecret,
      TEXT_SECRET: secret,
    },
    { keys: { function: Object.fromEntries(names.map((name) => [name, keyOf(name)])) } },
  );
});
afterAll(() => stage.close());

type Sign = (body: string, at: number, id?: string) => Record<string, string>;
const hmac = (algorithm: string, key: string | Buffer, text: string) =>
  createHmac(algorithm, key).update(text);
const iso = (at: number): string => `${new Date(at * 1000).toISOString().slice(0, 19)}Z`;
const profiles: readonly (readonly [caller: string, sign: Sign, window: number | undefined])[] = [
  [
    'standard',
    (body, at, id = `msg_${sha256(body)}`) => ({
      'webhook-id': id,
      'webhook-timestamp': `${at}`,
      'webhook-signature': `v1a,ignored v1,${hmac('sha256', Buffer.from(webhookSecret.slice(6), 'base64'), `${id}.${at}.${body}`).digest('base64')}`,
    }),
    300,
  ],
  [
    'zendesk',
    (body, at) => ({
      'x-zendesk-webhook-signature-timestamp': iso(at),
      'x-zendesk-webhook-signature': hmac('sha256', secret, iso(at) + body).digest('base64'),
    }),
    300,
  ],
  [
    'glpi',
    (body, at) => ({
      'x-glpi-timestamp': `${at}`,
      'x-glpi-signature': hmac('sha256', secret, body + at).digest('hex'),
    }),
    86_400,
  ],
  [
    'hub256',
    (body) => ({ 'x-hub-signature': `sha256=${hmac('sha256', secret, body).digest('hex')}` }),
    undefined,
  ],
  [
    'hub1',
    (body) => ({ 'x-hub-signature': `sha1=${hmac('sha1', secret, body).digest('hex')}` }),
    undefined,
  ],
];
const send = (caller: string, body: string, headers: Record<string, string>): Promise<Reply> =>
  door.send({
    body,
    headers: { 'content-type': 'application/json', 'x-functions-key': keyOf(caller), ...headers },
  });
const now = () => Math.floor(Date.now() / 1000);

test.each(profiles)(
  '%s: signed over the bytes, a byte order mark included',
  async (caller, sign) => {
    const body = `\ufeff{ "UserName": "${stage.user().id}", "Reason": "Zürich" }`;
    expect(codeOf(await send(caller, body, sign(body, now())))).toBe('200 Completed');
  },
);

test.each(profiles)(
  '%s: unsigned, wrongly signed, changed or stale is 401',
  async (caller, sign, window) => {
    const { id } = stage.user();
    const body = JSON.stringify({ UserName: id });
    const good = sign(body, now());
    const wrong = sign(`${body} `, now());
    const stale =
      window === undefined
        ? []
        : [sign(body, now() - window - 60), sign(body, now() + window + 60)];
    for (const headers of [{}, wrong, ...stale]) {
      const reply = await send(caller, body, headers);
      expect(codeOf(reply)).toBe('401 Unauthenticated');
      expect(reply.headers['www-authenticate']).toMatch(/\S/);
    }
    expect(codeOf(await send(caller, body.replace(id, stage.user().id), good))).toBe(
      '401 Unauthenticated',
    );
    expect(passwordsTo(stage.tenant, id)).toEqual([]);
    if (window !== undefined) {
      const inTime = sign(body, now() - window + 60);
      expect(codeOf(await send(caller, body, inTime))).toBe('200 Completed');
    }
  },
);

test('a signed request sent twice is one delivery, whatever unsigned header is added', async () => {
  for (const [caller, sign] of profiles) {
    const { id } = stage.user();
    const body = JSON.stringify({ UserName: id });
    const headers = sign(body, now());
    expect(codeOf(await send(caller, body, headers))).toBe('200 Completed');
    for (const added of [{}, { 'idempotency-key': `${caller}-x` }, { 'x-zammad-delivery': 'y' }]) {
      expect(codeOf(await send(caller, body, { ...headers, ...added }))).toBe(
        '200 AlreadyCompleted',
      );
    }
    expect(passwordsTo(stage.tenant, id)).toHaveLength(1);
  }
});

test('toleranceSeconds widens the window, both ways', async () => {
  const [, sign] = profiles.find(([caller]) => caller === 'zendesk') ?? profiles[0] ?? [];
  const codes: string[] = [];
  for (const offset of [-3_500, 3_500, -3_700, 3_700]) {
    const body = JSON.stringify({ UserName: stage.user().id });
    codes.push(codeOf(await send('patient', body, sign?.(body, now() + offset) ?? {})));
  }
  expect(codes).toEqual([
    '200 Completed',
    '200 Completed',
    '401 Unauthenticated',
    '401 Unauthenticated',
  ]);
});

test('every request to Graph is one that Microsoft has, and the log holds no secret', () => {
  expect(unknownToMicrosoft(stage.tenant)).toEqual([]);
  expect(
    secretsLogged(stage.tenant, door.host, ...names.map(keyOf), secret, webhookSecret),
  ).toEqual([]);
});
