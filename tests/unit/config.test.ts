// The settings: what comes out of a good environment, and every mistake of a bad one,
// all at once.

import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { openTable } from '../../lib/adapters/tables.ts';
import {
  type Config,
  type Environment,
  entraDoorAsked,
  type Mistake,
  readConfig,
} from '../../lib/config.ts';
import { reveal } from '../../lib/secret.ts';

const minimal: Environment = { AzureWebJobsStorage: 'UseDevelopmentStorage=true' };

function configOf(env: Environment): Config {
  const config = readConfig({ ...minimal, ...env });
  if (!config.ok) throw new Error(JSON.stringify(config.failure));
  return config.value;
}

function mistakesOf(env: Environment): readonly Mistake[] {
  const config = readConfig({ ...minimal, ...env });
  return config.ok ? [] : config.failure;
}
const settingsOf = (env: Environment) => mistakesOf(env).map(({ setting }) => setting);

test('the defaults', () => {
  expect(configOf({})).toEqual({
    clientId: undefined,
    graphOrigin: 'https://graph.microsoft.com',
    ledger: { connectionString: 'UseDevelopmentStorage=true' },
    callers: undefined,
    protectedGroupIds: [],
    entra: undefined,
    cooldownSeconds: 120,
    auditRetentionDays: 365,
  });
});

test('blank settings count as unset, and values are trimmed', () => {
  const blank = Object.fromEntries(
    [
      'AZURE_CLIENT_ID',
      'GRAPH_ENDPOINT',
      'LEDGER_TABLE_ENDPOINT',
      'PROTECTED_GROUP_IDS',
      'ENTRA_AUDIENCE',
      'ENTRA_TENANT_ID',
      'ENTRA_AUTHORITY',
      'COOLDOWN_SECONDS',
      'AUDIT_RETENTION_DAYS',
    ].map((name) => [name, '  ']),
  );
  expect(configOf(blank)).toEqual(configOf({}));
  expect(configOf({ COOLDOWN_SECONDS: ' 60 ' }).cooldownSeconds).toBe(60);
});

test('all mistakes at once, and no value is repeated', () => {
  const mistakes = mistakesOf({
    AZURE_CLIENT_ID: 'wrong-1',
    GRAPH_ENDPOINT: 'wrong-2',
    AzureWebJobsStorage: 'wrong-3',
    CALLERS: 'wrong-4',
    PROTECTED_GROUP_IDS: 'wrong-5',
    ENTRA_AUDIENCE: 'api://x,,y',
    ENTRA_TENANT_ID: 'wrong-6',
    ENTRA_AUTHORITY: 'wrong-7',
    COOLDOWN_SECONDS: 'wrong-8',
    AUDIT_RETENTION_DAYS: 'wrong-9',
  });
  expect(mistakes).toEqual([
    {
      setting: 'AZURE_CLIENT_ID',
      detail: 'Set the client id (a GUID) of the user-assigned identity.',
    },
    {
      setting: 'GRAPH_ENDPOINT',
      detail: 'Set an https origin without a path, such as https://graph.microsoft.com.',
    },
    {
      setting: 'AzureWebJobsStorage',
      detail: 'This is no storage connection string. Copy it whole.',
    },
    {
      setting: 'CALLERS',
      detail:
        'It is not JSON. Run npm run caller -- add NAME, or unset CALLERS to let every key holder in.',
    },
    {
      setting: 'PROTECTED_GROUP_IDS',
      detail: 'Set object ids of groups (GUIDs), separated by commas.',
    },
    {
      setting: 'ENTRA_AUDIENCE',
      detail: 'Set the client id of the app registration, or several with commas.',
    },
    {
      setting: 'ENTRA_AUTHORITY',
      detail: 'Set an https origin, such as https://login.microsoftonline.com.',
    },
    {
      setting: 'ENTRA_TENANT_ID',
      detail: 'Set the tenant id (a GUID): az account show --query tenantId.',
    },
    { setting: 'COOLDOWN_SECONDS', detail: 'Set a whole number from 0 to 3600.' },
    { setting: 'AUDIT_RETENTION_DAYS', detail: 'Set a whole number from 1 to 3650.' },
  ]);
  expect(JSON.stringify(mistakes)).not.toContain('wrong-');
});

// --- one setting at a time -------------------------------------------------------------------------

const guid = '22222222-0000-4000-8000-00000000000A';

test.each([
  ['AZURE_CLIENT_ID', guid, 'clientId', guid],
  ['GRAPH_ENDPOINT', 'https://graph.microsoft.us', 'graphOrigin', 'https://graph.microsoft.us'],
  ['GRAPH_ENDPOINT', 'https://127.0.0.1:4430/', 'graphOrigin', 'https://127.0.0.1:4430'],
  ['GRAPH_ENDPOINT', 'HTTPS://Graph.Microsoft.COM', 'graphOrigin', 'https://graph.microsoft.com'],
  [
    'PROTECTED_GROUP_IDS',
    `${guid}, 33333333-0000-4000-8000-00000000000b`,
    'protectedGroupIds',
    ['22222222-0000-4000-8000-00000000000a', '33333333-0000-4000-8000-00000000000b'],
  ],
  ['COOLDOWN_SECONDS', '0', 'cooldownSeconds', 0],
  ['COOLDOWN_SECONDS', '3600', 'cooldownSeconds', 3600],
  ['AUDIT_RETENTION_DAYS', '1', 'auditRetentionDays', 1],
  ['AUDIT_RETENTION_DAYS', '3650', 'auditRetentionDays', 3650],
] as const)('%s=%s', (setting, value, member, expected) => {
  expect(configOf({ [setting]: value })[member]).toEqual(expected);
});

test.each([
  ['AZURE_CLIENT_ID', 'my-identity'],
  ['AZURE_CLIENT_ID', '22222222-0000-4000-8000-00000000000'],
  ['AZURE_CLIENT_ID', `x${guid}`],
  ['GRAPH_ENDPOINT', 'http://graph.microsoft.com'],
  ['GRAPH_ENDPOINT', 'https://graph.microsoft.com/v1.0'],
  ['GRAPH_ENDPOINT', 'https://graph.microsoft.com?x=1'],
  ['GRAPH_ENDPOINT', 'https://graph.microsoft.com#x'],
  ['GRAPH_ENDPOINT', 'https://user@graph.microsoft.com'],
  ['GRAPH_ENDPOINT', 'graph.microsoft.com'],
  ['PROTECTED_GROUP_IDS', 'admins'],
  ['PROTECTED_GROUP_IDS', `${guid},`],
  ['PROTECTED_GROUP_IDS', `${guid};${guid}`],
  ['COOLDOWN_SECONDS', '3601'],
  ['COOLDOWN_SECONDS', '-1'],
  ['COOLDOWN_SECONDS', '1.5'],
  ['COOLDOWN_SECONDS', '2m'],
  ['COOLDOWN_SECONDS', '1e3'],
  ['COOLDOWN_SECONDS', '0x10'],
  ['AUDIT_RETENTION_DAYS', '0'],
  ['AUDIT_RETENTION_DAYS', '3651'],
  ['AUDIT_RETENTION_DAYS', '000365'],
  ['LEDGER_TABLE_ENDPOINT', 'http://x.table.core.windows.net'],
  ['LEDGER_TABLE_ENDPOINT', 'x.table.core.windows.net'],
  ['AzureWebJobsStorage__tableServiceUri', 'http://x.table.core.windows.net'],
  ['AzureWebJobsStorage', 'x'],
  ['CALLERS', ''],
  ['CALLERS', '  '],
  ['CALLERS', '[]'],
  ['CALLERS', '{}'],
  ['CALLERS', 'null'],
  ['CALLERS', '"zendesk"'],
  ['CALLERS', '[1]'],
  ['CALLERS', '[{"name":"x"'],
])('%s=%s is a mistake, and the only one', (setting, value) => {
  expect(new Set(settingsOf({ [setting]: value }))).toEqual(new Set([setting]));
});

// --- the ledger ------------------------------------------------------------------------------------

const endpoint = 'https://one.table.core.windows.net';
const other = 'https://two.table.core.windows.net';

test.each<[string, Environment, Config['ledger']]>([
  ['its own endpoint', { LEDGER_TABLE_ENDPOINT: endpoint }, { endpoint }],
  ['the host storage', { AzureWebJobsStorage__tableServiceUri: other }, { endpoint: other }],
  [
    'its own endpoint first',
    { LEDGER_TABLE_ENDPOINT: endpoint, AzureWebJobsStorage__tableServiceUri: other },
    { endpoint },
  ],
  [
    'a connection string with a key',
    {
      AzureWebJobsStorage:
        'DefaultEndpointsProtocol=https;AccountName=x;AccountKey=a2V5;EndpointSuffix=core.windows.net',
    },
    {
      connectionString:
        'DefaultEndpointsProtocol=https;AccountName=x;AccountKey=a2V5;EndpointSuffix=core.windows.net',
    },
  ],
  [
    'a connection string with a signature',
    {
      AzureWebJobsStorage:
        'TableEndpoint=https://x.table.core.windows.net;SharedAccessSignature=sv=1',
    },
    {
      connectionString: 'TableEndpoint=https://x.table.core.windows.net;SharedAccessSignature=sv=1',
    },
  ],
])('the ledger: %s', (_what, env, ledger) => {
  expect(configOf(env).ledger).toEqual(ledger);
});

test('no ledger at all is one mistake', () => {
  expect(readConfig({})).toEqual({
    ok: false,
    failure: [
      {
        setting: 'AzureWebJobsStorage__tableServiceUri',
        detail:
          'Set the table endpoint of the storage account (https://NAME.table.core.windows.net), or ' +
          'AzureWebJobsStorage=UseDevelopmentStorage=true for a local Azurite.',
      },
    ],
  });
});

test.each(['LEDGER_TABLE_ENDPOINT', 'AzureWebJobsStorage__tableServiceUri'])(
  '%s: what to type',
  (setting) => {
    expect(mistakesOf({ [setting]: 'x' })).toEqual([
      {
        setting,
        detail: 'Set the https table endpoint, such as https://NAME.table.core.windows.net.',
      },
    ]);
  },
);

const account = 'AccountName=x;AccountKey=a2V5';
const suffix = 'EndpointSuffix=core.windows.net';
const https = 'DefaultEndpointsProtocol=https';
const at = 'TableEndpoint=https://x.table.core.windows.net';
test.each([
  [true, 'UseDevelopmentStorage=true'],
  [true, 'UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://127.0.0.1'],
  [true, ` ${https} ; ${account};${suffix};`],
  [true, `${https};${account};${at}`],
  [true, `DefaultEndpointsProtocol=http;${account};TableEndpoint=http://127.0.0.1:10002/x`],
  [true, `${at};SharedAccessSignature=sv=1&sig=a%3D`],
  [true, `${https};AccountName=x;AccountName=;AccountKey=a2V5==;${suffix}`],
  [false, `${https};AccountName=;AccountName=x;AccountKey=a2V5;${suffix}`],
  [true, `AccountName = y;${https};${account};${suffix}`],
  [false, 'UseDevelopmentStorage=false'],
  [false, 'UseDevelopmentStorage='],
  [false, 'XUseDevelopmentStorage=true'],
  [false, 'true'],
  [false, `${account};${suffix}`],
  [false, `${account};${at}`],
  [false, `DefaultEndpointsProtocol=http;${account};${suffix}`],
  [false, `${https};${account};TableEndpoint=ftp://x.table.core.windows.net`],
  [false, `${https};${account};TableEndpoint=xhttps://x.table.core.windows.net`],
  [false, `${at}`],
  [false, `DefaultEndpointsProtocol=ftp;${account};${suffix}`],
  [false, `${https};${account}`],
  [false, `${https};AccountKey=a2V5;${suffix}`],
  [false, `${https};AccountName=x;AccountKey=;${suffix}`],
  [false, `${https};${account};TableEndpoint=x.table.core.windows.net`],
  [false, 'TableEndpoint=x.table.core.windows.net;SharedAccessSignature=sv=1'],
  [false, 'SharedAccessSignature=sv=1'],
])('%s, and never a throw: %s', (isTaken, AzureWebJobsStorage) => {
  const config = readConfig({ AzureWebJobsStorage });
  expect(config.ok).toBe(isTaken);
  if (config.ok) openTable('T', config.value.ledger, undefined);
});

test('a connection string in any letter case', () => {
  expect(configOf({ AzureWebJobsStorage: 'usedevelopmentstorage=TRUE' }).ledger).toEqual({
    connectionString: 'usedevelopmentstorage=TRUE',
  });
});

test('a wrong endpoint is not made good by a right one after it', () => {
  expect(
    settingsOf({ LEDGER_TABLE_ENDPOINT: 'x', AzureWebJobsStorage__tableServiceUri: endpoint }),
  ).toEqual(['LEDGER_TABLE_ENDPOINT']);
});

// --- the Entra door --------------------------------------------------------------------------------

const tenant = { ENTRA_TENANT_ID: '99999999-0000-4000-8000-0000000000AA' };

test('an id also stands for api://<id>; issuers of v2 and v1; the key set of the tenant', () => {
  const audience = '22222222-0000-4000-8000-00000000000a';
  expect(configOf({ ...tenant, ENTRA_AUDIENCE: `${audience}, api://reset` }).entra).toEqual({
    audiences: [audience, `api://${audience}`, 'api://reset'],
    issuers: [
      'https://login.microsoftonline.com/99999999-0000-4000-8000-0000000000aa/v2.0',
      'https://sts.windows.net/99999999-0000-4000-8000-0000000000aa/',
    ],
    keysUrl:
      'https://login.microsoftonline.com/99999999-0000-4000-8000-0000000000aa/discovery/v2.0/keys',
  });
});

test('another authority', () => {
  expect(
    configOf({
      ...tenant,
      ENTRA_AUDIENCE: 'x',
      ENTRA_AUTHORITY: 'https://login.microsoftonline.us/',
    }).entra,
  ).toMatchObject({
    issuers: [
      'https://login.microsoftonline.us/99999999-0000-4000-8000-0000000000aa/v2.0',
      'https://sts.windows.net/99999999-0000-4000-8000-0000000000aa/',
    ],
    keysUrl:
      'https://login.microsoftonline.us/99999999-0000-4000-8000-0000000000aa/discovery/v2.0/keys',
  });
});

test.each<[string, Environment, string]>([
  ['no tenant', { ENTRA_AUDIENCE: 'x' }, 'ENTRA_TENANT_ID'],
  ['a wrong tenant, and the door closed', { ENTRA_TENANT_ID: 'x' }, 'ENTRA_TENANT_ID'],
  ['a wrong authority, and the door closed', { ENTRA_AUTHORITY: 'x' }, 'ENTRA_AUTHORITY'],
  ['a tenant name', { ENTRA_AUDIENCE: 'x', ENTRA_TENANT_ID: 'contoso.com' }, 'ENTRA_TENANT_ID'],
  ['common', { ENTRA_AUDIENCE: 'x', ENTRA_TENANT_ID: 'common' }, 'ENTRA_TENANT_ID'],
  ['an empty audience', { ...tenant, ENTRA_AUDIENCE: 'x,' }, 'ENTRA_AUDIENCE'],
  [
    'an unresolved reference',
    { ...tenant, ENTRA_AUDIENCE: '@Microsoft.KeyVault(SecretUri=https://v/secrets/x)' },
    'ENTRA_AUDIENCE',
  ],
  [
    'a path',
    { ...tenant, ENTRA_AUDIENCE: 'x', ENTRA_AUTHORITY: 'https://a.b/c' },
    'ENTRA_AUTHORITY',
  ],
  ['http', { ...tenant, ENTRA_AUDIENCE: 'x', ENTRA_AUTHORITY: 'http://a.b' }, 'ENTRA_AUTHORITY'],
])('the Entra door with %s', (_what, env, setting) => {
  expect(settingsOf(env)).toEqual([setting]);
});

test.each([
  [{}, false],
  [{ ENTRA_AUDIENCE: '' }, false],
  [{ ENTRA_AUDIENCE: ' ' }, false],
  [{ ENTRA_AUDIENCE: 'x' }, true],
])('%j asks for the Entra door: %s', (env, asked) => {
  expect(entraDoorAsked(env)).toBe(asked);
});

// --- CALLERS ---------------------------------------------------------------------------------------

const keyHash = createHash('sha256').update('key-1').digest('hex');
const entry = (changes: object = {}) => ({
  name: 'zendesk',
  key: [keyHash],
  password: 'withhold',
  ...changes,
});
const withCallers = (entries: unknown, env: Environment = {}) => ({
  ...env,
  CALLERS: JSON.stringify(entries),
});

test('the smallest entry, and its defaults', () => {
  expect(configOf(withCallers([entry()])).callers).toEqual([
    {
      name: 'zendesk',
      keyHashes: [createHash('sha256').update('key-1').digest()],
      appIds: [],
      signature: undefined,
      password: 'withhold',
      domains: undefined,
      groups: undefined,
      mayEnable: true,
      maxResetsPerHour: 500,
    },
  ]);
});

test('an entry with everything; ids, domains and hashes in any letter case', () => {
  const everything = entry({
    key: [keyHash.toUpperCase(), 'b'.repeat(64)],
    entra: { appIds: ['22222222-0000-4000-8000-00000000000A'] },
    signature: { profile: 'zendesk', secrets: ['ONE', 'TWO'], toleranceSeconds: 60 },
    password: 'return',
    domains: ['Contoso.com', 'fabrikam.com'],
    groups: ['33333333-0000-4000-8000-00000000000B'],
    mayEnable: false,
    maxResetsPerHour: 1,
  });
  const [caller] =
    configOf(withCallers([everything], { ONE: 'sixteen-bytes-16', TWO: 'seventeen-bytes-17' }))
      .callers ?? [];
  expect(caller).toMatchObject({
    name: 'zendesk',
    keyHashes: [Buffer.from(keyHash, 'hex'), Buffer.alloc(32, 0xbb)],
    appIds: ['22222222-0000-4000-8000-00000000000a'],
    signature: { profile: 'zendesk', toleranceSeconds: 60 },
    password: 'return',
    domains: ['contoso.com', 'fabrikam.com'],
    groups: ['33333333-0000-4000-8000-00000000000b'],
    mayEnable: false,
    maxResetsPerHour: 1,
  });
  expect(caller?.signature?.secrets.map(reveal)).toEqual([
    'sixteen-bytes-16',
    'seventeen-bytes-17',
  ]);
});

test.each([
  ['zendesk', 300],
  ['glpi', 86_400],
  ['hub-sha256', 300],
])('%s: tolerance of %i seconds when none is said', (profile, toleranceSeconds) => {
  const signing = entry({ signature: { profile, secrets: ['ONE'] } });
  expect(configOf(withCallers([signing], { ONE: 'sixteen-bytes-16' })).callers).toMatchObject([
    { signature: { profile, toleranceSeconds } },
  ]);
});

test('several entries of the Entra door, none of them with a key', () => {
  const flows = ['1', '2', '3'].map((digit) => ({
    name: `flows-${digit}`,
    entra: { appIds: [`${guid.slice(0, -1)}${digit}`] },
    password: 'return',
  }));
  expect(configOf(withCallers(flows)).callers).toHaveLength(3);
});

test('an entry of the Entra door needs no key', () => {
  const flows = { name: 'flows', entra: { appIds: [guid] }, password: 'return' };
  expect(configOf(withCallers([flows])).callers).toMatchObject([
    { keyHashes: [], appIds: ['22222222-0000-4000-8000-00000000000a'] },
  ]);
});

test.each<[string, object]>([
  ['no name', { name: undefined }],
  ['an empty name', { name: '' }],
  ['a capital in the name', { name: 'Zendesk' }],
  ['an underscore in the name', { name: 'zen_desk' }],
  ['33 letters', { name: 'x'.repeat(33) }],
  ['a line break', { name: 'x\n' }],
  ['no password', { password: undefined }],
  ['another password', { password: 'email' }],
  ['neither key nor app', { key: undefined }],
  ['no keys', { key: [] }],
  ['three keys', { key: ['a'.repeat(64), 'b'.repeat(64), 'c'.repeat(64)] }],
  ['a key that is no hash', { key: ['my-function-key'] }],
  ['a hash too short', { key: ['a'.repeat(63)] }],
  ['a hash that is no hex', { key: ['g'.repeat(64)] }],
  ['a key without a list', { key: keyHash }],
  ['no app ids', { entra: { appIds: [] } }],
  ['an app id that is no GUID', { entra: { appIds: ['flows'] } }],
  ['an unknown member of entra', { entra: { appIds: [guid], tenant: 'x' } }],
  ['an unknown profile', { signature: { profile: 'github', secrets: ['ONE'] } }],
  ['a signature without secrets', { signature: { profile: 'glpi' } }],
  ['no secrets', { signature: { profile: 'glpi', secrets: [] } }],
  ['three secrets', { signature: { profile: 'glpi', secrets: ['ONE', 'TWO', 'THREE'] } }],
  ['a secret that is no name', { signature: { profile: 'glpi', secrets: ['my secret'] } }],
  [
    'a tolerance of nothing',
    { signature: { profile: 'glpi', secrets: ['ONE'], toleranceSeconds: 0 } },
  ],
  [
    'a tolerance in parts',
    { signature: { profile: 'glpi', secrets: ['ONE'], toleranceSeconds: 1.5 } },
  ],
  ['no domains', { domains: [] }],
  ['a domain with @', { domains: ['@contoso.com'] }],
  ['a wildcard', { domains: ['*.contoso.com'] }],
  ['no groups', { groups: [] }],
  ['a group that is no id', { groups: ['helpdesk'] }],
  ['mayEnable in words', { mayEnable: 'no' }],
  ['maxResetsPerHour of 0', { maxResetsPerHour: 0 }],
  ['maxResetsPerHour of 1001', { maxResetsPerHour: 1001 }],
  ['maxResetsPerHour in parts', { maxResetsPerHour: 1.5 }],
  ['maxResetsPerHour in words', { maxResetsPerHour: '60' }],
  ['a member that nobody knows', { maxPerHour: 60 }],
])('a caller with %s', (_what, changes) => {
  const secrets = { ONE: 'sixteen-bytes-16', TWO: 'sixteen-bytes-16', THREE: 'sixteen-bytes-16' };
  expect(new Set(settingsOf(withCallers([entry(changes)], secrets)))).toEqual(new Set(['CALLERS']));
});

test.each([1, 1000])('maxResetsPerHour of %i', (maxResetsPerHour) => {
  expect(configOf(withCallers([entry({ maxResetsPerHour })])).callers).toMatchObject([
    { maxResetsPerHour },
  ]);
});

test('a mistake says in which entry it is, and what to type', () => {
  expect(
    mistakesOf(withCallers([entry(), entry({ name: 'X', password: 'no', key: ['f'.repeat(64)] })])),
  ).toEqual([
    {
      setting: 'CALLERS',
      detail:
        '/1/name must match pattern "^[a-z0-9-]{1,32}$". Run npm run caller -- add NAME, or unset ' +
        'CALLERS to let every key holder in.',
    },
    {
      setting: 'CALLERS',
      detail:
        '/1/password must be equal to one of the allowed values. Run npm run caller -- add NAME, or ' +
        'unset CALLERS to let every key holder in.',
    },
  ]);
  expect(mistakesOf({ CALLERS: '[]' })).toEqual([
    {
      setting: 'CALLERS',
      detail:
        'It must be a JSON array with at least one caller. Run npm run caller -- add NAME, or unset ' +
        'CALLERS to let every key holder in.',
    },
  ]);
});

test('entries that cannot be read are not compared with each other', () => {
  const details = mistakesOf(withCallers([{}, {}, 7])).map(({ detail }) => detail);
  expect(details.filter((detail) => !/^\/[012] must /.test(detail))).toEqual([]);
  expect(new Set(details.map((detail) => detail.slice(0, 2)))).toEqual(new Set(['/0', '/1', '/2']));
});

const hashes = ['a', 'b', 'c'].map((digit) => digit.repeat(64));

test.each<[string, readonly object[], string]>([
  [
    'the same name twice',
    [entry({ key: [hashes[0]] }), entry({ key: [hashes[1]] })],
    'Two entries have the same name. Give each caller a name of its own.',
  ],
  [
    'the same key in two entries',
    [entry({ name: 'a' }), entry({ name: 'b', key: [keyHash.toUpperCase()] })],
    'A key hash stands twice. Give each caller a function key of its own.',
  ],
  [
    'the same key in one entry',
    [entry({ key: [keyHash, keyHash] })],
    'A key hash stands twice. Give each caller a function key of its own.',
  ],
  [
    'the same app in two entries',
    [
      entry({ name: 'a', entra: { appIds: [guid] } }),
      entry({ name: 'b', key: [hashes[0]], entra: { appIds: [guid.toLowerCase()] } }),
    ],
    'An app id stands twice. Name each client id in one entry only.',
  ],
  [
    'a signature without a key',
    [
      {
        name: 'flows',
        entra: { appIds: [guid] },
        password: 'return',
        signature: { profile: 'glpi', secrets: ['ONE'] },
      },
    ],
    'flows: a signature needs a "key" too; the Entra door checks tokens only.',
  ],
])('between the entries: %s', (_what, entries, detail) => {
  expect(mistakesOf(withCallers(entries, { ONE: 'sixteen-bytes-16' }))).toEqual([
    { setting: 'CALLERS', detail },
  ]);
});

test.each<[string, string, string | undefined, string]>([
  ['glpi', 'missing', undefined, 'is not set or empty'],
  ['glpi', 'empty', '', 'is not set or empty'],
  ['glpi', 'short', 'fifteen-bytes-1', 'is shorter than 16 bytes'],
  [
    'glpi',
    'unresolved',
    '@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/x)',
    'is a Key Vault reference that was not resolved: check the vault, the secret and the identity’s role',
  ],
  ['standard-webhooks', 'no base64', 'sixteen-bytes-16', 'must be whsec_ followed by base64'],
])('a secret of %s that is %s', (profile, _what, value, reason) => {
  const signing = entry({ signature: { profile, secrets: ['ONE'] } });
  expect(mistakesOf(withCallers([signing], { ONE: value }))).toEqual([
    { setting: 'ONE', detail: `The signing secret of caller zendesk ${reason}.` },
  ]);
});

test('all mistakes of CALLERS at once: between entries and in secrets', () => {
  const entries = [
    entry({ signature: { profile: 'glpi', secrets: ['ONE', 'TWO'] } }),
    entry({ signature: { profile: 'zendesk', secrets: ['THREE'] } }),
  ];
  expect(settingsOf(withCallers(entries))).toEqual(['CALLERS', 'CALLERS', 'ONE', 'TWO', 'THREE']);
});

test('all mistakes of CALLERS at once: in the shape of one entry and in the secret of another', () => {
  const entries = [
    entry({ signature: { profile: 'glpi', secrets: ['ONE'] } }),
    entry({ name: 'X', key: [hashes[0]] }),
  ];
  expect(new Set(settingsOf(withCallers(entries)))).toEqual(new Set(['CALLERS', 'ONE']));
});

test('all mistakes of CALLERS at once: what is told of an entry that is wrong elsewhere', () => {
  const signature = { profile: 'zendesk', secrets: ['ONE', 'sk live/not-a-name=='] };
  const details = mistakesOf(
    withCallers([
      entry({ name: 'two words', signature, password: 'no' }),
      entry({ password: 'no', entra: { appIds: [guid] } }),
      entry({ password: 'no', entra: { appIds: [guid, 7] } }),
    ]),
  ).filter(({ detail }) => !/^\/\d/.test(detail));
  expect(details).toEqual([
    {
      setting: 'CALLERS',
      detail: 'Two entries have the same name. Give each caller a name of its own.',
    },
    {
      setting: 'CALLERS',
      detail: 'A key hash stands twice. Give each caller a function key of its own.',
    },
    {
      setting: 'CALLERS',
      detail: 'An app id stands twice. Name each client id in one entry only.',
    },
    { setting: 'ONE', detail: 'The signing secret of caller /0 is not set or empty.' },
  ]);
  expect(JSON.stringify(details)).not.toMatch(/sk live|two words/);
});

test.each(['constructor', 'toString', '__proto__'])(
  'a secret setting called %s is missing like any other',
  (name) => {
    const signing = entry({ signature: { profile: 'glpi', secrets: [name] } });
    expect(settingsOf(withCallers([signing]))).toEqual([name]);
  },
);
