// `npm run audit -- --since 1h`: the trail of resets for a person, or as JSON lines for a program. What a
// caller proved and what it only claimed stand on lines of their own.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { AzureCliCredential, type TokenCredential } from '@azure/identity';
import type { Environment } from '../../lib/config.ts';
import { member } from '../../lib/member.ts';
import { trailLines } from './audit-text.ts';
import { printable, runTool, type Say } from './terminal.ts';
import { openTrail, readTrail, saysWhere } from './trail.ts';
import { azdValues } from './which-app.ts';

export const usage = `npm run audit -- [--since 24h] [--user NAME] [--caller NAME] [--json] [--storage ACCOUNT]

Prints the audit trail: what was intended, what came of it, who asked, and what was only claimed.

  --since 1h        minutes, hours or days (30m, 1h, 7d), or a time (2026-11-23T09:00Z)
  --user NAME       user principal name or object id
  --caller NAME     of one caller
  --json            one JSON object a line, with the names that the log lines have too
  --storage NAME    the storage account in Azure, or its table endpoint; signed in as you, with the
                    role Storage Table Data Reader. Without it: the settings of the product, from
                    the environment, then local.settings.json, then the account that azd made`;

export interface AuditPorts {
  readonly credential: TokenCredential;
  readonly say: Say;
  readonly env: Environment;
  readonly root: string;
  readonly now: number;
}

export async function audit(argv: readonly string[], ports: AuditPorts): Promise<boolean> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      since: { type: 'string', default: '24h' },
      user: { type: 'string' },
      caller: { type: 'string' },
      json: { type: 'boolean', default: false },
      storage: { type: 'string' },
    },
  });
  const since = startOf(values.since, ports.now);
  const settings = { ...(await localSettings(ports.root)), ...ports.env };
  const fromAzd = async () => (await azdValues(ports.root))['AZURE_STORAGE_ACCOUNT_NAME'];
  const storage = values.storage ?? (saysWhere(settings) ? undefined : await fromAzd());
  const table = openTrail(storage, settings, ports.credential);
  const rows = await readTrail(table, { since, user: values.user, caller: values.caller });
  // Which trail this is has to be seen: a local one looks like that of Azure. Never the query, it may hold a key.
  const { origin, pathname } = new URL(table.url);
  const lines = values.json
    ? rows.map((row) => printable(JSON.stringify(row)))
    : [`Trail of ${origin}${pathname}, since ${since}`, '', ...trailLines(rows)];
  for (const line of lines) ports.say(line);
  return true;
}

const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

function startOf(text: string, now: number): string {
  const [, number, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const at = number === undefined ? Date.parse(text) : now - Number(number) * (unitMs[unit] ?? 0);
  if (Number.isNaN(at))
    throw new Error('--since is 30m, 1h, 7d, or a time such as 2026-11-23T09:00Z.');
  return new Date(at).toISOString();
}

async function localSettings(root: string): Promise<Environment> {
  try {
    const text = await readFile(path.join(root, 'local.settings.json'), 'utf8');
    return { ...Object(member(JSON.parse(text), 'Values')) };
  } catch {
    return {};
  }
}

if (process.argv[1] === import.meta.filename) {
  await runTool(usage, (argv) =>
    audit(argv, {
      credential: new AzureCliCredential({ processTimeoutInMs: 60_000 }),
      say: console.log,
      env: process.env,
      root: path.resolve(import.meta.dirname, '../..'),
      now: Date.now(),
    }),
  );
}
