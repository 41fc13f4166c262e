// The one identity of the app: user-assigned, so that rights granted once survive a new app. Holds no
// right by itself; Azure roles are given beside each resource, Entra rights by `npm run grant`.

param name string
param location string
param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

output id string = identity.id
output name string = identity.name
output principalId string = identity.properties.principalId
