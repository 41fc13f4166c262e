// What the directory can answer instead of an ordinary user and a done write.

import { member } from '../../lib/member.ts';
import { err, ok } from '../../lib/result.ts';
import type { Directory } from '../../lib/target.ts';
import { aTenant, aUser } from './a-valid-user.ts';

/** Every kind of refusal before the write, with its code. */
export const refusals: readonly [string, Partial<Directory>][] = [
  ['UserNotFound', { user: async () => err({ code: 'UserNotFound' }) }],
  [
    'GraphDenied',
    { user: async () => err({ code: 'GraphDenied', step: 'read', right: 'User.Read.All' }) },
  ],
  [
    'GraphUnavailable',
    { user: async () => err({ code: 'GraphUnavailable', retryAfterSeconds: 5 }) },
  ],
  ['IdentityUnavailable', { user: async () => err({ code: 'IdentityUnavailable' }) }],
  [
    'TooManyRequests',
    { user: async () => err({ code: 'TooManyRequests', by: 'graph', retryAfterSeconds: 7 }) },
  ],
  [
    'GraphUnavailable',
    { tenant: async () => err({ code: 'GraphUnavailable', retryAfterSeconds: 5 }) },
  ],
  [
    'TargetProtected',
    { tenant: async () => err({ code: 'TargetProtected', because: 'unreadable' }) },
  ],
  ['TargetProtected', { user: async () => ok(aUser({ isManagementRestricted: true })) }],
  [
    'TargetProtected',
    { user: async () => ok(aUser({ userPrincipalName: 'x@contoso.com', id: 'x' })) },
  ],
  ['DirectorySynced', { user: async () => ok(aUser({ onPremisesSyncEnabled: true })) }],
  ['GuestUser', { user: async () => ok(aUser({ userType: 'Guest' })) }],
  [
    'FederatedUser',
    { tenant: async () => ok(aTenant({ domains: new Map([['contoso.com', 'Federated']]) })) },
  ],
];

/** A write was sent, and its answer was not seen. */
export const unanswered: Partial<Directory> = {
  setPassword: async () => ({ kind: 'unknown', graphRequestId: undefined }),
};

/** A port that answers `value` only when its time is up, on the clock that the test holds. */
export const hangs =
  <T>(clock: { now: number }, value: T) =>
  (...args: readonly unknown[]): Promise<T> => {
    const until = typeof args.at(-1) === 'number' ? args.at(-1) : member(args.at(-1), 'end');
    if (typeof until !== 'number') throw new Error('A port was called without its time.');
    clock.now = Math.max(clock.now, until);
    return Promise.resolve(value);
  };
