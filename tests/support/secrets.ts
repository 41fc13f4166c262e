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

/** The secrets (by name) that are found in a text. */
export const leaksIn = (text: string, secrets: ReadonlyMap<string, string>): readonly string[] =>
  [...secrets]
    .filter(([, secret]) => spellings(secret).some((spelling) => text.includes(spelling)))
    .map(([name]) => name);
