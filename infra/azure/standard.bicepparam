// The default: one instance is always ready, so that ticketing systems with short timeouts are served.
using 'main.bicep'
extends 'tenant.bicepparam'

param alwaysReadyInstances = 1
param instanceMemoryMB = 2048
param httpPerInstanceConcurrency = 16
