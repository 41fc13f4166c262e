// What becomes of a caller: added, given a second key, freed of the older one, removed. Each ends with
// the file and the keys in Azure in agreement, or says what is left; nothing is lost on the way.

import { type Az, type Place, showApp } from './azure-cli.ts';
import { curlLines, whatItMeans } from './caller-text.ts';
import { type CallersFile, demand, type Entry, type Judge } from './callers-file.ts';
import { createKey, deleteKey, deleteKeys, hashOf } from './function-keys.ts';
import { type Say, sentenceOf } from './terminal.ts';

export interface CallerPorts {
  readonly az: Az;
  readonly say: Say;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly root: string;
  readonly file: string;
  readonly judge: Judge;
  /** How the shell of this person quotes. */
  readonly windows: boolean;
}

export type FindPlace = () => Promise<Place>;

const placeholder = '0'.repeat(64);

export async function add(
  entryWith: (hash: string) => Entry,
  file: CallersFile,
  place: FindPlace,
  ports: CallerPorts,
): Promise<void> {
  const entry = entryWith(placeholder);
  demand(ports.judge, [...file.entries, entry], 'No key was made and nothing was written');
  const meaning = whatItMeans(entry, file.entries.length === 0);
  if (entry.key !== undefined) {
    const withKey = (hash: string) => [...file.entries, entryWith(hash)];
    await handOver(entry.name, withKey, file, place, ports, meaning);
    return;
  }
  await file.replace([...file.entries, entry]);
  for (const line of meaning) ports.say(line);
}

/** Makes a key, writes its hash, and only then shows it. A key whose hash could not be written is taken back. */
async function handOver(
  name: string,
  entriesWith: (hash: string) => readonly Entry[],
  file: CallersFile,
  place: FindPlace,
  { az, say, windows }: CallerPorts,
  words: readonly string[],
): Promise<void> {
  const at = await place();
  const { url } = await showApp(az, at);
  const { key, keyName } = await createKey(az, at, name);
  try {
    await file.replace(entriesWith(hashOf(key)));
  } catch (error) {
    await deleteKey(az, at, keyName).catch(() =>
      say(`The key ${keyName} was made and could not be deleted.`),
    );
    throw error;
  }
  for (const line of [...words, '', ...curlLines(url, key, windows)]) say(line);
}

export async function rotate(
  known: Entry,
  file: CallersFile,
  place: FindPlace,
  ports: CallerPorts,
): Promise<void> {
  const { name, key = [] } = known;
  if (key.length === 0) throw new Error(`${name} has no key: it comes with an Entra token.`);
  if (key.length > 1) {
    throw new Error(
      `${name} has two keys already. When the new one is in use: npm run caller -- rotate ${name} --finish`,
    );
  }
  const withBoth = (hash: string) =>
    file.entries.map((entry) => (entry === known ? { ...entry, key: [hash, ...key] } : entry));
  await handOver(name, withBoth, file, place, ports, [
    `${name} has a second key. Both are good after the next provision: azd provision`,
    `Then give the new one to the caller, see it used, and type: npm run caller -- rotate ${name} --finish`,
  ]);
}

/** The newest hash stands first. */
export async function finishRotation(
  known: Entry,
  file: CallersFile,
  place: FindPlace,
  { az, say }: CallerPorts,
): Promise<boolean> {
  const [newest, ...older] = known.key ?? [];
  if (newest === undefined || older.length === 0) {
    throw new Error(
      `${known.name} is not in rotation. A second key: npm run caller -- rotate ${known.name}`,
    );
  }
  const at = await place();
  await file.replace(
    file.entries.map((entry) => (entry === known ? { ...entry, key: [newest] } : entry)),
  );
  say(`${known.name} has one key again, the newer one: azd provision`);
  return dropKeys(az, at, older, say);
}

export async function remove(
  known: Entry,
  file: CallersFile,
  place: FindPlace,
  { az, say }: CallerPorts,
  openToEveryKey: boolean,
): Promise<boolean> {
  const left = file.entries.filter((entry) => entry !== known);
  if (left.length === 0 && !openToEveryKey) {
    throw new Error(
      `${known.name} is the last caller. Without callers the setting CALLERS goes away, and whoever holds any function\n` +
        'key may reset passwords and reads them. Add another caller first, stop the app (npm run kill), or add\n--open-to-every-key if that is what you want.',
    );
  }
  const keys = known.key ?? [];
  const at = keys.length === 0 ? undefined : await place();
  await file.replace(left);
  say(`${known.name} is no caller any more after the next provision: azd provision`);
  return at === undefined || dropKeys(az, at, keys, say);
}

/** The entry is what counts after the next provision: a key that stays in Azure matches none and is refused. */
async function dropKeys(
  az: Az,
  place: Place,
  hashes: readonly string[],
  say: Say,
): Promise<boolean> {
  try {
    const names = await deleteKeys(az, place, hashes);
    say(
      names.length === 0
        ? 'Azure holds no such key any more.'
        : `Deleted in Azure, and refused from now on: the key ${names.join(', ')}`,
    );
    return true;
  } catch (error) {
    say(
      `${sentenceOf(error)}\nThe key itself is still in Azure, and good until the next provision.`,
    );
    return false;
  }
}
