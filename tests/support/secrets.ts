// Looks for secrets in text: as they are, and as encodings and plain hashes that would give them away as well.

import { createHash } from 'node:crypto';

const hashed = (algorithm: string, secret: string) => createHash(algorithm).update(secret);

/** Every spelling under which this secret could lie in a log or a row. */
export const spellings = (secret: string): readonly string[] => [
  secret,
  encodeURIComponent(secret),
  JSON.stringify(secret).slice(1, -1),
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  Buffer.from(secret).toString('base64url'),
  Buffer.from(secret).toString('hex'),
  ...['md5', 'sha1', 'sha256', 'sha512'].flatMap((algorithm) => [
    hashed(algorithm, secret).digest('hex'),
    hashed(algorithm, secret).digest('base64').replace(/=+$/, ''),
  ]),
];

const longestStem = 8;

/** The secrets (by name) that are found in a text. One pass over it, however many secrets there are. */
export function leaksIn(text: string, secrets: ReadonlyMap<string, string>): readonly string[] {
  const wanted = [...secrets].flatMap(([name, secret]) =>
    spellings(secret).map((spelling) => ({ name, spelling })),
  );
  const stem = wanted.reduce(
    (least, { spelling }) => Math.min(least, spelling.length),
    longestStem,
  );
  const byStem = Map.groupBy(wanted, ({ spelling }) => spelling.slice(0, stem));
  const found = new Set<string>();
  for (let at = 0; at + stem <= text.length; at += 1) {
    for (const { name, spelling } of byStem.get(text.slice(at, at + stem)) ?? []) {
      if (text.startsWith(spelling, at)) found.add(name);
    }
  }
  return [...secrets.keys()].filter((name) => found.has(name));
}
