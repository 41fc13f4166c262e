// THE STORY: one request from the door to the answer, read top to bottom. Every line is a station;
// whatever ends the journey early ends it there. Knows no SDK, no status code and no table.

import { admit, type Incoming } from './admission.ts';
import {
  type Answer,
  type Asking,
  answerFailure,
  answerSuccess,
  isEchoable,
  type SessionsRevoked,
  type Success,
} from './answer.ts';
import { abandonedReset, becauseOf, eventOf, type Log, whoAsksWhat } from './audit.ts';
import { callerMayAsk } from './caller.ts';
import {
  type Claim,
  claimDelivery,
  type DeliveryLedger,
  type EarlierWrite,
  type HeldClaim,
  type LedgerFailure,
  type Lost,
  type Receipt,
  released,
} from './claim.ts';
import type { Config } from './config.ts';
import { deadlineFrom } from './deadline.ts';
import { nameDelivery } from './delivery.ts';
import { type AskedRow, conclude, type Ending } from './ending.ts';
import type { Failure } from './failure.ts';
import { withinHourlyLimit } from './hourly-limit.ts';
import type { Case, Ports } from './journey.ts';
import { rehearse } from './rehearsal.ts';
import { enablesAccount, resetPassword } from './reset-password.ts';
import { err, ok, type Result } from './result.ts';
import { findTarget, type UserFacts } from './target.ts';
import { type HeldLock, type LockWish, lockUser, type UserLock } from './user-lock.ts';

export interface Reception {
  readonly requestId: string;
  /** Milliseconds since 1970 at which the host handed the request over. */
  readonly startedAt: number;
  readonly log: Log;
}

export type ResetHandler = (incoming: Incoming, reception: Reception) => Promise<Answer>;

export const resetHandler =
  (config: Result<Config, unknown>, ports: (log: Log) => Promise<Ports>): ResetHandler =>
  async (incoming, { requestId, startedAt, log }) => {
    const asking: Asking = {
      requestId,
      accept: incoming.headers.get('accept'),
      clientRequestId: incoming.headers.get('x-ms-client-request-id'),
    };
    try {
      const outcome: Result<Success, Failure> = config.ok
        ? await serve(config.value, await ports(log), incoming, asking, startedAt)
        : err({ code: 'NotConfigured' });
      return outcome.ok
        ? answerSuccess(outcome.value, asking)
        : answerFailure(outcome.failure, asking);
    } catch (bug) {
      log('error', 'InternalError', { requestId, error: describe(bug) });
      return answerFailure({ code: 'InternalError' }, asking);
    }
  };

/** Class and place of a bug; its message may hold what a user sent. */
const describe = (bug: unknown): string =>
  bug instanceof Error ? `${bug.name} ${bug.stack?.split('\n').slice(1, 5).join(' ')}` : typeof bug;

async function serve(
  config: Config,
  ports: Ports,
  incoming: Incoming,
  asking: Asking,
  startedAt: number,
): Promise<Result<Success, Failure>> {
  const { requestId } = asking;
  const deadline = deadlineFrom(startedAt);
  const read = await admit(incoming, config, ports.tokens, startedAt, deadline.beforeWrite);
  if (!read.ok) {
    const { code } = read.failure;
    const fields = { requestId, code, door: incoming.door, because: becauseOf(read.failure) };
    const malformed = code !== 'Unauthenticated' && code !== 'IdentityUnavailable';
    ports.log('warn', malformed ? 'RequestInvalid' : eventOf(read.failure), fields);
    return read;
  }
  const { admitted, request } = read.value;
  const client = asking.clientRequestId ?? '';
  const clientRequestId = isEchoable(client) ? client : undefined;
  const who = whoAsksWhat(admitted, incoming.door, request, clientRequestId);
  const asked: AskedRow = { ...who, requestId, startedAt };
  const journey: Case = { ...read.value, config, ports, asked, deadline };
  const ending = await decide(journey, incoming.headers);
  return conclude(ports, asked, ending, deadline.record);
}

async function decide(journey: Case, headers: Incoming['headers']): Promise<Ending> {
  const { config, ports, request, admitted, signed, asked, deadline } = journey;
  const { caller } = admitted;
  const { requestId } = asked;
  const allowed = callerMayAsk(admitted, request);
  if (!allowed.ok) return { outcome: allowed, counted: !isAboutTheToken(allowed.failure) };
  if (request.dryRun) return rehearse(journey);

  // Three waits side by side; the ledger's answer wins, so it is looked at first.
  const until = deadline.beforeWrite;
  const delivery = nameDelivery(caller.name, headers, signed, request);
  const counting = withinHourlyLimit(ports.deliveries, caller, asked.startedAt, until);
  const looking = findTarget(
    ports.directory,
    caller,
    request.userName,
    config.protectedGroupIds,
    requestId,
    until,
  );
  const claimed = await claimDelivery(
    ports.deliveries,
    caller.name,
    delivery,
    requestId,
    asked.startedAt,
    until,
  );
  if (!claimed.ok) return { outcome: claimed, counted: false };
  if ('receipt' in claimed.value) {
    return { outcome: ok(replay(claimed.value.receipt, request.warnings)), counted: false };
  }
  const { held, earlier } = claimed.value;
  const idle = { claim: held && { held, next: released(held, earlier) } };
  const [limit, target] = await Promise.all([counting, looking]);
  if (!limit.ok) return { outcome: limit, counted: false, ...idle };
  const { user } = target;
  if (held && earlier && user && changedSince(user, earlier)) {
    return settleEarlier(journey, held, earlier, user);
  }
  if (!target.verdict.ok) return { outcome: target.verdict, counted: true, user, ...idle };
  if (user === undefined) throw new Error('A target without facts passed the guard.');
  return act(journey, user, held, earlier, delivery.names.length > 0);
}

const isAboutTheToken = (failure: Failure): boolean =>
  failure.code === 'CallerNotAllowed' && failure.rule === 'appRole';

const replay = (receipt: Receipt, warnings: readonly string[]): Success => ({
  status: 'AlreadyCompleted',
  ...receipt,
  warnings,
});

/** The directory may date a change a little later than we sent it; this much later it is another. */
const ownChangeMs = 120_000;

const changedSince = (user: UserFacts, { sentAt }: EarlierWrite): boolean =>
  user.lastPasswordChangeAt !== null && user.lastPasswordChangeAt - sentAt > ownChangeMs;

/** Somebody has set another password since: doing it again would lock the user out. */
function settleEarlier(
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
  const next: Claim = { ...claimBase(held), at: earlier.sentAt, state: 'done', receipt };
  return {
    outcome: ok(replay(receipt, request.warnings)),
    counted: true,
    user,
    claim: { held, next },
  };
}

const claimBase = ({ claim: { fingerprint, requestId, at } }: HeldClaim) => ({
  fingerprint,
  requestId,
  at,
});

/** The user is taken, the claim is marked as sent, the password is written, sessions are revoked. */
async function act(
  journey: Case,
  user: UserFacts,
  claim: HeldClaim | undefined,
  earlier: EarlierWrite | undefined,
  hasKey: boolean,
): Promise<Ending> {
  const taken = await take(journey, user, claim, earlier);
  if (!taken.ok) return taken.failure;
  const { held, lock } = taken.value;
  const freed: UserLock = { ...lock.lock, state: 'free', recorded: true };
  const ended = (
    end: Pick<Ending, 'outcome' | 'graphRequestId'>,
    next: UserLock,
    claimed?: Claim,
  ) => ({
    ...end,
    counted: true,
    user,
    lock: { next, version: lock.version },
    claim: held && claimed && { held, next: claimed },
  });

  const { ports, request, admitted, asked, deadline } = journey;
  const { directory, randomBelow, now } = ports;
  const { requestId } = asked;
  const reset = await resetPassword(
    directory,
    user,
    request,
    requestId,
    randomBelow,
    now,
    deadline,
  );
  if (!reset.ok) {
    const { failure, graphRequestId } = reset.failure;
    const end = { outcome: err(failure), graphRequestId };
    if (failure.code !== 'OutcomeUnknown')
      return ended(end, freed, held && released(held, earlier));
    return ended(end, { ...lock.lock, recorded: true }, held && givenUp(held));
  }
  const completedAt = now();
  const sessionsRevoked = await revoke(journey, user);
  const withholds = admitted.caller.password === 'withhold';
  const receipt: Receipt = {
    userName: user.userPrincipalName,
    userId: user.id,
    accountEnabled: user.accountEnabled || enablesAccount(user, request),
    forceChange: request.forceChange || request.forceChangeWithMfa,
    completedAt,
    requestId,
  };
  const success: Success = {
    status: 'Completed',
    ...receipt,
    accountWasEnabled: user.accountEnabled,
    sessionsRevoked,
    password: withholds ? undefined : reset.value.password,
    warnings: [
      ...request.warnings,
      ...warningsOf({ ...receipt, sessionsRevoked, withholds, hasKey }),
    ],
  };
  const completed = { at: completedAt, passwordReturned: !withholds };
  return ended(
    { outcome: ok(success), graphRequestId: reset.value.graphRequestId },
    { ...freed, completed },
    held && { ...claimBase(held), state: 'done', receipt },
  );
}

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
  const wish: LockWish = {
    userId: user.id,
    requestId: asked.requestId,
    caller: admitted.caller.name,
    at,
    withholds: admitted.caller.password === 'withhold',
    cooldownSeconds: config.cooldownSeconds,
  };
  const abandoned = (lock: UserLock) => abandonedReset(user.id, lock, at);
  const until = deadline.beforeWrite;
  const [locked, marked] = await Promise.all([
    lockUser(ports.users, wish, intentRow(asked, user, at), abandoned, until),
    markSent(ports.deliveries, wish.caller, claim, at, until),
  ]);
  const held = marked.ok ? marked.value : claim;
  if (!locked.ok) {
    const { failure } = locked;
    const next = held && (refusedFor(held, failure) ?? released(held, earlier));
    return err({ outcome: locked, counted: true, user, claim: held && next && { held, next } });
  }
  if (marked.ok) return ok({ held, lock: locked.value });
  const failure: Failure = marked.failure === 'lost' ? { code: 'InProgress' } : marked.failure;
  const next: UserLock = { ...locked.value.lock, state: 'free', recorded: true };
  const lock = { next, version: locked.value.version };
  return err({ outcome: err(failure), counted: true, user, lock });
}

/** From here on a worker that dies has sent its write, as far as anybody can tell. */
const markSent = async (
  deliveries: DeliveryLedger,
  caller: string,
  held: HeldClaim | undefined,
  at: number,
  until: number,
): Promise<Result<HeldClaim | undefined, LedgerFailure | Lost>> => {
  if (held === undefined) return ok(undefined);
  const next: Claim = { ...claimBase(held), at, state: 'sent', givenUp: false };
  return deliveries.amend(caller, { held, next }, until);
};

const givenUp = (held: HeldClaim): Claim => ({ ...claimBase(held), state: 'sent', givenUp: true });

/** A pause refuses the delivery for good: a retry must not reset once the pause is over. */
const refusedFor = (held: HeldClaim, failure: Failure): Claim | undefined =>
  failure.code === 'RecentlyReset'
    ? { ...claimBase(held), state: 'refused', until: failure.until.getTime() }
    : undefined;

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

interface Circumstances {
  readonly accountEnabled: boolean;
  readonly sessionsRevoked: SessionsRevoked;
  readonly withholds: boolean;
  readonly hasKey: boolean;
}

function warningsOf(now: Circumstances): readonly string[] {
  const warnings: string[] = [];
  if (!now.accountEnabled) {
    warnings.push('The account is disabled and stays so: EnableUserIfNeeded was false.');
  }
  if (now.sessionsRevoked === 'Failed') {
    warnings.push(
      'The sign-in sessions were not revoked; revoke them in the Entra admin centre (Revoke sessions).',
    );
  }
  if (now.withholds) {
    warnings.push(
      'This caller does not receive passwords. To hand one to the user, reset again through a ' +
        'caller that returns it; that can follow at once.',
    );
  }
  if (!now.hasKey) {
    warnings.push('No Idempotency-Key was sent: a repetition of this request would reset again.');
  }
  return warnings;
}
