// The Bicep files: they compile without a word, and what they would make is asserted value by value.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { bicep, findBicep, parameterFiles } from '../../infra/azure/bicep.ts';
import {
  foretell,
  namesIn,
  ofType,
  type Resource,
  settingsOf,
  subscriptionId,
  tenantId,
  theOnly,
} from './deployment.ts';

const signing = `param callers = [
  {
    name: 'zendesk'
    key: ['0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef']
    signature: { profile: 'zendesk', secrets: ['ZENDESK_SECRET', 'ZENDESK_SECRET_2'], toleranceSeconds: 300 }
    password: 'withhold'
    domains: ['contoso.com']
    mayEnable: false
    maxResetsPerHour: 60
  }
  { name: 'helpdesk-flows', entra: { appIds: ['11111111-2222-3333-4444-555555555555'] }, password: 'return' }
]`;
const nobody = 'param callers = []';
const deadlineMs = 360_000; // the first compiler of a machine has to be fetched

let standard: readonly Resource[];
let small: readonly Resource[];
let lockedDown: readonly Resource[];

beforeAll(async () => {
  await findBicep();
  standard = await foretell('standard', nobody);
  small = await foretell('small', signing, {
    ENTRA_AUDIENCE: '99999999-8888-7777-6666-555555555555',
    PROTECTED_GROUP_IDS:
      'aaaaaaaa-0000-0000-0000-000000000001,aaaaaaaa-0000-0000-0000-000000000002',
  });
  lockedDown = await foretell('locked-down', signing, { ALERT_EMAILS: 'soc@contoso.com' });
}, deadlineMs);

test(
  'three sizes compile without a warning, each with the callers of callers.json',
  async () => {
    const files = parameterFiles();
    expect(files.map((file) => path.basename(file))).toEqual([
      'locked-down.bicepparam',
      'small.bicepparam',
      'standard.bicepparam',
    ]);
    const callers: unknown = JSON.parse(readFileSync('infra/azure/callers.json', 'utf8'));
    expect(Array.isArray(callers)).toBe(true);
    for (const file of files) {
      const { text, complaints } = await bicep(['build-params', file, '--stdout']);
      expect(complaints).toBe('');
      const { parameters } = JSON.parse(JSON.parse(text).parametersJson);
      expect(parameters.callers.value).toEqual(callers);
    }
  },
  deadlineMs,
);

test('storage has no shared key, no public blob, no old TLS', () => {
  const account = theOnly(standard, 'Microsoft.Storage/storageAccounts');
  expect(account.properties).toEqual({
    allowSharedKeyAccess: false,
    allowBlobPublicAccess: false,
    allowCrossTenantReplication: false,
    defaultToOAuthAuthentication: true,
    isLocalUserEnabled: false,
    minimumTlsVersion: 'TLS1_2',
    supportsHttpsTrafficOnly: true,
    publicNetworkAccess: 'Enabled',
    networkAcls: { defaultAction: 'Allow', bypass: 'None' },
  });
  const container = theOnly(standard, 'Microsoft.Storage/storageAccounts/blobServices/containers');
  expect(container.name).toMatch(/\/default\/app-package$/);
  expect(container.properties).toEqual({ publicAccess: 'None' });
});

test('the identity gets four Azure roles and not one more', () => {
  expect(rolesIn(standard)).toEqual([
    'Microsoft.Insights/components 3913510d-42f4-4e42-8a64-420c390055eb',
    'Microsoft.Storage/storageAccounts 0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3',
    'Microsoft.Storage/storageAccounts 974c5e8b-45b9-4653-ba55-5f855dd0fb88',
    'Microsoft.Storage/storageAccounts b7e6dc6d-f1e8-4753-8033-0f276bb0955b',
  ]);
});

test('a fifth, to read secrets of the vault, comes only with a caller that signs', () => {
  const withVault = [
    'Microsoft.Insights/components 3913510d-42f4-4e42-8a64-420c390055eb',
    'Microsoft.KeyVault/vaults 4633458b-17de-408a-b874-0445c86b69e6',
    'Microsoft.Storage/storageAccounts 0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3',
    'Microsoft.Storage/storageAccounts 974c5e8b-45b9-4653-ba55-5f855dd0fb88',
    'Microsoft.Storage/storageAccounts b7e6dc6d-f1e8-4753-8033-0f276bb0955b',
  ];
  expect(rolesIn(small)).toEqual(withVault);
  expect(rolesIn(lockedDown)).toEqual(withVault);
  expect(ofType(standard, 'Microsoft.KeyVault/vaults')).toEqual([]);
});

test('all roles go to the one identity, which is the only one', () => {
  for (const resources of [standard, small, lockedDown]) {
    expect(ofType(resources, 'Microsoft.ManagedIdentity/userAssignedIdentities')).toHaveLength(1);
    for (const { properties } of ofType(resources, 'Microsoft.Authorization/roleAssignments')) {
      expect(properties['principalId']).toMatch(/'identity-.*outputs\.principalId\.value\]$/);
      expect(properties['principalType']).toBe('ServicePrincipal');
    }
  }
});

test('the app runs Node 24 on Flex Consumption, one instance always ready', () => {
  expect(theOnly(standard, 'Microsoft.Web/serverfarms')).toMatchObject({
    sku: { tier: 'FlexConsumption', name: 'FC1' },
    properties: { reserved: true, zoneRedundant: false },
  });
  expect(functionAppConfig(standard)).toMatchObject({
    runtime: { name: 'node', version: '24' },
    scaleAndConcurrency: {
      instanceMemoryMB: 2048,
      maximumInstanceCount: 40,
      alwaysReady: [{ name: 'http', instanceCount: 1 }],
      triggers: { http: { perInstanceConcurrency: 16 } },
    },
    deployment: {
      storage: { type: 'blobContainer', authentication: { type: 'UserAssignedIdentity' } },
    },
  });
});

test('the small size scales to zero', () => {
  expect(functionAppConfig(small)).toMatchObject({
    scaleAndConcurrency: {
      instanceMemoryMB: 512,
      alwaysReady: [],
      triggers: { http: { perInstanceConcurrency: 4 } },
    },
  });
});

test('nothing that Flex Consumption forbids is set', () => {
  const forbiddenSettings =
    /^(FUNCTIONS_WORKER_RUNTIME|FUNCTIONS_EXTENSION_VERSION|FUNCTIONS_WORKER_PROCESS_COUNT|WEBSITE_NODE_DEFAULT_VERSION|WEBSITE_RUN_FROM_PACKAGE|WEBSITE_CONTENT.*|SCM_DO_BUILD_DURING_DEPLOYMENT|ENABLE_ORYX_BUILD|WEBSITE_VNET_ROUTE_ALL)$/;
  const forbiddenProperties =
    /^(linuxFxVersion|alwaysOn|ftpsState|use32BitWorkerProcess|functionAppScaleLimit|preWarmedInstanceCount|appSettings)$/;
  for (const resources of [standard, small, lockedDown]) {
    const settings = Object.keys(settingsOf(resources));
    expect(settings.length).toBeGreaterThan(8);
    expect(settings.filter((name) => forbiddenSettings.test(name))).toEqual([]);
    const names = namesIn(ofType(resources, 'Microsoft.Web/sites'));
    expect(names).toContain('siteConfig');
    expect(names.filter((name) => forbiddenProperties.test(name))).toEqual([]);
  }
});

test('the app is shut: admin isolation, HTTPS, TLS 1.2, no password deployment, no Easy Auth', () => {
  for (const resources of [standard, small, lockedDown]) {
    expect(theOnly(resources, 'Microsoft.Web/sites').properties).toMatchObject({
      functionsRuntimeAdminIsolationEnabled: true,
      httpsOnly: true,
      siteConfig: { minTlsVersion: '1.2', scmMinTlsVersion: '1.2' },
    });
    const policies = ofType(resources, 'Microsoft.Web/sites/basicPublishingCredentialsPolicies');
    expect(policies.map(({ name, properties }) => [name.split('/').at(-1), properties])).toEqual([
      ['ftp', { allow: false }],
      ['scm', { allow: false }],
    ]);
    const easyAuth = resources.filter(({ name }) => name.endsWith('/authsettingsV2'));
    expect(easyAuth.map(({ properties }) => properties)).toEqual([
      { platform: { enabled: false } },
    ]);
  }
});

test(
  'without a range everybody may knock; with ranges nobody else may call or deploy',
  async () => {
    expect(theOnly(standard, 'Microsoft.Web/sites').properties).toMatchObject({
      siteConfig: {
        ipSecurityRestrictionsDefaultAction: 'Allow',
        ipSecurityRestrictions: [],
        scmIpSecurityRestrictionsUseMain: false,
      },
    });
    const ranges = { ALLOWED_IP_RANGES: '198.51.100.0/24,192.0.2.7/32' };
    const restricted = await foretell('locked-down', nobody, ranges);
    expect(theOnly(restricted, 'Microsoft.Web/sites').properties).toMatchObject({
      siteConfig: {
        ipSecurityRestrictionsDefaultAction: 'Deny',
        ipSecurityRestrictions: [
          { name: 'allowed-0', ipAddress: '198.51.100.0/24', action: 'Allow', priority: 100 },
          { name: 'allowed-1', ipAddress: '192.0.2.7/32', action: 'Allow', priority: 101 },
        ],
        scmIpSecurityRestrictionsUseMain: true,
      },
    });
  },
  deadlineMs,
);

test('the locked-down size stays shut until it is told who may come', () => {
  expect(theOnly(lockedDown, 'Microsoft.Web/sites').properties).toMatchObject({
    siteConfig: {
      ipSecurityRestrictionsDefaultAction: 'Deny',
      ipSecurityRestrictions: [{ ipAddress: '203.0.113.0/24', action: 'Allow' }],
    },
  });
});

test('the locked-down size reaches storage and vault through private endpoints only', () => {
  expect(theOnly(lockedDown, 'Microsoft.Storage/storageAccounts').properties).toMatchObject({
    publicNetworkAccess: 'Disabled',
    networkAcls: { defaultAction: 'Deny', bypass: 'None' },
  });
  expect(theOnly(lockedDown, 'Microsoft.KeyVault/vaults').properties).toMatchObject({
    publicNetworkAccess: 'Disabled',
    networkAcls: { defaultAction: 'Deny', bypass: 'None' },
  });
  const endpoints = ofType(lockedDown, 'Microsoft.Network/privateEndpoints');
  expect(endpoints.map(({ name }) => name.split('-')[1])).toEqual([
    'blob',
    'queue',
    'table',
    'vault',
  ]);
  expect(ofType(lockedDown, 'Microsoft.Network/privateDnsZones')).toHaveLength(4);
  expect(ofType(lockedDown, 'Microsoft.Network/privateDnsZones/virtualNetworkLinks')).toHaveLength(
    4,
  );
  expect(
    ofType(lockedDown, 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups'),
  ).toHaveLength(4);
});

test('its app lives in a subnet for Flex with one way out', () => {
  const subnets = ofType(lockedDown, 'Microsoft.Network/virtualNetworks/subnets');
  expect(subnets.map(({ name }) => name.split('/').at(-1))).toEqual(['app', 'endpoints']);
  const [app] = subnets;
  expect(app?.properties).toMatchObject({
    addressPrefix: '10.20.0.0/26',
    defaultOutboundAccess: false,
    delegations: [{ properties: { serviceName: 'Microsoft.App/environments' } }],
  });
  expect(app?.properties['natGateway']).toEqual({
    id: theOnly(lockedDown, 'Microsoft.Network/natGateways').id,
  });
  const site = theOnly(lockedDown, 'Microsoft.Web/sites');
  expect(site.properties['virtualNetworkSubnetId']).toBe(app?.id);
  expect(theOnly(standard, 'Microsoft.Web/sites').properties['virtualNetworkSubnetId']).toBeNull();
  expect(ofType(standard, 'Microsoft.Network/virtualNetworks')).toEqual([]);
});

test('logs are kept 90 days, and Entra tokens are the only way to write or read them', () => {
  expect(theOnly(standard, 'Microsoft.OperationalInsights/workspaces').properties).toMatchObject({
    retentionInDays: 90,
    features: { disableLocalAuth: true },
  });
  expect(theOnly(standard, 'Microsoft.Insights/components').properties).toMatchObject({
    DisableLocalAuth: true,
  });
});

test('host, ledger tables and vault write their logs to the workspace', () => {
  const logged = (resources: readonly Resource[]) =>
    ofType(resources, 'Microsoft.Insights/diagnosticSettings')
      .flatMap(({ properties }) => namesOfCategories(properties['logs']))
      .sort();
  expect(logged(standard)).toEqual(['FunctionAppLogs', 'StorageDelete', 'StorageWrite']);
  expect(logged(small)).toEqual(['AuditEvent', 'FunctionAppLogs', 'StorageDelete', 'StorageWrite']);
});

test('CALLERS is not set at all while there is no caller', () => {
  expect(Object.keys(settingsOf(standard)).sort()).toEqual([
    'APPLICATIONINSIGHTS_AUTHENTICATION_STRING',
    'APPLICATIONINSIGHTS_CONNECTION_STRING',
    'AUDIT_RETENTION_DAYS',
    'AZURE_CLIENT_ID',
    'AzureWebJobsDisableHomepage',
    'AzureWebJobsStorage__blobServiceUri',
    'AzureWebJobsStorage__clientId',
    'AzureWebJobsStorage__credential',
    'AzureWebJobsStorage__queueServiceUri',
    'AzureWebJobsStorage__tableServiceUri',
    'COOLDOWN_SECONDS',
  ]);
});

test('callers, groups and the Entra door become settings when they are given', () => {
  const settings = settingsOf(small);
  expect(JSON.parse(String(settings['CALLERS']))).toEqual([
    {
      name: 'zendesk',
      key: ['0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'],
      signature: {
        profile: 'zendesk',
        secrets: ['ZENDESK_SECRET', 'ZENDESK_SECRET_2'],
        toleranceSeconds: 300,
      },
      password: 'withhold',
      domains: ['contoso.com'],
      mayEnable: false,
      maxResetsPerHour: 60,
    },
    {
      name: 'helpdesk-flows',
      entra: { appIds: ['11111111-2222-3333-4444-555555555555'] },
      password: 'return',
    },
  ]);
  expect(settings).toMatchObject({
    PROTECTED_GROUP_IDS:
      'aaaaaaaa-0000-0000-0000-000000000001,aaaaaaaa-0000-0000-0000-000000000002',
    ENTRA_AUDIENCE: '99999999-8888-7777-6666-555555555555',
    ENTRA_TENANT_ID: tenantId,
    COOLDOWN_SECONDS: '120',
    AUDIT_RETENTION_DAYS: '365',
  });
});

test('signing secrets are Key Vault references that the identity resolves', () => {
  const vault = theOnly(small, 'Microsoft.KeyVault/vaults').name;
  expect(settingsOf(small)).toMatchObject({
    ZENDESK_SECRET: `@Microsoft.KeyVault(VaultName=${vault};SecretName=zendesk-secret)`,
    ZENDESK_SECRET_2: `@Microsoft.KeyVault(VaultName=${vault};SecretName=zendesk-secret-2)`,
  });
  const site = theOnly(small, 'Microsoft.Web/sites');
  expect(site.properties['keyVaultReferenceIdentity']).toMatch(/'identity-.*outputs\.id\.value\]$/);
  expect(theOnly(small, 'Microsoft.KeyVault/vaults').properties).toMatchObject({
    enableRbacAuthorization: true,
    enablePurgeProtection: true,
  });
});

test.each([
  ['a misspelt member', `{ name: 'x', key: ['ab'], pasword: 'return', password: 'return' }`],
  ['no "password"', `{ name: 'x', key: ['ab'] }`],
  [
    'another profile',
    `{ name: 'x', key: ['ab'], password: 'return', signature: { profile: 'svix', secrets: ['A'] } }`,
  ],
])(
  'a caller with %s does not get as far as Azure',
  async (_, entry) => {
    await expect(foretell('small', `param callers = [${entry}]`)).rejects.toThrow(/Error BCP\d+/);
  },
  deadlineMs,
);

test('four alerts ask the workspace; with an address somebody is told', () => {
  const rules = ofType(lockedDown, 'Microsoft.Insights/scheduledQueryRules');
  expect(rules.map(({ name }) => name.replace(/-reset-[a-z0-9]+$/, ''))).toEqual([
    'unknown-outcome',
    'burst-of-resets',
    'denied-rights',
    'not-ready',
  ]);
  const group = theOnly(lockedDown, 'Microsoft.Insights/actionGroups');
  for (const { properties } of rules) {
    expect(properties['actions']).toEqual({ actionGroups: [group.id] });
    expect(properties['enabled']).toBe(true);
  }
  expect(group.properties['emailReceivers']).toEqual([
    { name: 'soc@contoso.com', emailAddress: 'soc@contoso.com', useCommonAlertSchema: true },
  ]);
  expect(ofType(standard, 'Microsoft.Insights/actionGroups')).toEqual([]);
  expect(ofType(standard, 'Microsoft.Insights/scheduledQueryRules')).toHaveLength(4);
});

test('no value of the template is a secret', () => {
  const text = JSON.stringify([standard, small, lockedDown]);
  expect(text).not.toMatch(
    /listKeys|listSecrets|AccountKey=|SharedAccessSignature|InstrumentationKey=/i,
  );
});

function functionAppConfig(resources: readonly Resource[]): unknown {
  return theOnly(resources, 'Microsoft.Web/sites').properties['functionAppConfig'];
}

function rolesIn(resources: readonly Resource[]): readonly string[] {
  return ofType(resources, 'Microsoft.Authorization/roleAssignments')
    .map(({ id, properties }) => {
      const scope = /resourceGroups\/rg-reset\/providers\/(Microsoft\.\w+\/\w+)\/[\w-]+'/.exec(id);
      const role = String(properties['roleDefinitionId']).split('/roleDefinitions/');
      expect(role[0]).toBe(`/subscriptions/${subscriptionId}/providers/Microsoft.Authorization`);
      return `${scope?.[1]} ${role[1]}`;
    })
    .sort();
}

function namesOfCategories(logs: unknown): readonly string[] {
  if (!Array.isArray(logs)) return [];
  return logs.filter(({ enabled }) => enabled === true).map(({ category }) => String(category));
}
