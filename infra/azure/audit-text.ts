// The trail as a table of 100 columns: a line for each row, and under an outcome, or an intent without
// one, what is known. Verified and claimed never share a line.

import { table } from './terminal.ts';
import type { TrailRow } from './trail.ts';

export function trailLines(rows: readonly TrailRow[]): readonly string[] {
  if (rows.length === 0) return ['Nothing.'];
  const settled = new Set(
    rows.filter(({ kind }) => kind === 'outcome').map(({ requestId }) => requestId),
  );
  const heads = table(
    [['TIME (UTC)', 'RESULT', 'CALLER', 'USER'], ...rows.map(head)],
    [19, 19, 20],
  );
  // Rows may take several lines: the table is set as a whole, then cut where a time begins.
  const blocks: string[][] = [];
  for (const line of heads) {
    if (line.startsWith(' ')) blocks.at(-1)?.push(line);
    else blocks.push([line]);
  }
  return blocks.flatMap((block, index) => {
    const row = rows[index - 1];
    const isOpen = row?.kind === 'intent' && !settled.has(row.requestId);
    if (row === undefined || (row.kind === 'intent' && !isOpen)) return block;
    return [...block, ...details(row, isOpen), ''];
  });
}

const head = ({
  at,
  code,
  caller,
  userName,
  askedUserName,
  userId,
}: TrailRow): readonly string[] => [
  String(at ?? '')
    .slice(0, 19)
    .replace('T', ' '),
  String(code ?? ''),
  String(caller ?? ''),
  String(userName ?? askedUserName ?? userId ?? ''),
];

function details(row: TrailRow, isOpen: boolean): readonly string[] {
  const lines: (readonly [string, string])[] = [
    ['asked', asked(row)],
    ['done', isOpen ? 'no outcome is recorded (yet)' : done(row)],
    ['verified', verified(row)],
    ['claimed', claimed(row)],
    ['ids', ids(row)],
  ];
  const said = lines.filter(([, text]) => text !== '');
  return table(said, [], 96).map((line) => `    ${line}`);
}

const listed = (parts: readonly (readonly [unknown, string])[]): string =>
  parts.flatMap(([is, text]) => (is ? [text] : [])).join(', ');

const asked = (row: TrailRow): string =>
  listed([
    [row.dryRun, 'dry run'],
    [row.enableUserIfNeeded, 'enable if needed'],
    [row.enableUserIfNeeded === false, 'do not enable'],
    [row.forceChange, 'temporary password'],
    [row.forceChange === false, 'lasting password'],
    [row.forceChangeWithMfa, 'change after MFA'],
    [row.revokeSessions, 'revoke sessions'],
  ]);

const done = (row: TrailRow): string =>
  listed([
    [row.because, `because: ${row.because}`],
    [row.accountWasEnabled === false, 'account was disabled'],
    [row.accountWasEnabled === false && row.accountEnabled, 'account enabled'],
    [row.passwordReturned === true, 'password returned'],
    [row.passwordReturned === false, 'password withheld'],
    [
      row.sessionsRevoked && row.sessionsRevoked !== 'NotRequested',
      `sessions ${row.sessionsRevoked}`,
    ],
    [row.elapsedMs !== undefined, `${row.elapsedMs} ms`],
  ]);

const verified = (row: TrailRow): string =>
  row.door === 'entra'
    ? listed([
        [true, 'Entra token'],
        [row.callerUser, `of ${row.callerUser}`],
        [row.callerObjectId, `object ${row.callerObjectId}`],
        [row.callerAppId, `app ${row.callerAppId}`],
      ])
    : listed([[row.door, `function key of ${row.caller}`]]);

const claimed = (row: TrailRow): string =>
  listed([
    [row.claimedTicketId, `ticket "${row.claimedTicketId}"`],
    [row.claimedCallerName, `caller "${row.claimedCallerName}"`],
    [row.claimedReason, `reason "${row.claimedReason}"`],
    [row.clientRequestId, `client request "${row.clientRequestId}"`],
  ]);

const ids = (row: TrailRow): string =>
  listed([
    [row.requestId, `request ${row.requestId}`],
    [row.userId, `user ${row.userId}`],
    [row.graphRequestId, `Graph ${row.graphRequestId}`],
  ]);
