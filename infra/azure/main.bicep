// The whole deployment of the password-reset endpoint into one resource group, one module a concern.
// Wires modules together and names things; what a resource must be is said in its module. Rights in
// Microsoft Entra cannot be said here: `npm run grant` gives them, between this and the first deploy.

targetScope = 'resourceGroup'

import { Caller, signingSettings } from 'modules/caller.bicep'

@description('Name of the function app and the first label of its URL, unique in the world. Empty: made from the resource group.')
@maxLength(40)
param name string = ''
param location string = resourceGroup().location
param tags object = {}

@description('Instances that wait for a request at all times. 0 = scale to zero: callers with a short timeout meet cold starts.')
@minValue(0)
param alwaysReadyInstances int = 1
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048
@description('Requests that one instance works on side by side; above it the platform adds an instance.')
@minValue(1)
@maxValue(1000)
param httpPerInstanceConcurrency int = 16
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40
@allowed(['22', '24'])
param nodeVersion string = '24'
@description('Spreads app and storage over zones; needs two always-ready instances and a region with zones.')
param zoneRedundant bool = false

@description('Storage and vault are reached through private endpoints only; outgoing calls leave through one fixed address.')
param privateNetwork bool = false
@description('IPv4 space of the private network; a /24 is enough.')
param addressPrefix string = '10.20.0.0/24'
@description('CIDR ranges that may call and deploy; empty = everybody who holds a credential.')
param allowedIpRanges string[] = []

@description('Who may call (callers.json). Empty: CALLERS is not set and every holder of a function key is served.')
param callers Caller[] = []
@description('Object ids of groups whose members are never reset.')
param protectedGroupIds string[] = []
@description('Client id of the app registration of the Entra door; empty = that door stays shut.')
param entraAudience string = ''
@description('Microsoft Graph of a national cloud (an https origin); empty = the global one.')
param graphEndpoint string = ''
@minValue(0)
@maxValue(3600)
param cooldownSeconds int = 120
@minValue(1)
@maxValue(3650)
param auditRetentionDays int = 365

@minValue(30)
@maxValue(730)
param logRetentionDays int = 90
@description('Who is told of an alert; empty = alerts show in the portal only.')
param alertEmails string[] = []
@description('Completed resets of one caller within 15 minutes that count as a burst.')
@minValue(1)
param burstThreshold int = 20

// Names, not outputs, are handed on where they decide what is made: only then can what-if foretell it.
var appName = empty(name) ? 'reset-${uniqueString(resourceGroup().id)}' : name
var token = uniqueString(resourceGroup().id, appName)
var storageName = 'st${token}'
var secretSettings = signingSettings(callers)
var vaultName = empty(secretSettings) ? '' : 'kv-${token}'
var networkName = 'vnet-${appName}'
var appSubnetName = 'app'

module identity 'modules/identity.bicep' = {
  params: { name: 'id-${appName}', location: location, tags: tags }
}

module telemetry 'modules/telemetry.bicep' = {
  params: {
    name: appName
    location: location
    tags: tags
    retentionDays: logRetentionDays
    principalId: identity.outputs.principalId
  }
}

module storage 'modules/storage.bicep' = {
  params: {
    name: storageName
    location: location
    tags: tags
    zoneRedundant: zoneRedundant
    publicAccess: !privateNetwork
    principalId: identity.outputs.principalId
    workspaceId: telemetry.outputs.workspaceId
  }
}

module vault 'modules/vault.bicep' = if (!empty(vaultName)) {
  params: {
    name: vaultName
    location: location
    tags: tags
    publicAccess: !privateNetwork
    principalId: identity.outputs.principalId
    workspaceId: telemetry.outputs.workspaceId
  }
}

module network 'modules/network.bicep' = if (privateNetwork) {
  params: {
    name: appName
    location: location
    tags: tags
    networkName: networkName
    appSubnetName: appSubnetName
    addressPrefix: addressPrefix
    storageName: storageName
    vaultName: vaultName
  }
  dependsOn: [storage, vault]
}

module app 'modules/app.bicep' = {
  params: {
    name: appName
    location: location
    tags: tags
    nodeVersion: nodeVersion
    alwaysReadyInstances: alwaysReadyInstances
    instanceMemoryMB: instanceMemoryMB
    httpPerInstanceConcurrency: httpPerInstanceConcurrency
    maximumInstanceCount: maximumInstanceCount
    zoneRedundant: zoneRedundant
    identityId: identity.outputs.id
    packageContainerUrl: storage.outputs.packageContainerUrl
    subnetId: privateNetwork
      ? resourceId('Microsoft.Network/virtualNetworks/subnets', networkName, appSubnetName)
      : ''
    allowedIpRanges: allowedIpRanges
    workspaceId: telemetry.outputs.workspaceId
  }
  dependsOn: [network]
}

module settings 'modules/settings.bicep' = {
  params: {
    appName: appName
    identityName: identity.outputs.name
    storageName: storageName
    insightsName: telemetry.outputs.insightsName
    callers: callers
    vaultName: vaultName
    secretSettings: secretSettings
    protectedGroupIds: protectedGroupIds
    entraAudience: entraAudience
    graphEndpoint: graphEndpoint
    cooldownSeconds: cooldownSeconds
    auditRetentionDays: auditRetentionDays
  }
  dependsOn: [app, vault]
}

module alerts 'modules/alerts.bicep' = {
  params: {
    name: appName
    location: location
    tags: tags
    workspaceId: telemetry.outputs.workspaceId
    emails: alertEmails
    burstThreshold: burstThreshold
  }
}

module workbook 'modules/workbook.bicep' = {
  params: { name: appName, location: location, tags: tags, workspaceId: telemetry.outputs.workspaceId }
}

// azd keeps these as environment values; the hooks and the plain `az` path read them.
output AZURE_FUNCTION_APP_NAME string = appName
output AZURE_FUNCTION_APP_URL string = app.outputs.url
output AZURE_RESOURCE_GROUP string = resourceGroup().name
output AZURE_IDENTITY_PRINCIPAL_ID string = identity.outputs.principalId
output AZURE_STORAGE_ACCOUNT_NAME string = storageName
output AZURE_KEY_VAULT_NAME string = vaultName
output CALLERS_CONFIGURED bool = !empty(callers)
