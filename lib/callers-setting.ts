// The setting CALLERS: JSON in, callers out, or all that is wrong with it. What one entry may hold says
// callers-schema.ts; the rules between entries and about their secrets stand here.

import { type Caller, defaultResetsPerHour } from './caller.ts';
import { type CallerEntries, callerName, settingName } from './callers-schema.ts';
import type { Wrong } from './config.ts';
import { fold } from './fold.ts';
import { validateCallers } from './generated/validators.mjs';
import { member, textMember } from './member.ts';
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
  // One by one, and in parts, so that no mistake hides another.
  const good = entries.flatMap((entry: unknown, index): CallerEntries => {
    const alone: unknown = [entry];
    const isGood = validateCallers(alone);
    for (const { instancePath, message } of validateCallers.errors ?? []) {
      wrong('CALLERS', `/${index}${instancePath.slice('/0'.length)} ${message}. ${howTo}`);
    }
    return isGood ? alone : [];
  });
  const parts = entries.map(partsOf);
  reportRepeats(parts, wrong);
  reportSecrets(parts, setting, wrong);
  return good.map((entry) => readCaller(entry, setting, wrong));
}

/** What the rules between entries and about secrets need, however wrong the rest of an entry is. */
function partsOf(entry: unknown, index: number) {
  const texts = (value: unknown): readonly string[] =>
    (Array.isArray(value) ? value : []).filter((one) => typeof one === 'string');
  const signature = member(entry, 'signature');
  const name = textMember(entry, 'name');
  return {
    name,
    /** Repeated only when it is a name: something else may be a secret in the wrong place. */
    who: namePattern.test(name ?? '') ? name : `/${index}`,
    keys: texts(member(entry, 'key')).map(fold),
    appIds: texts(member(member(entry, 'entra'), 'appIds')).map(fold),
    profile: textMember(signature, 'profile'),
    secrets: texts(member(signature, 'secrets')).filter((text) => settingPattern.test(text)),
  };
}
type Parts = ReturnType<typeof partsOf>;

const namePattern = new RegExp(callerName);
const settingPattern = new RegExp(settingName);

/** A key or app that stood for two callers would make the audit a guess. */
function reportRepeats(entries: readonly Parts[], wrong: Wrong): void {
  const repeated = (values: readonly unknown[]): boolean => new Set(values).size < values.length;
  if (repeated(entries.flatMap(({ name }) => name ?? []))) {
    wrong('CALLERS', 'Two entries have the same name. Give each caller a name of its own.');
  }
  if (repeated(entries.flatMap(({ keys }) => keys))) {
    wrong('CALLERS', 'A key hash stands twice. Give each caller a function key of its own.');
  }
  if (repeated(entries.flatMap(({ appIds }) => appIds))) {
    wrong('CALLERS', 'An app id stands twice. Name each client id in one entry only.');
  }
}

function reportSecrets(entries: readonly Parts[], setting: Setting, wrong: Wrong): void {
  for (const { who, profile, secrets } of entries) {
    for (const name of secrets) {
      const mistake = secretMistake(profile, setting(name));
      if (mistake) wrong(name, `The signing secret of caller ${who} ${mistake}.`);
    }
  }
}

function readCaller(entry: CallerEntries[number], setting: Setting, wrong: Wrong): Caller {
  const { name, signature } = entry;
  if (signature !== undefined && entry.key === undefined) {
    wrong('CALLERS', `${name}: a signature needs a "key" too; the Entra door checks tokens only.`);
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
