// What `npm start` prints: what runs where, whom one can try, and lines to copy. Text in, text out; it starts nothing.

import { styleText } from 'node:util';
import { initialPassword } from './tenant/entities.ts';
import { type Person, people } from './tenant/people.ts';

export interface Places {
  /** http://127.0.0.1:7071 */
  readonly url: string;
  readonly functionKey: string;
  readonly tenantOrigin: string;
  readonly tenantId: string;
  readonly control: string;
  readonly tableEndpoint: string;
  readonly tokenFile: string;
  readonly caFile: string;
  readonly cooldownSeconds: string;
  readonly notes: readonly string[];
}

const bold = (text: string): string => styleText('bold', text, { stream: process.stdout });
const dim = (text: string): string => styleText('dim', text, { stream: process.stdout });

const shown: readonly Person[] = [
  people.enabled,
  people.disabled,
  people.globalAdministrator,
  people.eligibleAdministrator,
  people.protectedMember,
  people.roleGroupOwner,
  people.synced,
  people.guest,
  people.federated,
  people.deleted,
];

export function greeting(places: Places): string {
  const reset = `${places.url}/api/user/security/reset-password`;
  const key = `-H x-functions-key:${places.functionKey}`;
  const json = '-H content-type:application/json';
  const body = (fields: object) => `-d '${JSON.stringify(fields)}'`;
  const adele = people.enabled.userPrincipalName;

  const blocks: readonly (readonly [title: string, ...lines: string[]])[] = [
    [
      'Reset a password, with a function key',
      `curl ${reset}`,
      `  ${key} ${json}`,
      `  ${body({ UserName: adele })}`,
    ],
    [
      'Sign in: the old password is refused (AADSTS50126), the new one must be changed (AADSTS50055)',
      `curl ${places.tenantOrigin}/${places.tenantId}/oauth2/v2.0/token`,
      `  --cacert ${places.caFile} -d grant_type=password`,
      `  -d username=${adele} -d password=${initialPassword}`,
    ],
    [
      'Only look: what would be done for a disabled user',
      `curl ${reset}`,
      `  ${key} ${json}`,
      `  ${body({ UserName: people.disabled.userPrincipalName, DryRun: true })}`,
    ],
    [
      'Refused: an administrator',
      `curl ${reset}`,
      `  ${key} ${json}`,
      `  ${body({ UserName: people.globalAdministrator.userPrincipalName })}`,
    ],
    [
      'The Entra door, with a token, as a person at a terminal',
      `curl ${places.url}/api/entra/user/security/reset-password`,
      `  -H "Authorization: Bearer $(cat ${places.tokenFile})" ${json}`,
      `  -H accept:text/plain ${body({ UserName: people.disabled.userPrincipalName })}`,
    ],
    ['Is everything there?', `curl ${places.url}/api/ready ${key}`],
  ];

  return [
    '',
    `${bold('Password reset is running on this machine')}  ${dim('Ctrl-C ends all of it')}`,
    '',
    table([
      ['endpoint', reset],
      [
        'tenant',
        `${places.tenantOrigin}  ${dim('Graph, identity and tokens; nothing leaves here')}`,
      ],
      ['ledger', `${places.tableEndpoint}  ${dim('in memory')}`],
      ['side door', `${places.control}/users  ${dim('all users, faults, what Graph was asked')}`],
    ]),
    ...places.notes.map((note) => `  ${note}`),
    '',
    `${bold('Users')}  ${dim(`everyone's password is ${initialPassword}`)}`,
    table(shown.map(({ userPrincipalName, shows }) => [userPrincipalName, shows])),
    ...blocks.flatMap(([title, ...lines]) => ['', bold(title), command(lines)]),
    '',
    dim(
      `The same user again within ${places.cooldownSeconds} s is refused; COOLDOWN_SECONDS=0 npm start lifts that.`,
    ),
    '',
  ].join('\n');
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([first]) => first.length));
  return rows.map(([first, second]) => `  ${first.padEnd(width)}  ${second}`).join('\n');
}

/** One command on several lines, as the shell of this system takes it. */
function command(lines: readonly string[]): string {
  const windows = process.platform === 'win32';
  const joined = lines.join(windows ? ' `\n  ' : ' \\\n  ');
  return `  ${windows ? joined.replace(/^curl /, 'curl.exe ') : joined}`;
}
