// A delivery that was done before, or whose write was sent, never answered, and turns out to be done:
// nothing is written again, and there is no password to show. Pure.

import type { AlreadyCompleted } from './answer.ts';
import { done, type EarlierWrite, type HeldClaim, type Receipt } from './claim.ts';
import type { Ending } from './ending.ts';
import type { Case } from './journey.ts';
import { ok } from './result.ts';
import type { UserFacts } from './target.ts';

export const replay = (receipt: Receipt, warnings: readonly string[]): AlreadyCompleted => ({
  status: 'AlreadyCompleted',
  ...receipt,
  warnings,
});

/** The directory may date a change a little later than we sent it; this much later it is another. */
const ownChangeMs = 120_000;

export const changedSince = (user: UserFacts, { sentAt }: EarlierWrite): boolean =>
  user.lastPasswordChangeAt !== null && user.lastPasswordChangeAt - sentAt > ownChangeMs;

/** Somebody has set another password since: doing it again would lock the user out. */
export function settleEarlier(
  { request }: Case,
  held: HeldClaim,
  earlier: EarlierWrite,
  user: UserFacts,
): Ending {
  const receipt: Receipt = {
    userName: user.userPrincipalName,
    userId: user.id,
    accountEnabled: user.accountEnabled,
    forceChange: request.forceChange,
    completedAt: earlier.sentAt,
    requestId: earlier.requestId,
  };
  const outcome = ok(replay(receipt, request.warnings));
  return { outcome, counted: true, user, claim: { held, next: done(held, receipt) } };
}
