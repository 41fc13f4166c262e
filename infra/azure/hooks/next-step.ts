// azd, after the deployment: where the endpoint is, what to type next, and a loud word while every holder
// of a function key may reset passwords. Reads azd's environment; calls nothing.

type Environment = Readonly<Record<string, string | undefined>>;

/** The closing words of `azd up`. `windows` decides how the curl line is quoted. */
export function nextStep(env: Environment, windows: boolean): string {
  const app = env['AZURE_FUNCTION_APP_NAME'] ?? 'NAME';
  const url = env['AZURE_FUNCTION_APP_URL'] ?? `https://${app}.azurewebsites.net`;
  const group = env['AZURE_RESOURCE_GROUP'] ?? 'RESOURCE_GROUP';
  const body = '{"UserName":"adele.vance@contoso.com","DryRun":true}';
  const quoted = windows ? `"${body.replaceAll('"', '\\"')}"` : `'${body}'`;
  const callersSet = env['CALLERS_CONFIGURED']?.toLowerCase() === 'true';
  return [
    `The endpoint: ${url}/api/user/security/reset-password`,
    ...(callersSet ? [''] : [warning]),
    'Next:',
    callersSet
      ? '  npm run caller -- list      (for the rehearsal KEY is the key of one of them)'
      : '  npm run caller -- add NAME      (a key of its own for one caller), then: azd provision',
    '',
    'A key for the lines below:',
    `  az functionapp keys list -g ${group} -n ${app} --query functionKeys.default -o tsv`,
    'Is it ready? Rights that were given just now may need some minutes:',
    `  curl -H "x-functions-key: KEY" ${url}/api/ready`,
    'A rehearsal, for a user of yours; it changes nothing:',
    `  curl ${url}/api/user/security/reset-password -H "x-functions-key: KEY" -H "Content-Type: application/json" -d ${quoted}`,
    '',
  ].join('\n');
}

const warning = `
******************************************************************************
*  WARNING: no caller is configured (CALLERS is not set).                    *
*  Whoever holds ANY function key of this app can reset passwords and reads  *
*  them in the answer.                                                       *
******************************************************************************
`;

if (process.argv[1] === import.meta.filename) {
  console.log(nextStep(process.env, process.platform === 'win32'));
}
