// What one entry of callers.json may be: the CALLERS setting's shape, so that a misspelt name or a
// missing "password" stops the deployment and not the app. Holds no caller.

@export()
@sealed()
@description('One caller of the endpoint; the app checks the same rules and more at start-up.')
type Caller = {
  @minLength(1)
  @maxLength(32)
  name: string

  @description('SHA-256 of the function key, hex; a second one while keys are rotated.')
  @minLength(1)
  @maxLength(2)
  key: string[]?

  signature: Signature?

  entra: EntraCaller?

  password: 'withhold' | 'return'

  @description('UPN suffixes this caller may name; absent = any.')
  @minLength(1)
  domains: string[]?

  @description('Object ids of groups the target must be in; absent = any.')
  @minLength(1)
  groups: string[]?

  mayEnable: bool?

  @minValue(1)
  @maxValue(1000)
  maxResetsPerHour: int?
}

@sealed()
type Signature = {
  profile: 'standard-webhooks' | 'zendesk' | 'glpi' | 'hub-sha256' | 'hub-sha1'

  @description('Names of app settings, never values. Each becomes a Key Vault reference.')
  @minLength(1)
  @maxLength(2)
  secrets: string[]

  @minValue(1)
  @maxValue(691200)
  toleranceSeconds: int?
}

@sealed()
type EntraCaller = {
  @minLength(1)
  appIds: string[]
}

@export()
@description('The names of all settings that hold a signing secret, each once.')
func signingSettings(callers Caller[]) string[] =>
  union(flatten(map(callers, caller => caller.?signature.?secrets ?? [])), [])
