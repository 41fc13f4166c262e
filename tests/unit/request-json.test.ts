// The members of the root object with nothing lost: duplicates, spellings of numbers, depth.

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { rootMembers } from '../../lib/request-json.ts';
import { bytesOf } from '../support/a-valid-request.ts';

const membersOf = (text: string) => rootMembers(bytesOf(text));

test('members come in the order of the text, equal names twice', () => {
  expect(membersOf('{"b":1,"a":"x","b":[true],"a":null}')).toEqual([
    { name: 'b', value: [true], numberText: '1' },
    { name: 'a', value: null, numberText: undefined },
    { name: 'b', value: [true], numberText: undefined },
    { name: 'a', value: null, numberText: undefined },
  ]);
});

test.each([
  ['{}', []],
  [' {\n} ', []],
  ['\uFEFF{"a":1.0}', [{ name: 'a', value: 1, numberText: '1.0' }]],
  ['{"\\u0061":"\\n"}', [{ name: 'a', value: '\n', numberText: undefined }]],
  [
    '\n{ "a"\t:\r\n 1 , "b" : [ 1 , 2 ] }\n',
    [
      { name: 'a', value: 1, numberText: '1' },
      { name: 'b', value: [1, 2], numberText: undefined },
    ],
  ],
  ['{"":0}', [{ name: '', value: 0, numberText: '0' }]],
  ['{"a":-0.5e-2}', [{ name: 'a', value: -0.005, numberText: '-0.5e-2' }]],
  [
    '{"a":{"b":{"c":2}},"d":[{"e":3}]}',
    [
      { name: 'a', value: { b: { c: 2 } }, numberText: undefined },
      { name: 'd', value: [{ e: 3 }], numberText: undefined },
    ],
  ],
  [
    '{"a":"{\\"b\\":1,","c":"]}"}',
    [
      { name: 'a', value: '{"b":1,', numberText: undefined },
      { name: 'c', value: ']}', numberText: undefined },
    ],
  ],
  [
    '{"a":[],"b":{},"c":1}',
    [
      { name: 'a', value: [], numberText: undefined },
      { name: 'b', value: {}, numberText: undefined },
      { name: 'c', value: 1, numberText: '1' },
    ],
  ],
])('the members of %j', (text, members) => {
  expect(membersOf(text)).toEqual(members);
});

test('__proto__ is a member like any other', () => {
  expect(membersOf('{"__proto__":{"a":1}}')).toEqual([
    { name: '__proto__', value: { a: 1 }, numberText: undefined },
  ]);
});

test.each([
  ['not-utf-8', new Uint8Array([0x7b, 0xff, 0x7d])],
  ['not-utf-8', new Uint8Array([0xc3])],
  ['not-json', bytesOf('')],
  ['not-json', bytesOf('{"a":1,}')],
  ['not-json', bytesOf('{"a":1}/**/')],
  ['not-json', bytesOf('{a:1}')],
  ['not-json', bytesOf('{"a":NaN}')],
  ['not-an-object', bytesOf('[]')],
  ['not-an-object', bytesOf('null')],
  ['not-an-object', bytesOf('"x"')],
  ['not-an-object', bytesOf('3')],
])('%s', (fault, bytes) => {
  expect(rootMembers(bytes)).toBe(fault);
});

test('depth costs no stack', () => {
  const deep = `{"a":${'['.repeat(4_000)}${']'.repeat(4_000)},"b":1}`;
  const members = membersOf(deep);
  expect(typeof members === 'string' ? members : members.map(({ name }) => name)).toEqual([
    'a',
    'b',
  ]);
});

test('whatever an object says, the names are those that JSON.parse knows', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
      const members = membersOf(JSON.stringify(object));
      if (typeof members === 'string') throw new Error(members);
      const known = JSON.parse(JSON.stringify(object));
      expect(members.map(({ name }) => name)).toEqual(Object.keys(known));
      expect(members.map(({ value }) => value)).toEqual(Object.values(known));
    }),
    { numRuns: 300 },
  );
});
