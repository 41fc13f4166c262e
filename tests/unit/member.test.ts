// Looking into something of unknown shape finds own members only.

import { expect, test } from '@jest/globals';
import { member, parseJson, textMember } from '../../lib/member.ts';

test.each<[unknown, string, unknown]>([
  [{ a: 1 }, 'a', 1],
  [{ a: undefined }, 'a', undefined],
  [{ a: 1 }, 'b', undefined],
  [{}, 'toString', undefined],
  [{}, '__proto__', undefined],
  [JSON.parse('{"__proto__":2}'), '__proto__', 2],
  [[7], '0', 7],
  [[7], 'map', undefined],
  [null, 'a', undefined],
  [undefined, 'a', undefined],
  ['text', 'length', undefined],
  [5, 'toFixed', undefined],
  [() => 1, 'name', undefined],
])('%j . %s', (value, name, found) => {
  expect(member(value, name)).toEqual(found);
});

test.each<[unknown, string | undefined]>([
  [{ a: 'text' }, 'text'],
  [{ a: '' }, ''],
  [{ a: 5 }, undefined],
  [{ a: null }, undefined],
  [{ b: 'text' }, undefined],
  [undefined, undefined],
])('%j . a, if it is a text', (value, found) => {
  expect(textMember(value, 'a')).toBe(found);
});

test.each<[string, unknown]>([
  ['{"a":[1]}', { a: [1] }],
  ['null', null],
  ['"x"', 'x'],
  ['', undefined],
  ['<html>', undefined],
  ['{"a":1', undefined],
])('parsed, or undefined when it is no JSON: %s', (text, value) => {
  expect(parseJson(text)).toEqual(value);
});
