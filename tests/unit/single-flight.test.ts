// One fetch serves all who ask while it is under way, whether it succeeds or fails; the next begins anew.

import { expect, test } from '@jest/globals';
import { singleFlight } from '../../lib/single-flight.ts';

function flights() {
  const begun: PromiseWithResolvers<string>[] = [];
  const ask = singleFlight(() => {
    const flight = Promise.withResolvers<string>();
    begun.push(flight);
    return flight.promise;
  });
  return { begun, ask };
}

test('all who ask while it is under way share it; who asks afterwards begins the next', async () => {
  const { begun, ask } = flights();
  const asked = [ask(), ask(), ask()];
  expect(begun).toHaveLength(1);
  begun[0]?.resolve('first');
  expect(await Promise.all(asked)).toEqual(['first', 'first', 'first']);
  const next = ask();
  expect(begun).toHaveLength(2);
  begun[1]?.resolve('second');
  expect(await next).toBe('second');
});

test('one that fails, fails for all who shared it, and not for the next', async () => {
  const { begun, ask } = flights();
  const asked = Promise.allSettled([ask(), ask()]);
  begun[0]?.reject(new Error('no'));
  expect((await asked).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const next = ask();
  begun[1]?.resolve('yes');
  expect(await next).toBe('yes');
});
