// A secret shows itself nowhere by accident, and opens only for `reveal`.

import { format, inspect } from 'node:util';
import { expect, test } from '@jest/globals';
import { reveal, secret } from '../../lib/secret.ts';

const hidden = secret('Kmtxd-Wxhtf-Pdrnk-497');

test.each([
  ['a template', `${hidden}`, '[secret]'],
  ['String', String(hidden), '[secret]'],
  ['adding', `x${hidden}`, 'x[secret]'],
  ['JSON', JSON.stringify({ a: hidden }), '{"a":"[secret]"}'],
  ['inspect', inspect(hidden), '[secret]'],
  [
    'inspect, all of it',
    inspect({ a: [hidden] }, { showHidden: true, depth: 9 }),
    '{ a: [ [secret], [length]: 1 ] }',
  ],
  ['format', format('%s %j', hidden, hidden), '[secret] "[secret]"'],
  ['an error', new Error(`no ${hidden}`).message, 'no [secret]'],
  ['spreading', JSON.stringify({ ...hidden }), '{}'],
])('%s', (_what, printed, expected) => {
  expect(printed).toBe(expected);
});

test('it has no property of its own and takes none', () => {
  expect(Reflect.ownKeys(hidden)).toEqual([]);
  expect(Object.isFrozen(hidden)).toBe(true);
});

test('reveal opens it, each its own', () => {
  expect(reveal(hidden)).toBe('Kmtxd-Wxhtf-Pdrnk-497');
  expect(reveal(secret(''))).toBe('');
  expect(reveal(secret('x'))).toBe('x');
});

test('something that was not wrapped here is a bug', () => {
  expect(() => reveal({ toString: () => 'x', toJSON: () => 'x' })).toThrow(
    'Not a secret of this process.',
  );
  expect(() => reveal(structuredClone(hidden))).toThrow('Not a secret of this process.');
});
