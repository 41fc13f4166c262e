// What is true of your tenant whatever the size. Each line reads an environment value, so that
// `azd env set NAME value` (or `export NAME=value` before plain az) is enough; or type the value here.
using none

// Who may call: edited by `npm run caller`, read anew at each provision.
param callers = loadJsonContent('callers.json')

param name = readEnvironmentVariable('APP_NAME', '')
param entraAudience = readEnvironmentVariable('ENTRA_AUDIENCE', '')

// Lists are separated by commas, without blanks.
param alertEmails = empty(readEnvironmentVariable('ALERT_EMAILS', ''))
  ? []
  : split(readEnvironmentVariable('ALERT_EMAILS', ''), ',')
param protectedGroupIds = empty(readEnvironmentVariable('PROTECTED_GROUP_IDS', ''))
  ? []
  : split(readEnvironmentVariable('PROTECTED_GROUP_IDS', ''), ',')
param allowedIpRanges = empty(readEnvironmentVariable('ALLOWED_IP_RANGES', ''))
  ? []
  : split(readEnvironmentVariable('ALLOWED_IP_RANGES', ''), ',')

// azd marks what it made with this tag.
param tags = empty(readEnvironmentVariable('AZURE_ENV_NAME', ''))
  ? {}
  : { 'azd-env-name': readEnvironmentVariable('AZURE_ENV_NAME', '') }
