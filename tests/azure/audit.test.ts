// `npm run audit`: the trail that the built bundle left in table storage, as a person and as a program
// read it; and the trail in Azure, played by a table service that wants a token.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type AuditPorts, audit } from '../../infra/azure/audit.ts';
import { trailLines } from '../../infra/azure/audit-text.ts';
import { openTables } from '../../lib/adapters/tables.ts';
import { aConfig } from '../support/a-journey.ts';
import { type Door, openStage, type Stage } from '../support/journey.ts';
import { forgetCertificate, trustedCertificate } from './admin.ts';

const adele = '87d349ed-44d7-43e1-9a83-5f2406dee5bd';
let stage: Stage;
let door: Door;
let empty: string;
let ports: AuditPorts;
let said: string[];
beforeAll(async () => {
  stage = await openStage();
  door = await stage.open();
  const claims = { TicketId: 'INC1', CallerName: 'Jane', Reason: 'lost phone' };
  await door.reset({ UserName: 'adele.vance@contoso.com', RevokeSessions: true, ...claims });
  await door.reset({ UserName: 'diego.disabled@contoso.com' });
  await door.reset({ UserName: 'global.admin@contoso.com' });
  await door.reset({ UserName: 'nobody@contoso.com' });
  const token = stage.tenant.mintToken({
    scp: 'user_impersonation',
    oid: 'the-engineers-object-id',
  });
  await door.entra(token, { UserName: adele, DryRun: true });
});
afterAll(async () => {
  await stage.close();
  await forgetCertificate();
});
beforeEach(() => {
  empty = mkdtempSync(path.join(tmpdir(), 'audit-'));
  said = [];
  ports = {
    credential: {
      getToken: async () => ({ token: 'a-token', expiresOnTimestamp: Date.now() + 3_600_000 }),
    },
    say: (line) => said.push(line),
    env: { AzureWebJobsStorage: stage.azurite.connectionString },
    root: empty,
    now: Date.now(),
  };
});
afterEach(() => rmSync(empty, { recursive: true, force: true }));

const run = (...argv: readonly string[]) => audit(argv, ports);
const rows = async (...argv: readonly string[]) => {
  await run('--json', ...argv);
  return said.splice(0).map((line) => JSON.parse(line));
};
const short = (list: readonly { code: string; userName?: string; askedUserName: string }[]) =>
  list.map(({ code, userName, askedUserName }) => `${code} ${userName ?? askedUserName}`);

test('JSON lines: intents and outcomes in the order of time, with the names of the log', async () => {
  const all = await rows('--since', '1h');
  expect(short(all)).toEqual([
    'Intent adele.vance@contoso.com',
    'Completed adele.vance@contoso.com',
    'Intent diego.disabled@contoso.com',
    'Completed diego.disabled@contoso.com',
    'TargetProtected global.admin@contoso.com',
    'UserNotFound nobody@contoso.com',
    'DryRun adele.vance@contoso.com',
  ]);
  expect(all[1]).toMatchObject({
    kind: 'outcome',
    caller: 'function-key',
    door: 'function',
    claimedTicketId: 'INC1',
    claimedCallerName: 'Jane',
    userId: adele,
    sessionsRevoked: 'Revoked',
    passwordReturned: true,
  });
  expect(Object.keys(all[1])).not.toContain('writeId');
  expect(all[6]).toMatchObject({ door: 'entra', callerObjectId: 'the-engineers-object-id' });
});

test('one user, by name in any case or by id: rows that name only the id too', async () => {
  const expected = [
    'Intent adele.vance@contoso.com',
    'Completed adele.vance@contoso.com',
    'DryRun adele.vance@contoso.com',
  ];
  expect(short(await rows('--user', 'Adele.Vance@CONTOSO.com'))).toEqual(expected);
  expect(short(await rows('--user', adele))).toEqual(expected);
  expect(await rows('--user', 'vance@contoso.com')).toEqual([]);
});

test('one caller', async () => {
  expect(short(await rows('--caller', 'function-key'))).toHaveLength(6);
  expect(await rows('--caller', 'function')).toEqual([]);
});

test('since: a time, minutes, hours, days; and what is none', async () => {
  const [first] = await rows();
  const later = new Date(Date.parse(first.at) + 1).toISOString();
  expect(await rows('--since', first.at)).toHaveLength(7);
  expect(await rows('--since', later)).toHaveLength(6);
  ports = { ...ports, now: Date.parse(first.at) + 3_600_000 };
  expect(await rows('--since', '60m')).toHaveLength(7);
  expect(await rows('--since', '1h')).toHaveLength(7);
  expect(await rows('--since', '59m')).toEqual([]);
  expect(await rows('--since', '1d')).toHaveLength(7);
  await expect(run('--since', 'yesterday')).rejects.toThrow('--since is 30m, 1h, 7d');
  await run('--since', '2999-01-01T00:00Z');
  const { tableEndpoint } = stage.azurite;
  expect(said).toEqual([
    `Trail of ${tableEndpoint}, since 2999-01-01T00:00:00.000Z`,
    '',
    'Nothing.',
  ]);
});

test('the table of a person: what was proved and what was claimed on lines of their own', async () => {
  await run('--user', adele);
  const shown = said.slice(2).map((line) =>
    line
      .replaceAll(/[\da-f]{8}-[\da-f]{4}-[\da-f-]{22}/g, 'ID')
      .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'TIME-----SECONDS---')
      .replaceAll(/\d+ ms/g, 'N ms'),
  );
  expect(shown).toEqual([
    'TIME (UTC)           RESULT     CALLER                USER',
    'TIME-----SECONDS---  Intent     function-key          adele.vance@contoso.com',
    'TIME-----SECONDS---  Completed  function-key          adele.vance@contoso.com',
    '    asked     enable if needed, temporary password, revoke sessions',
    '    done      password returned, sessions Revoked, N ms',
    '    verified  function key of function-key',
    '    claimed   ticket "INC1", caller "Jane", reason "lost phone"',
    '    ids       request ID, user',
    '              ID, Graph ID',
    '',
    'TIME-----SECONDS---  DryRun     entra-a9a972a7-cf75-  adele.vance@contoso.com',
    '                                498d-8c03-cf1ba08d8a',
    '                                34',
    '    asked     dry run, enable if needed, temporary password',
    '    done      N ms',
    '    verified  Entra token, of oncall.engineer@contoso.com, object the-engineers-object-id, app',
    '              ID',
    '    ids       request ID, user',
    '              ID, Graph ID',
    '',
  ]);
});

test('an intent that nothing came of is told as such', () => {
  const lines = trailLines([
    {
      kind: 'intent',
      at: '2026-11-23T09:15:30.000Z',
      code: 'Intent',
      caller: 'zendesk',
      door: 'function',
      userName: 'a@b.c',
      requestId: 'r1',
    },
    {
      kind: 'outcome',
      at: '2026-11-23T09:16:30.000Z',
      code: 'OutcomeUnknown',
      caller: 'zendesk',
      userId: 'id',
      requestId: 'r0',
    },
  ]);
  expect(lines).toEqual([
    'TIME (UTC)           RESULT          CALLER   USER',
    '2026-11-23 09:15:30  Intent          zendesk  a@b.c',
    '    done      no outcome is recorded (yet)',
    '    verified  function key of zendesk',
    '    ids       request r1',
    '',
    '2026-11-23 09:16:30  OutcomeUnknown  zendesk  id',
    '    ids  request r0, user id',
    '',
  ]);
});

test('what a row holds is shown whole, within 100 columns, and steers no terminal', async () => {
  const { connectionString } = stage.azurite;
  const { users } = openTables(aConfig({ ledger: { connectionString } }));
  const row = {
    kind: 'outcome',
    at: '2019-01-01T00:00:00.000Z',
    requestId: 'r',
    code: 'OutcomeUnknown',
    caller: 'c'.repeat(60),
    userId: 'lonely-user',
    userName: `${'z'.repeat(64)}@${'d'.repeat(48)}`,
    claimedReason: `\u001b[2J\u202e${'long '.repeat(40)}`,
  } as const;
  await users.write('lonely-user', undefined, [row], Date.now() + 5_000);
  const wanted = ['--since', '2019-01-01T00:00Z', '--user', 'lonely-user'];
  await run('--json', ...wanted);
  expect(said[0]).toContain('"claimedReason":"\\u001b[2J\\u202elong ');
  expect(JSON.parse(said[0] ?? '')).toEqual(row);
  said = [];
  await run(...wanted);
  expect(said.filter((line) => line.length > 100)).toEqual([]);
  expect(said.join('')).toContain('reason "\\u001b[2J\\u202elong long');
  expect(said.join('').match(/z/g)).toHaveLength(64);
});

test('the settings come from local.settings.json too, and the environment wins', async () => {
  const values = { Values: { AzureWebJobsStorage: stage.azurite.connectionString } };
  writeFileSync(path.join(empty, 'local.settings.json'), JSON.stringify(values));
  ports = { ...ports, env: {} };
  expect(await rows()).toHaveLength(7);
  ports = { ...ports, env: { AzureWebJobsStorage: 'nonsense' } };
  await expect(run()).rejects.toThrow(
    /Where is the trail\? Add --storage NAME.*\n {2}AzureWebJobsStorage: /,
  );
});

test('without settings it is the account that azd made, and that is said', async () => {
  mkdirSync(path.join(empty, '.azure/prod'), { recursive: true });
  writeFileSync(path.join(empty, '.azure/config.json'), '{"defaultEnvironment":"prod"}');
  const { url } = await serve(200, { value: [] });
  writeFileSync(path.join(empty, '.azure/prod/.env'), `AZURE_STORAGE_ACCOUNT_NAME="${url}"\n`);
  ports = { ...ports, env: { AzureWebJobsStorage: '' } };
  await run('--since', '2026-11-23T09:00Z');
  expect(said[0]).toBe(`Trail of ${url}/, since 2026-11-23T09:00:00.000Z`);
});

let service: Server | undefined;
afterEach(() => void service?.close());

async function serve(
  status: number,
  body: object,
): Promise<{ url: string; asked: { path: string; authorization: string }[] }> {
  const { key, cert } = await trustedCertificate();
  const asked: { path: string; authorization: string }[] = [];
  service = createServer({ key, cert }, (request, response) => {
    asked.push({ path: request.url ?? '', authorization: request.headers.authorization ?? '' });
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((done) => service?.listen(0, '127.0.0.1', done));
  return { url: `https://127.0.0.1:${(service.address() as AddressInfo).port}`, asked };
}

test('in Azure it reads as the one signed in to az', async () => {
  const { url, asked } = await serve(200, {
    value: [
      {
        PartitionKey: 'u',
        RowKey: 'audit~x',
        Kind: 'outcome',
        At: '2026-11-23T09:15:30.000Z',
        Code: 'Completed',
      },
    ],
  });
  ports = { ...ports, env: {} };
  expect(await rows('--storage', url, '--since', '2026-11-23T09:00Z')).toEqual([
    { kind: 'outcome', at: '2026-11-23T09:15:30.000Z', code: 'Completed' },
  ]);
  expect(asked[0]?.authorization).toBe('Bearer a-token');
  expect(decodeURIComponent(asked[0]?.path ?? '').replaceAll('+', ' ')).toContain(
    "/PasswordResetUsers()?$filter=RowKey ge 'audit~2026-11-23T09:00:00.000Z' and RowKey lt 'audit~~'",
  );
});

test.each([
  [403, 'AuthorizationPermissionMismatch', /you need the role Storage Table Data Reader/],
  [404, 'ResourceNotFound', /The trail could not be read \(404\)/],
])('a storage account that answers %i', async (status, code, sentence) => {
  const { url } = await serve(status, {
    'odata.error': { code, message: { lang: 'en', value: 'no' } },
  });
  await expect(run('--storage', url)).rejects.toThrow(sentence);
});

test('a table that is not there yet is an empty trail', async () => {
  const { url } = await serve(404, {
    'odata.error': { code: 'TableNotFound', message: { lang: 'en', value: 'no' } },
  });
  expect(await rows('--storage', url)).toEqual([]);
});

test('no sign-in, and a storage that is no name', async () => {
  const { url } = await serve(200, { value: [] });
  ports = {
    ...ports,
    credential: { getToken: () => Promise.reject(new Error("Please run 'az login'")) },
  };
  await expect(run('--storage', url)).rejects.toThrow(
    'No sign-in to the storage account. Type: az login',
  );
  await expect(run('--storage', 'http://x')).rejects.toThrow(
    '--storage is the name of a storage account',
  );
});
