// The setting CALLERS: JSON in, callers out, or all that is wrong with it. What one entry may hold says
// callers-schema.ts; the rules between entries and about their secrets stand here.

import { type Caller, defaultResetsPerHour } from './caller.ts';
import type { CallerEntries } from './callers-schema.ts';
import type { Wrong } from './config.ts';
import { fold } from './fold.ts';
import { validateCallers } from './generated/validators.mjs';
import { secret } from './secret.ts';
import { defaultToleranceSeconds, secretMistake } from './signature.ts';

type Setting = (name: string) => string | undefined;

/** undefined: CALLERS is not set, or is no list of callers at all. */
export function readCallers(setting: Setting, wrong: Wrong): readonly Caller[] | undefined {
  const text = setting('CALLERS');
  if (text === undefined) return undefined;
  const howTo = 'Run npm run caller -- add NAME, or unset CALLERS to let every key holder in.';
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch {
    return wrong('CALLERS', `It is not JSON. ${howTo}`);
  }
  if (!Array.isArray(entries) || entries.length === 0) {
    return wrong('CALLERS', `It must be a JSON array with at least one caller. ${howTo}`);
  }
  // One by one, so that a mistake in one entry does not hide those of the others.
  const good = entries.flatMap((entry: unknown, index): CallerEntries => {
    const alone: unknown = [entry];
    if (validateCallers(alone)) return alone;
    for (const { instancePath, message } of validateCallers.errors ?? []) {
      wrong('CALLERS', `/${index}${instancePath.slice('/0'.length)} ${message}. ${howTo}`);
    }
    return [];
  });
  reportRepeats(good, wrong);
  return good.map((entry) => readCaller(entry, setting, wrong));
}

/** A key or app that stood for two callers would make the audit a guess. */
function reportRepeats(entries: CallerEntries, wrong: Wrong): void {
  const repeated = (values: readonly string[]): boolean => new Set(values).size < values.length;
  if (repeated(entries.map(({ name }) => name))) {
    wrong('CALLERS', 'Two entries have the same name. Give each caller a name of its own.');
  }
  if (repeated(entries.flatMap(({ key }) => key ?? []).map(fold))) {
    wrong('CALLERS', 'A key hash stands twice. Give each caller a function key of its own.');
  }
  if (repeated(entries.flatMap(({ entra }) => entra?.appIds ?? []).map(fold))) {
    wrong('CALLERS', 'An app id stands twice. Name each client id in one entry only.');
  }
}

function readCaller(entry: CallerEntries[number], setting: Setting, wrong: Wrong): Caller {
  const { name, signature } = entry;
  if (signature !== undefined && entry.key === undefined) {
    wrong('CALLERS', `${name}: a signature needs a "key" too; the Entra door checks tokens only.`);
  }
  for (const secretName of signature?.secrets ?? []) {
    const mistake = signature && secretMistake(signature.profile, setting(secretName));
    if (mistake) wrong(secretName, `The signing secret of caller ${name} ${mistake}.`);
  }
  return {
    name,
    keyHashes: (entry.key ?? []).map((hash) => Buffer.from(hash, 'hex')),
    appIds: (entry.entra?.appIds ?? []).map(fold),
    signature: signature && {
      profile: signature.profile,
      secrets: signature.secrets.map((secretName) => secret(setting(secretName) ?? '')),
      toleranceSeconds: signature.toleranceSeconds ?? defaultToleranceSeconds(signature.profile),
    },
    password: entry.password,
    domains: entry.domains?.map(fold),
    groups: entry.groups?.map(fold),
    mayEnable: entry.mayEnable ?? true,
    maxResetsPerHour: entry.maxResetsPerHour ?? defaultResetsPerHour,
  };
}
