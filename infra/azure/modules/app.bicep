// The Flex Consumption plan and the function app on it, shut as far as the platform allows: no admin
// endpoint from outside, no password deployment, no Easy Auth. Its settings are in settings.bicep.

param name string
param location string
param tags object
param nodeVersion string
param alwaysReadyInstances int
param instanceMemoryMB int
param httpPerInstanceConcurrency int
param maximumInstanceCount int
param zoneRedundant bool
param identityId string
param packageContainerUrl string
@description('Empty = no private network.')
param subnetId string
param allowedIpRanges string[]
param workspaceId string

var restricted = !empty(allowedIpRanges)

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { tier: 'FlexConsumption', name: 'FC1' }
  properties: { reserved: true, zoneRedundant: zoneRedundant }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'api' })
  kind: 'functionapp,linux'
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    publicNetworkAccess: 'Enabled'
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    #disable-next-line BCP037 // the compiler's types lack it; it keeps /admin and the master key inside the platform
    functionsRuntimeAdminIsolationEnabled: true
    functionAppConfig: {
      runtime: { name: 'node', version: nodeVersion }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageContainerUrl
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReadyInstances == 0
          ? []
          : [{ name: 'http', instanceCount: alwaysReadyInstances }]
        triggers: { http: { perInstanceConcurrency: httpPerInstanceConcurrency } }
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      http20Enabled: true
      ipSecurityRestrictionsDefaultAction: restricted ? 'Deny' : 'Allow'
      ipSecurityRestrictions: map(allowedIpRanges, (range, i) => {
        name: 'allowed-${i}'
        ipAddress: range
        action: 'Allow'
        priority: 100 + i
      })
      // Whoever may not call may not deploy either.
      scmIpSecurityRestrictionsUseMain: restricted
    }
  }

  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }

  // Easy Auth would turn away callers that bring only a key; the Entra door verifies tokens itself.
  resource easyAuth 'config' = {
    name: 'authsettingsV2'
    properties: { platform: { enabled: false } }
  }
}

resource hostLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: app
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'FunctionAppLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output url string = 'https://${app.properties.defaultHostName}'
