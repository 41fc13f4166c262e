// Two zones, storage and vault without a public address, and only known networks may call or deploy.
using 'main.bicep'
extends 'tenant.bicepparam'

param alwaysReadyInstances = 2
param instanceMemoryMB = 2048
param httpPerInstanceConcurrency = 16
param zoneRedundant = true
param privateNetwork = true
// A range reserved for documentation: nobody gets in until ALLOWED_IP_RANGES names your networks.
param allowedIpRanges = empty(base.allowedIpRanges) ? ['203.0.113.0/24'] : base.allowedIpRanges
