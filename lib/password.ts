// A temporary password that can be said on the phone: three groups of five consonants and three digits,
// as in "Kmtxd-Wxhtf-Pdrnk-497". Pure: random numbers come in. Without vowels no word can appear by
// chance; without look-alikes (0 O o Q, 1 l I i |, 5 S s, 2 Z z, 8 B b, 6 G g q, u y) nothing is
// misread. Always upper case, lower case, digit and symbol: four of Entra's four classes.

import { type Secret, secret } from './secret.ts';

/** A whole number from 0 to below `limit`, evenly distributed; `crypto.randomInt` in production. */
export type RandomBelow = (limit: number) => number;

const letters = 'cdfhjkmnprtvwx';
const digits = '3479';
const groups = 3;
const lettersInGroup = 5;
const digitsAtEnd = 3;

/** How many passwords there are; a test turns it into bits. */
export const possiblePasswords =
  BigInt(letters.length) ** BigInt(groups * lettersInGroup) *
  BigInt(digits.length) ** BigInt(digitsAtEnd);

/** Draws that would contain a part of the name are rare; this many in a row are a broken source. */
const mostDraws = 100;

/** @param names of the user: no four letters in a row of them may appear in the password. */
export function drawPassword(randomBelow: RandomBelow, names: readonly string[]): Secret {
  const pick = (from: string): string => from.charAt(randomBelow(from.length));
  const many = (from: string, count: number): string =>
    Array.from({ length: count }, () => pick(from)).join('');
  const group = (): string => pick(letters).toUpperCase() + many(letters, lettersInGroup - 1);
  for (let draw = 0; draw < mostDraws; draw += 1) {
    const text = [...Array.from({ length: groups }, group), many(digits, digitsAtEnd)].join('-');
    if (!containsPartOf(text, names)) return secret(text);
  }
  throw new Error('The source of random numbers repeats itself.');
}

const shortestPart = 4;

function containsPartOf(password: string, names: readonly string[]): boolean {
  const lower = password.toLowerCase();
  const words = names.flatMap((name) => name.toLowerCase().split(/[^\p{L}]+/u));
  return words.some((word) =>
    Array.from({ length: Math.max(0, word.length - shortestPart + 1) }, (_, start) =>
      word.slice(start, start + shortestPart),
    ).some((part) => lower.includes(part)),
  );
}

const spoken: Readonly<Record<string, string>> = {
  c: 'charlie',
  d: 'delta',
  f: 'foxtrot',
  h: 'hotel',
  j: 'juliett',
  k: 'kilo',
  m: 'mike',
  n: 'november',
  p: 'papa',
  r: 'romeo',
  t: 'tango',
  v: 'victor',
  w: 'whiskey',
  x: 'x-ray',
  '3': 'three',
  '4': 'four',
  '7': 'seven',
  '9': 'nine',
  '-': 'dash',
};

/** The password for the phone, in the ICAO alphabet; capitals are said as such. */
export const spell = (password: string): string =>
  [...password]
    .map((sign) => {
      const word = spoken[sign.toLowerCase()] ?? sign;
      return sign !== sign.toLowerCase() ? `capital ${word.toUpperCase()}` : word;
    })
    .join(' ');
