// The keys of the function resetPassword, through az: made by the platform, told apart by their hash. A
// key is in memory from its making until it was printed, and nowhere else.

import { createHash } from 'node:crypto';
import { member } from '../../lib/member.ts';
import type { Az, Place } from './azure-cli.ts';

/** Opens one function and no other: a caller's key is not good for /api/ready. */
const functionName = 'resetPassword';

export const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex');

const where = ({ app, group }: Place): readonly string[] => [
  ...['--name', app, '--resource-group', group],
  ...['--function-name', functionName],
];
const command = ['functionapp', 'function', 'keys'];

/** Name of a key → its hash. */
export async function listKeys(az: Az, place: Place): Promise<ReadonlyMap<string, string>> {
  const listed = await az(...command, 'list', ...where(place));
  const keys = typeof listed === 'object' && listed !== null ? Object.entries(listed) : [];
  return new Map(
    keys.flatMap(([name, key]) => (typeof key === 'string' ? [[name, hashOf(key)] as const] : [])),
  );
}

export interface NewKey {
  readonly keyName: string;
  readonly key: string;
}

/** Under the caller's name, or the next free one: a name that is taken would be given a new key in silence. */
export async function createKey(az: Az, place: Place, caller: string): Promise<NewKey> {
  const taken = await listKeys(az, place);
  let keyName = caller;
  for (let number = 2; taken.has(keyName); number += 1) keyName = `${caller}-${number}`;
  const made = await az(...command, 'set', ...where(place), '--key-name', keyName);
  const key = member(made, 'value') ?? member(member(made, 'properties'), 'value');
  if (typeof key !== 'string' || key === '')
    throw new Error(`az made the key ${keyName} and did not show it.`);
  return { keyName, key };
}

export const deleteKey = (az: Az, place: Place, keyName: string): Promise<unknown> =>
  az(...command, 'delete', ...where(place), '--key-name', keyName);

/** Removes the keys with these hashes; their names. */
export async function deleteKeys(
  az: Az,
  place: Place,
  hashes: readonly string[],
): Promise<readonly string[]> {
  const wanted = hashes.map((hash) => hash.toLowerCase());
  const names: string[] = [];
  for (const [keyName, hash] of await listKeys(az, place)) {
    if (!wanted.includes(hash)) continue;
    await deleteKey(az, place, keyName);
    names.push(keyName);
  }
  return names;
}
