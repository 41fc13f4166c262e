// What the fault tables have in common: how an outcome is written down, the ordinary ones, and what becomes of
// each trouble when Graph is read before the write. Data only.

import type { Trouble } from '../support/dependency-troubles.ts';

/** Status and code, whether the user was changed, the same delivery right after. */
export type Outcome = readonly [answer: string, changed: 'changed' | 'unchanged', next: string];

export const completed: Outcome = ['200 Completed', 'changed', '200 AlreadyCompleted'];
export const throttledOut: Outcome = ['429 TooManyRequests', 'unchanged', '200 Completed'];
export const protectedNow: Outcome = ['403 TargetProtected', 'unchanged', '200 Completed'];
const graphDown: Outcome = ['503 GraphUnavailable', 'unchanged', '200 Completed'];

export const graphRead: Readonly<Record<Trouble, Outcome>> = {
  slow: completed,
  hang: graphDown,
  'reset before': graphDown,
  'reset after': graphDown,
  '429': throttledOut,
  '429 Retry-After': throttledOut,
  '500 empty': graphDown,
  '502 HTML': graphDown,
  '503': graphDown,
  '504': graphDown,
  truncated: graphDown,
  'wrong content type': protectedNow,
};
