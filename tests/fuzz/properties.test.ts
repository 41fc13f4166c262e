// A few hundred cases of each property with every `npm test`; the long run is `npm run fuzz`.

import { expect, test } from '@jest/globals';
import { properties } from './properties.ts';

test.each(Object.entries(properties))('%s: 300 cases', async (_name, run) => {
  const { cases, failure } = await run({ numRuns: 300 });
  expect(failure).toBeUndefined();
  expect(cases).toBe(300);
});
