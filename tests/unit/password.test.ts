// The password: how many there are, what stands in it, and what never does.

import { randomInt } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { drawPassword, possiblePasswords, spell } from '../../lib/password.ts';
import { reveal } from '../../lib/secret.ts';

/** Answers the given numbers, then zero; says which limits it was asked with. */
function numbers(...given: readonly number[]) {
  const limits: number[] = [];
  let next = 0;
  const randomBelow = (limit: number): number => {
    limits.push(limit);
    const value = given[next] ?? 0;
    next += 1;
    return value;
  };
  return { randomBelow, limits };
}

const draw = (names: readonly string[] = []): string => reveal(drawPassword(randomInt, names));
const draws = Array.from({ length: 400 }, () => draw(['adele.vance', 'Adele Vance']));

// --- how many --------------------------------------------------------------------------------------

test('14^15 letters times 4^3 digits: 63 bits by construction, where 60 are promised', () => {
  expect(possiblePasswords).toBe(9_956_358_115_699_982_336n);
  expect(possiblePasswords.toString(2)).toHaveLength(64); // 2^63 <= n < 2^64
});

test('every value is drawn evenly from what the count says', () => {
  const { randomBelow, limits } = numbers();
  drawPassword(randomBelow, []);
  expect(limits).toEqual([...Array.from({ length: 15 }, () => 14), 4, 4, 4]);
});

test('each number picks a sign of its own', () => {
  const of = (value: number, digit: number) =>
    reveal(
      drawPassword(
        numbers(...Array.from({ length: 15 }, () => value), digit, digit, digit).randomBelow,
        [],
      ),
    );
  const letters = Array.from({ length: 14 }, (_, value) => of(value, 0)[1]).join('');
  expect(letters).toBe('cdfhjkmnprtvwx');
  expect(Array.from({ length: 4 }, (_, value) => of(0, value).at(-1)).join('')).toBe('3479');
});

test('the shape', () => {
  const { randomBelow } = numbers(5, 6, 10, 13, 1, 12, 13, 3, 10, 2, 8, 1, 9, 7, 5, 1, 3, 2);
  expect(reveal(drawPassword(randomBelow, []))).toBe('Kmtxd-Wxhtf-Pdrnk-497');
});

// --- what stands in it -----------------------------------------------------------------------------

test('21 signs, within 12 and 24', () => {
  expect(new Set(draws.map((password) => password.length))).toEqual(new Set([21]));
});

test('upper case, lower case, digit and symbol: all four classes', () => {
  for (const password of draws) {
    expect(password).toMatch(/[A-Z]/);
    expect(password).toMatch(/[a-z]/);
    expect(password).toMatch(/[0-9]/);
    expect(password).toMatch(/-/);
  }
});

test('no look-alikes, no vowels, nothing but these signs', () => {
  for (const password of draws) {
    expect(password).toMatch(/^[CDFHJKMNPRTVWXcdfhjkmnprtvwx3479-]{21}$/);
    expect(password).not.toMatch(/[0Oo1Ll|Ii5Ss2Zz8Bb6GgQqUuAaEeYy]/);
  }
});

test('a password is a secret', () => {
  expect(String(drawPassword(randomInt, []))).toBe('[secret]');
});

test('two are never the same', () => {
  expect(new Set(draws).size).toBe(400);
});

// --- the user's name -------------------------------------------------------------------------------

/** Draws `Kmtxd-…` first, then `Ccccc-…`. */
const secondDraw = (names: readonly string[]): boolean => {
  const { randomBelow } = numbers(5, 6, 10, 13, 1, 12, 13, 3, 10, 2, 8, 1, 9, 7, 5, 1, 3, 2);
  return reveal(drawPassword(randomBelow, names)) === 'Ccccc-Ccccc-Ccccc-333';
};

test.each<[string, readonly string[], boolean]>([
  ['no name', [], false],
  ['empty names', ['', ''], false],
  ['another name', ['adele.vance', 'Adele Vance'], false],
  ['a whole group', ['kmtxd'], true],
  ['in other letters', ['KMTXD'], true],
  ['four letters of it', ['kmtx'], true],
  ['four letters in the middle', ['xhtf'], true],
  ['a longer name that holds four of them', ['Okmtxo Smith'], true],
  ['at the end of a longer name', ['ab.cdrnk'], true],
  ['the second name', ['adele.vance', 'Mtxd Vance'], true],
  ['behind an apostrophe', ["o'kmtx"], true],
  ['three letters', ['kmt'], false],
  ['three letters each side of a dot', ['kmt.txd'], false],
  ['letters across a hyphen of the password', ['xdwx'], false],
  ['digits', ['497'], false],
])('a part of the name is never in it: %s', (_what, names, again) => {
  expect(secondDraw(names)).toBe(again);
});

test('a source that repeats itself is a bug', () => {
  const { randomBelow, limits } = numbers();
  expect(() => drawPassword(randomBelow, ['cccc'])).toThrow(
    'The source of random numbers repeats itself.',
  );
  expect(limits).toHaveLength(100 * 18);
});

test('for any name: no four letters of it in a row, in any letter case', () => {
  const letters = 'cdfhjkmnprtvwxCDFHJKMNPRTVWX';
  const name = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.string({ unit: fc.constantFrom(...letters), minLength: 4, maxLength: 60 }),
  );
  fc.assert(
    fc.property(fc.array(name, { maxLength: 3 }), (names) => {
      const password = draw(names).toLowerCase();
      for (const word of names.flatMap((each) => each.toLowerCase().split(/[^a-z]+/))) {
        for (let start = 0; start + 4 <= word.length; start += 1) {
          expect(password).not.toContain(word.slice(start, start + 4));
        }
      }
    }),
    { numRuns: 300 },
  );
});

// --- the phone -------------------------------------------------------------------------------------

test('spelled for the phone', () => {
  expect(spell('Kmtxd-Wxhtf-Pdrnk-497')).toBe(
    'capital KILO mike tango x-ray delta dash capital WHISKEY x-ray hotel tango foxtrot dash ' +
      'capital PAPA delta romeo november kilo dash four nine seven',
  );
  expect(spell('Cfhjv-3')).toBe('capital CHARLIE foxtrot hotel juliett victor dash three');
});

test('every sign of a password has a word', () => {
  expect(spell('cdfhjkmnprtvwx3479-')).toBe(
    'charlie delta foxtrot hotel juliett kilo mike november papa romeo tango victor whiskey x-ray ' +
      'three four seven nine dash',
  );
});

test('a sign without a word is said as it is', () => {
  expect(spell('a5!')).toBe('a 5 !');
});
