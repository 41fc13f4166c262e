// The settings, from both ends: what Bicep sets is what the app accepts, and the sample for a local host
// names every setting there is and holds no secret.

import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { readConfig } from '../../lib/config.ts';
import { foretell, settingsOf } from './deployment.ts';

const deadlineMs = 360_000; // the first compiler of a machine has to be fetched

/** Expressions that only Azure can work out, and what it would say. */
const fromAzure: Readonly<Record<string, string>> = {
  AZURE_CLIENT_ID: '12121212-3434-5656-7878-909090909090',
  AzureWebJobsStorage__tableServiceUri: 'https://stexample.table.core.windows.net/',
  ENTRA_AUTHORITY: 'https://login.microsoftonline.com/',
};

async function environment(parameters: string, env: Readonly<Record<string, string>>) {
  const settings = settingsOf(await foretell('small', parameters, env));
  const known = Object.keys(fromAzure).filter((name) => name in settings);
  for (const name of known) expect(settings[name]).toMatch(/^\[.*\]$/);
  return {
    ...Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)])),
    ...Object.fromEntries(known.map((name) => [name, fromAzure[name]])),
  };
}

test(
  'the app accepts what a bare deployment sets',
  async () => {
    const config = readConfig(await environment('param callers = []', {}));
    expect(config).toMatchObject({
      ok: true,
      value: {
        clientId: '12121212-3434-5656-7878-909090909090',
        callers: undefined,
        entra: undefined,
        cooldownSeconds: 120,
        auditRetentionDays: 365,
      },
    });
  },
  deadlineMs,
);

const full = `
param cooldownSeconds = 0
param auditRetentionDays = 3650
param graphEndpoint = 'https://graph.microsoft.us'
param callers = [
  {
    name: 'zendesk'
    key: ['0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef']
    signature: { profile: 'zendesk', secrets: ['ZENDESK_SECRET'] }
    password: 'withhold'
  }
]`;

test(
  'the app accepts what a full deployment sets, once the vault gives the secret',
  async () => {
    const env = await environment(full, {
      ENTRA_AUDIENCE: '99999999-8888-7777-6666-555555555555',
      PROTECTED_GROUP_IDS: 'aaaaaaaa-0000-0000-0000-000000000001',
    });
    expect(readConfig({ ...env, ZENDESK_SECRET: 'a secret of sixteen bytes' })).toMatchObject({
      ok: true,
      value: {
        graphOrigin: 'https://graph.microsoft.us',
        protectedGroupIds: ['aaaaaaaa-0000-0000-0000-000000000001'],
        cooldownSeconds: 0,
        auditRetentionDays: 3650,
        entra: {
          keysUrl:
            'https://login.microsoftonline.com/00000000-0000-0000-0000-000000000002/discovery/v2.0/keys',
        },
        callers: [{ name: 'zendesk', password: 'withhold' }],
      },
    });
    expect(readConfig(env)).toMatchObject({
      ok: false,
      failure: [{ setting: 'ZENDESK_SECRET' }],
    });
  },
  deadlineMs,
);

const sample = JSON.parse(readFileSync('local.settings.sample.json', 'utf8'));

test('the sample names every setting', () => {
  expect(Object.keys(sample.Values).sort()).toEqual([
    'AUDIT_RETENTION_DAYS',
    'AZURE_CLIENT_ID',
    'AzureWebJobsDisableHomepage',
    'AzureWebJobsStorage',
    'AzureWebJobsStorage__tableServiceUri',
    'CALLERS',
    'COOLDOWN_SECONDS',
    'ENTRA_AUDIENCE',
    'ENTRA_AUTHORITY',
    'ENTRA_TENANT_ID',
    'FUNCTIONS_WORKER_RUNTIME',
    'GRAPH_ENDPOINT',
    'LEDGER_TABLE_ENDPOINT',
    'PROTECTED_GROUP_IDS',
  ]);
});

test('the app accepts the sample as it is', () => {
  expect(readConfig(sample.Values)).toMatchObject({
    ok: true,
    value: { callers: [{ name: 'curl', password: 'return' }] },
  });
});

test('the sample holds no secret', () => {
  expect(JSON.stringify(sample)).not.toMatch(
    /AccountKey=|SharedAccessSignature|whsec_|"password":"(?!return|withhold)/i,
  );
});
