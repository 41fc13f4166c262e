// Every app setting, in one place. They replace the whole set at each provision, so nothing typed in the
// portal survives: callers live in callers.json, secrets in the vault and here only as references.

import { Caller } from 'caller.bicep'

param appName string
param identityName string
param storageName string
param insightsName string
param callers Caller[]
param vaultName string
param secretSettings string[]
param protectedGroupIds string[]
param entraAudience string
param graphEndpoint string
param cooldownSeconds int
param auditRetentionDays int

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource storage 'Microsoft.Storage/storageAccounts@2026-09-01' existing = {
  name: storageName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

var clientId = identity.properties.clientId
var endpoints = storage.properties.primaryEndpoints

var host = {
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: clientId
  AzureWebJobsStorage__blobServiceUri: endpoints.blob
  AzureWebJobsStorage__queueServiceUri: endpoints.queue
  AzureWebJobsStorage__tableServiceUri: endpoints.table
  AzureWebJobsDisableHomepage: 'true'
  APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${clientId};Authorization=AAD'
}

// A setting that says nothing is left out: the app takes an empty CALLERS for a mistake.
var product = {
  AZURE_CLIENT_ID: clientId
  COOLDOWN_SECONDS: string(cooldownSeconds)
  AUDIT_RETENTION_DAYS: string(auditRetentionDays)
  ...(empty(callers) ? {} : { CALLERS: string(callers) })
  ...(empty(protectedGroupIds) ? {} : { PROTECTED_GROUP_IDS: join(protectedGroupIds, ',') })
  ...(empty(graphEndpoint) ? {} : { GRAPH_ENDPOINT: graphEndpoint })
  ...(empty(entraAudience)
    ? {}
    : {
        ENTRA_AUDIENCE: entraAudience
        ENTRA_TENANT_ID: tenant().tenantId
        ENTRA_AUTHORITY: environment().authentication.loginEndpoint
      })
}

// ZENDESK_SECRET reads the secret "zendesk-secret": names of secrets know no underscore.
var secrets = toObject(
  secretSettings,
  setting => setting,
  setting =>
    '@Microsoft.KeyVault(VaultName=${vaultName};SecretName=${toLower(replace(setting, '_', '-'))})'
)

resource settings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'appsettings'
  properties: { ...host, ...product, ...secrets }
}
