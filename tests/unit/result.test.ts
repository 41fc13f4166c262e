// The two shapes that every station hands on.

import { expect, test } from '@jest/globals';
import { err, ok } from '../../lib/result.ts';

test('a value, or the failure', () => {
  expect(ok(1)).toEqual({ ok: true, value: 1 });
  expect(ok(undefined)).toStrictEqual({ ok: true, value: undefined });
  expect(err('no-key')).toEqual({ ok: false, failure: 'no-key' });
});
