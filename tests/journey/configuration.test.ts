// Wrong settings: no reset is served and nobody learns why, but /api/ready and one line of the log name all
// mistakes at once, with what to type. And the settings that open or close the Entra door.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { codeOf, entraDoor, type Reply } from '../support/door.ts';
import { type Door, openStage, type Stage } from '../support/journey.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

const ready = (door: Door): Promise<Reply> => door.send({ method: 'GET', path: '/api/ready' });
const user = { UserName: 'adele.vance@contoso.com' };
const hash = 'a'.repeat(64);
const callers = (...entries: readonly object[]) => JSON.stringify(entries);

describe('everything wrong at once', () => {
  let door: Door;
  beforeAll(async () => {
    door = await stage.open({
      AZURE_CLIENT_ID: 'not-a-guid',
      GRAPH_ENDPOINT: 'http://graph.example',
      AzureWebJobsStorage: undefined,
      CALLERS: '[{"name":"Zendesk","key":[]}]',
      PROTECTED_GROUP_IDS: 'administrators',
      ENTRA_TENANT_ID: 'contoso.com',
      ENTRA_AUTHORITY: 'http://login.example',
      COOLDOWN_SECONDS: '-1',
      AUDIT_RETENTION_DAYS: '0',
    });
  });

  test('every reset door answers 503 to everybody, whatever is sent', async () => {
    const json = { 'content-type': 'application/json' };
    const replies = [
      await door.reset(user),
      await door.send({ body: '{', headers: { 'content-type': 'a/b' } }),
      await door.send({ body: 'x', headers: json, chunked: true }),
      await door.entra(undefined, user),
      await door.entra(stage.tenant.mintToken(), user),
      await door.send({ path: entraDoor, body: 'x'.repeat(17_000), headers: json }),
    ];
    expect(replies.map(codeOf)).toEqual(replies.map(() => '503 NotConfigured'));
    for (const { headers, text } of replies) {
      expect(headers['retry-after']).toBe('59');
      expect(headers['cache-control']).toBe('no-store');
      expect(text).not.toMatch(/CALLERS|GRAPH_ENDPOINT|COOLDOWN|AZURE_|ENTRA_|AUDIT_|PROTECTED_/);
    }
    expect(new Set(replies.map(({ json: body }) => body['detail'])).size).toBe(1);
  });

  const names = [
    'AZURE_CLIENT_ID',
    'GRAPH_ENDPOINT',
    'AzureWebJobsStorage',
    'CALLERS',
    'PROTECTED_GROUP_IDS',
    'ENTRA_TENANT_ID',
    'ENTRA_AUTHORITY',
    'COOLDOWN_SECONDS',
    'AUDIT_RETENTION_DAYS',
  ];

  test('ready names all of them and repeats none', async () => {
    const reply = await ready(door);
    expect([reply.status, reply.json['Status']]).toEqual([503, 'NotReady']);
    for (const name of names) expect(reply.text).toContain(name);
    expect(reply.text).not.toMatch(
      /not-a-guid|graph\.example|login\.example|Zendesk|administrators/,
    );
    const checks = reply.json['Checks'] as { Status: string; Remedy: string }[];
    for (const { Status, Remedy } of checks) {
      expect(['Passed', 'Failed', 'Skipped']).toContain(Status);
      if (Status === 'Failed') expect(Remedy).not.toBe('');
    }
    // Each check on a line of its own.
    const lines = reply.text.split('\n').filter((line) => line.includes('"Name"'));
    expect(lines).toHaveLength(checks.length);
  });

  test('one line of the log names all of them', async () => {
    const line = await door.host.waitForLine(/"event":"NotConfigured"/);
    for (const name of names) expect(line).toContain(name);
    expect(line).not.toMatch(/graph\.example|login\.example/);
  });

  test('health does not mind, the timers run', async () => {
    expect((await door.send({ method: 'GET', path: '/api/health' })).status).toBe(200);
    await door.host.invokeTimer('sweepLedger');
    await door.host.invokeTimer('watchReadiness');
    const line = await door.host.waitForLine(/"event":"ReadinessChecked"/);
    expect(line).toContain('"NotReady"');
  });

  test('Graph, identity and key set were not asked', () => {
    const { requests, identityRequests, authorityRequests } = stage.tenant;
    expect([...requests, ...identityRequests, ...authorityRequests]).toEqual([]);
  });
});

describe('one mistake is enough', () => {
  const withholds = { name: 'a', key: [hash], password: 'withhold' };
  const signs = (profile: string) => ({
    ...withholds,
    signature: { profile, secrets: ['SIGNING_SECRET'] },
  });
  const mistakes: readonly (readonly [string, Record<string, string | undefined>, string])[] = [
    ['an empty CALLERS', { CALLERS: '' }, 'CALLERS'],
    ['no callers at all', { CALLERS: '[]' }, 'CALLERS'],
    ['CALLERS that is no JSON', { CALLERS: '[{' }, 'CALLERS'],
    ['a caller without "password"', { CALLERS: callers({ name: 'a', key: [hash] }) }, 'CALLERS'],
    [
      'a caller with a key and a typing error',
      { CALLERS: callers({ ...withholds, domain: ['x'] }) },
      'CALLERS',
    ],
    [
      'three keys',
      { CALLERS: callers({ ...withholds, key: [hash, 'b'.repeat(64), 'c'.repeat(64)] }) },
      'CALLERS',
    ],
    ['1001 an hour', { CALLERS: callers({ ...withholds, maxResetsPerHour: 1001 }) }, 'CALLERS'],
    ['a secret that is not there', { CALLERS: callers(signs('zendesk')) }, 'SIGNING_SECRET'],
    [
      'an empty secret',
      { CALLERS: callers(signs('zendesk')), SIGNING_SECRET: '' },
      'SIGNING_SECRET',
    ],
    [
      'a short secret',
      { CALLERS: callers(signs('glpi')), SIGNING_SECRET: 'x'.repeat(15) },
      'SIGNING_SECRET',
    ],
    [
      'an unresolved reference',
      {
        CALLERS: callers(signs('hub-sha1')),
        SIGNING_SECRET: '@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s)',
      },
      'SIGNING_SECRET',
    ],
    [
      'no whsec_',
      { CALLERS: callers(signs('standard-webhooks')), SIGNING_SECRET: 'x'.repeat(32) },
      'SIGNING_SECRET',
    ],
    [
      '15 bytes decoded',
      {
        CALLERS: callers(signs('standard-webhooks')),
        SIGNING_SECRET: `whsec_${Buffer.alloc(15, 7).toString('base64')}`,
      },
      'SIGNING_SECRET',
    ],
    ['an Entra door without tenant', { ENTRA_TENANT_ID: undefined }, 'ENTRA_TENANT_ID'],
    [
      'a connection string that reads well and cannot be opened',
      {
        AzureWebJobsStorage: 'TableEndpoint=https://tables.contoso.com/;SharedAccessSignature=s=1',
      },
      'AzureWebJobsStorage',
    ],
    ['a cooldown over an hour', { COOLDOWN_SECONDS: '3601' }, 'COOLDOWN_SECONDS'],
  ];
  // Hosts are dear; three at a time is what two cores bear.
  const outcomes = new Map<string, { codes: string[]; ready: string }>();
  beforeAll(async () => {
    const open = [...mistakes];
    const worker = async (): Promise<void> => {
      for (let next = open.pop(); next !== undefined; next = open.pop()) {
        const [what, settings] = next;
        const door = await stage.open(settings);
        const codes = [codeOf(await door.reset(user)), codeOf(await door.entra(undefined, user))];
        outcomes.set(what, { codes, ready: (await ready(door)).text });
        await door.host.kill();
      }
    };
    await Promise.all([worker(), worker(), worker()]);
  });
  test.each(mistakes)('%s', (what, settings, setting) => {
    const { codes, ready: text } = outcomes.get(what) ?? { codes: [], ready: '' };
    expect(codes).toEqual(['503 NotConfigured', '503 NotConfigured']);
    expect(text).toContain(setting);
    const secret = settings['SIGNING_SECRET'];
    if (secret) expect(text).not.toContain(secret);
  });
});

test('ENTRA_AUDIENCE unset: the door does not exist, the other is open', async () => {
  const door = await stage.open({
    ENTRA_AUDIENCE: undefined,
    ENTRA_TENANT_ID: undefined,
    ENTRA_AUTHORITY: undefined,
  });
  const reply = await door.entra(stage.tenant.mintToken(), user);
  expect([reply.status, reply.text]).toEqual([404, '']);
  expect(codeOf(await door.reset({ ...user, DryRun: true }))).toBe('200 DryRun');
  const { json } = await ready(door);
  expect(json['Status']).toBe('Ready');
});
