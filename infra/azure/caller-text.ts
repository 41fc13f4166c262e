// What `npm run caller` says: the help, what an entry means, the list, and the one place where a key is
// shown. Text only.

import type { Entry } from './callers-file.ts';
import { table } from './terminal.ts';

export const usage = `npm run caller -- add NAME [options]
npm run caller -- rotate NAME             a second key beside the first; both are good
npm run caller -- rotate NAME --finish    drops the older one
npm run caller -- remove NAME
npm run caller -- list

Makes a function key through the Azure CLI, shows it once, and keeps the hash in
infra/azure/callers.json. Takes effect at the next provision: azd provision

  --app NAME              the function app; without it the one that azd deployed from here
  --resource-group GROUP  looked up without it

Of a new caller; ticketing systems keep what they are told, so the careful values are the defaults:
  --withhold              (default) the password is set and not told; a reset through a caller with
                          --return hands it over
  --return                the answer carries the password
  --may-enable            disabled accounts may be enabled (default: they stay disabled)
  --domains a.com,b.com   users of these domains only
  --groups ID,ID          users in one of these groups only (object ids)
  --limit N               requests an hour, 1 to 1000 (default 500)
  --signature PROFILE:SETTING
                          requests must be signed; SETTING names the setting with the secret,
                          such as zendesk:ZENDESK_SECRET. Profiles: standard-webhooks, zendesk,
                          glpi, hub-sha256, hub-sha1
  --entra-app CLIENT_ID   comes with an Entra token instead of a key; repeatable

Of remove:
  --open-to-every-key     remove the last caller: then every function key may reset passwords`;

const passwordText = {
  withhold: 'withheld: set, not told (--return tells it)',
  return: 'returned in the answer, so it stays wherever the caller keeps answers',
} as const;

/** Said when a caller was added. */
export function whatItMeans(entry: Entry, isFirst: boolean): readonly string[] {
  const { signature, entra } = entry;
  return [
    `${entry.name} is in infra/azure/callers.json, and a caller after the next provision: azd provision`,
    ...table([
      ['password', passwordText[entry.password]],
      [
        'disabled accounts',
        entry.mayEnable
          ? 'are enabled with the reset'
          : 'stay disabled (--may-enable enables them)',
      ],
      ['limits', limitsOf(entry)],
    ]).map((line) => `  ${line}`),
    ...(signature?.secrets ?? []).map(
      (setting) =>
        `After that, put the signing secret into the vault as ${setting.toLowerCase().replaceAll('_', '-')} (infra/azure/OPERATIONS.md).`,
    ),
    ...(entra?.appIds ?? []).map(
      (id) => `It needs the app role too: npm run grant -- --app NAME --allow-caller ${id}`,
    ),
    ...(isFirst
      ? ['It is the first caller: after the next provision every other function key is refused.']
      : []),
  ];
}

/** The key, once, as a line to copy; the curl line names it. */
export function curlLines(url: string, key: string, windows: boolean): readonly string[] {
  const body = '{"UserName":"adele.vance@contoso.com","DryRun":true}';
  const reset = `${url}/api/user/security/reset-password`;
  return windows
    ? [
        'The key, shown this once (PowerShell):',
        `  $KEY='${key}'`,
        'A rehearsal after the provision; it changes nothing:',
        `  Invoke-RestMethod ${reset} -Method Post -Headers @{'x-functions-key'=$KEY} -ContentType application/json -Body '${body}'`,
      ]
    : [
        'The key, shown this once:',
        `  KEY='${key}'`,
        'A rehearsal after the provision; it changes nothing:',
        `  curl ${reset} -H "x-functions-key: $KEY" -H "Content-Type: application/json" -d '${body}'`,
      ];
}

export function callerList(entries: readonly Entry[]): readonly string[] {
  if (entries.length === 0) {
    return [
      'No caller: CALLERS is not set, and every holder of a function key may reset passwords.',
    ];
  }
  const rows = entries.map((entry) => [
    entry.name,
    credentialOf(entry),
    entry.password,
    (entry.mayEnable ?? true) ? 'may enable' : '-',
    limitsOf(entry),
  ]);
  return table([['NAME', 'COMES WITH', 'PASSWORD', 'ENABLE', 'LIMITS'], ...rows], [32, 26]);
}

function credentialOf({ key = [], signature, entra }: Entry): string {
  const parts = [
    ...(key.length === 1 ? ['a key'] : []),
    ...(key.length > 1 ? ['two keys, rotating'] : []),
    ...(signature === undefined ? [] : [`signature ${signature.profile}`]),
    ...(entra === undefined ? [] : [`Entra ${entra.appIds.join(' ')}`]),
  ];
  return parts.join(', ');
}

function limitsOf({ domains, groups, maxResetsPerHour }: Entry): string {
  return [
    ...(domains === undefined ? [] : [`domains ${domains.join(' ')}`]),
    ...(groups === undefined ? [] : [`groups ${groups.join(' ')}`]),
    `${maxResetsPerHour ?? 500} an hour`,
  ].join(', ');
}
