// A help desk that resets a few times a day. Scales to zero: the first call after a pause is a cold
// start, which callers with a timeout of some seconds may not survive.
using 'main.bicep'
extends 'tenant.bicepparam'

param alwaysReadyInstances = 0
param instanceMemoryMB = 512
param httpPerInstanceConcurrency = 4
