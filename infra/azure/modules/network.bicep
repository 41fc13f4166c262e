// The private network: the app's subnet, private endpoints with their names in DNS, and one fixed address
// for outgoing calls (Graph is public; a subnet of its own has no way out otherwise). Opens no way in.

param name string
param location string
param tags object
param networkName string
param appSubnetName string
param addressPrefix string
param storageName string
@description('Empty = there is no vault.')
param vaultName string

var storageSuffix = environment().suffixes.storage
var storageServices = ['blob', 'queue', 'table']
var endpoints = concat(
  map(storageServices, service => {
    group: service
    target: resourceId('Microsoft.Storage/storageAccounts', storageName)
    zone: 'privatelink.${service}.${storageSuffix}'
  }),
  // environment().suffixes.keyvaultDns is ".vault.azure.net"; the private zone is spelt "vaultcore".
  empty(vaultName)
    ? []
    : [
        {
          group: 'vault'
          target: resourceId('Microsoft.KeyVault/vaults', vaultName)
          zone: replace('privatelink${environment().suffixes.keyvaultDns}', '.vault.', '.vaultcore.')
        }
      ]
)

resource address 'Microsoft.Network/publicIPAddresses@2026-03-01' = {
  name: 'pip-${name}'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIPAllocationMethod: 'Static' }
}

resource exit 'Microsoft.Network/natGateways@2026-03-01' = {
  name: 'nat-${name}'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIpAddresses: [{ id: address.id }] }
}

resource vnet 'Microsoft.Network/virtualNetworks@2026-03-01' = {
  name: networkName
  location: location
  tags: tags
  properties: { addressSpace: { addressPrefixes: [addressPrefix] } }

  resource app 'subnets' = {
    name: appSubnetName
    properties: {
      addressPrefix: cidrSubnet(addressPrefix, 26, 0)
      defaultOutboundAccess: false
      natGateway: { id: exit.id }
      // Flex Consumption asks for this delegation; the subscription must know the provider Microsoft.App.
      delegations: [{ name: 'flex', properties: { serviceName: 'Microsoft.App/environments' } }]
    }
  }

  resource endpoints 'subnets' = {
    name: 'endpoints'
    dependsOn: [app] // one change of a network at a time
    properties: { addressPrefix: cidrSubnet(addressPrefix, 26, 1), defaultOutboundAccess: false }
  }
}

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for endpoint in endpoints: {
    name: endpoint.zone
    location: 'global'
    tags: tags
  }
]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (endpoint, i) in endpoints: {
    parent: zones[i]
    name: 'vnet'
    location: 'global'
    tags: tags
    properties: { registrationEnabled: false, virtualNetwork: { id: vnet.id } }
  }
]

resource privateEndpoints 'Microsoft.Network/privateEndpoints@2026-03-01' = [
  for endpoint in endpoints: {
    name: 'pe-${endpoint.group}-${name}'
    location: location
    tags: tags
    properties: {
      subnet: { id: vnet::endpoints.id }
      privateLinkServiceConnections: [
        {
          name: endpoint.group
          properties: { privateLinkServiceId: endpoint.target, groupIds: [endpoint.group] }
        }
      ]
    }
  }
]

resource names 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2026-03-01' = [
  for (endpoint, i) in endpoints: {
    parent: privateEndpoints[i]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [{ name: endpoint.group, properties: { privateDnsZoneId: zones[i].id } }]
    }
  }
]
