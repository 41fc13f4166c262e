// The reset itself, once the user is known and free to be reset: take the user, mark the delivery as
// sent, write the password, revoke, and say how it ended. Every way out names what becomes of the claim
// and of the lock, so that a crash between any two lines is survivable.

import type { Completed, SessionsRevoked } from './answer.ts';
import {
  type Claim,
  done,
  type EarlierWrite,
  givenUp,
  type HeldClaim,
  type Receipt,
  refusedUntil,
  released,
  sent,
} from './claim.ts';
import type { AskedRow, Ending } from './ending.ts';
import type { Failure } from './failure.ts';
import type { Case } from './journey.ts';
import { enablesAccount, resetPassword } from './reset-password.ts';
import { err, ok, type Result } from './result.ts';
import type { UserFacts } from './target.ts';
import { type HeldLock, type LockWish, lockUser, type UserLock } from './user-lock.ts';

export async function carryOut(
  journey: Case,
  user: UserFacts,
  claim: HeldClaim | undefined,
  earlier: EarlierWrite | undefined,
): Promise<Ending> {
  const taken = await take(journey, user, claim, earlier);
  if (!taken.ok) return taken.failure;
  const { held, lock } = taken.value;
  const ended = (
    outcome: Ending['outcome'],
    graphRequestId: string | undefined,
    nextLock: UserLock,
    nextClaim: Claim | undefined,
  ): Ending => ({
    outcome,
    counted: true,
    user,
    graphRequestId,
    lock: { next: nextLock, version: lock.version },
    claim: held && nextClaim && { held, next: nextClaim },
  });

  const reset = await resetPassword(journey, user);
  if (!reset.ok) {
    const { failure, graphRequestId } = reset.failure;
    return failure.code === 'OutcomeUnknown'
      ? ended(err(failure), graphRequestId, accounted(lock.lock), held && givenUp(held))
      : ended(err(failure), graphRequestId, free(lock.lock), held && released(held, earlier));
  }
  const { password, graphRequestId } = reset.value;
  const { ports, request, admitted, asked } = journey;
  const { requestId } = asked;
  const completedAt = ports.now();
  const sessionsRevoked = await revoke(journey, user);
  const withholds = admitted.caller.password === 'withhold';
  const receipt: Receipt = {
    userName: user.userPrincipalName,
    userId: user.id,
    accountEnabled: user.accountEnabled || enablesAccount(user, request),
    forceChange: request.forceChange,
    completedAt,
    requestId,
  };
  const success: Completed = {
    status: 'Completed',
    ...receipt,
    accountWasEnabled: user.accountEnabled,
    sessionsRevoked,
    password: withholds ? undefined : password,
    warnings: request.warnings,
  };
  const warnings = [...request.warnings, ...warningsOf(success, held !== undefined)];
  const completed = { at: completedAt, requestId, passwordReturned: !withholds };
  const nextLock = { ...free(lock.lock), completed };
  return ended(ok({ ...success, warnings }), graphRequestId, nextLock, held && done(held, receipt));
}

const accounted = (lock: UserLock): UserLock => ({ ...lock, recorded: true });
const free = (lock: UserLock): UserLock => ({ ...lock, state: 'free', recorded: true });

interface Taken {
  readonly held: HeldClaim | undefined;
  readonly lock: HeldLock;
}

/** The user's lock with the intent, and the claim's mark beside it: together or not at all. */
async function take(
  { config, ports, admitted, asked, deadline }: Case,
  user: UserFacts,
  claim: HeldClaim | undefined,
  earlier: EarlierWrite | undefined,
): Promise<Result<Taken, Ending>> {
  const at = ports.now();
  const { caller } = admitted;
  const wish: LockWish = {
    at,
    withholds: caller.password === 'withhold',
    cooldownSeconds: config.cooldownSeconds,
    earlierRequestId: earlier?.requestId,
  };
  const until = deadline.beforeWrite;
  const [locked, marked] = await Promise.all([
    lockUser(ports.users, user.id, wish, intentRow(asked, user, at), until),
    claim
      ? ports.deliveries.amend(caller.name, { held: claim, next: sent(claim, at) }, until)
      : ok(undefined),
  ]);
  const held = marked.ok ? marked.value : claim;
  if (!locked.ok) {
    const next = held && afterRefusedLock(held, locked.failure, earlier);
    return err({ outcome: locked, counted: true, user, claim: held && next && { held, next } });
  }
  if (marked.ok) return ok({ held, lock: locked.value });
  const lock = { next: free(locked.value.lock), version: locked.value.version };
  const refused = { counted: true, user, lock };
  if (marked.failure === 'lost') return err({ outcome: err({ code: 'InProgress' }), ...refused });
  // With the old version: a mark that was stored after all stays, as if the worker had died.
  const unmarked = claim && { held: claim, next: released(claim, earlier) };
  return err({ outcome: err(marked.failure), ...refused, claim: unmarked });
}

/** A refused lock takes the mark back. */
const afterRefusedLock = (
  held: HeldClaim,
  failure: Failure,
  earlier: EarlierWrite | undefined,
): Claim =>
  failure.code === 'RecentlyReset'
    ? refusedUntil(held, failure.until.getTime())
    : released(held, earlier);

const intentRow = ({ startedAt: _startedAt, ...who }: AskedRow, user: UserFacts, at: number) => ({
  kind: 'intent' as const,
  at: new Date(at).toISOString(),
  code: 'Intent',
  ...who,
  userName: user.userPrincipalName,
  userId: user.id,
  accountWasEnabled: user.accountEnabled,
});

/** Revoking has a little time of its own and never turns a done reset into an error. */
const revokeMs = 2_000;

async function revoke(
  { ports, request, asked, deadline }: Case,
  user: UserFacts,
): Promise<SessionsRevoked> {
  if (!request.revokeSessions) return 'NotRequested';
  const until = Math.min(deadline.graph, ports.now() + revokeMs);
  const revoked = await ports.directory.revokeSessions(user.id, asked.requestId, until);
  return revoked ? 'Revoked' : 'Failed';
}

const warningsOf = (success: Completed, hasKey: boolean): readonly string[] => [
  ...(success.accountEnabled
    ? []
    : ['The account is disabled and stays so: EnableUserIfNeeded was false.']),
  ...(success.sessionsRevoked === 'Failed'
    ? ['The sign-in sessions were not revoked; revoke them in the Entra admin centre.']
    : []),
  ...(success.password === undefined
    ? [
        'This caller does not receive passwords. To hand one to the user, reset again through a ' +
          'caller that returns it; that can follow at once.',
      ]
    : []),
  ...(hasKey
    ? []
    : [
        'No Idempotency-Key was sent, so a repetition is not recognised: only the lock and the cooldown ' +
          'of this user hold it off.',
      ]),
];
