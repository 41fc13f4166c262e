// THE STORY: one request from the door to the answer, read top to bottom. Every line is a station;
// whatever ends the journey early ends it there. Knows no SDK, no status code and no table.

import { authenticate, type Incoming, readIncoming } from './admission.ts';
import {
  type Answer,
  type Asking,
  answerFailure,
  answerSuccess,
  askingOf,
  type Success,
} from './answer.ts';
import { becauseOf, describeBug, eventOf, type Log, whoAsksWhat } from './audit.ts';
import { callerMayAsk } from './caller.ts';
import { carryOut } from './carry-out.ts';
import { claimDelivery, type EarlierWrite, type HeldClaim, released } from './claim.ts';
import type { Config } from './config.ts';
import { deadlineFrom } from './deadline.ts';
import { nameDelivery } from './delivery.ts';
import { type AskedRow, conclude, crowded, type Ending } from './ending.ts';
import type { Failure } from './failure.ts';
import { withinHourlyLimit } from './hourly-limit.ts';
import type { Case, Ports } from './journey.ts';
import { rehearse } from './rehearsal.ts';
import { changedSince, replay, settleEarlier } from './replay.ts';
import { err, ok, type Result } from './result.ts';
import { findTarget } from './target.ts';
import { type InTurn, inTurnBeside, turnsOf } from './turns.ts';

export type ResetHandler = (incoming: Incoming, log: Log) => Promise<Answer>;

/** Far above what a person or a ticketing system sends, far below what makes everybody late. */
const mostAtOnce = 64;

export function resetHandler(
  config: Result<Config, unknown>,
  /** undefined: what the settings name cannot be opened. */
  ports: (log: Log) => Promise<Ports | undefined>,
): ResetHandler {
  const inTurn = turnsOf(mostAtOnce);
  return async (incoming, log) => {
    const { requestId, headers } = incoming;
    const asking = askingOf(requestId, headers);
    try {
      const opened = config.ok ? await ports(log) : undefined;
      const outcome: Result<Success, Failure> =
        config.ok && opened
          ? await serve(config.value, opened, incoming, asking, inTurn)
          : err({ code: 'NotConfigured' });
      return outcome.ok
        ? answerSuccess(outcome.value, asking)
        : answerFailure(outcome.failure, asking);
    } catch (bug) {
      log('error', 'InternalError', { requestId, error: describeBug(bug) });
      return answerFailure({ code: 'InternalError' }, asking);
    }
  };
}

async function serve(
  config: Config,
  ports: Ports,
  incoming: Incoming,
  { clientRequestId }: Asking,
  inTurn: InTurn,
): Promise<Result<Success, Failure>> {
  const { door, requestId, startedAt } = incoming;
  const deadline = deadlineFrom(startedAt);
  const turnAway = (failure: Failure, caller?: string) => {
    const fields = { requestId, code: failure.code, caller, door, because: becauseOf(failure) };
    ports.log('warn', eventOf(failure), fields);
    return err(failure);
  };
  const admitted = await authenticate(incoming, config, ports.tokens, deadline.beforeWrite);
  if (!admitted.ok) return turnAway(admitted.failure);
  const { caller } = admitted.value;
  const read = readIncoming(incoming, caller);
  if (!read.ok) return turnAway(read.failure, caller.name);

  const who = whoAsksWhat(admitted.value, door, read.value.request, clientRequestId);
  const asked: AskedRow = { ...who, requestId, startedAt };
  const journey: Case = { admitted: admitted.value, ...read.value, config, ports, asked, deadline };
  const ending = await decide(journey, incoming.headers, inTurn);
  return conclude(ports, asked, ending, deadline.record);
}

/** The stations after the door, until the way ends. Records come afterwards, in `conclude`. */
async function decide(
  journey: Case,
  headers: Incoming['headers'],
  inTurn: InTurn,
): Promise<Ending> {
  const { ports, request, admitted, deadline } = journey;
  const allowed = callerMayAsk(admitted, request);
  if (!allowed.ok) return { outcome: allowed, counted: !isAboutTheToken(allowed.failure) };
  if (request.dryRun) return rehearse(journey, inTurn);

  // Three waits side by side: two on the ledger, and in turn the look-up. What the ledger knows wins.
  const asking = askLedger(journey, headers);
  const patienceMs = deadline.beforeWrite - ports.now();
  const told = await inTurnBeside(inTurn, asking, () => workOn(journey, asking), patienceMs);
  if (!told.ok) return told.failure;
  const { known, done } = told.value;
  return done ?? { ...crowded, claim: untouched(known) };
}

/** The delivery is this request's to work on, and within the caller's hour. */
interface Open {
  readonly held: HeldClaim | undefined;
  readonly earlier: EarlierWrite | undefined;
}

async function askLedger(
  { ports, request, admitted, signed, asked, deadline }: Case,
  headers: Incoming['headers'],
): Promise<Result<Open, Ending>> {
  const { deliveries } = ports;
  const { caller } = admitted;
  const { requestId, startedAt } = asked;
  const until = deadline.beforeWrite;
  const { names, fingerprint } = nameDelivery(caller.name, headers, signed, request);
  const fresh = { names, fingerprint, caller: caller.name, requestId, at: startedAt };
  const claiming = claimDelivery(deliveries, fresh, until);
  const counting = withinHourlyLimit(deliveries, caller, startedAt, until);
  void Promise.allSettled([counting]);

  const claimed = await claiming;
  if (!claimed.ok) return err({ outcome: claimed, counted: false });
  if ('receipt' in claimed.value) {
    return err({ outcome: ok(replay(claimed.value.receipt, request.warnings)), counted: false });
  }
  const limit = await counting;
  if (limit.ok) return ok(claimed.value);
  // Names that a signature ties together stay tied: forgotten, a captured attempt would be new again.
  const forgets = claimed.value.held?.isNew && names.length === 1;
  return err({ outcome: limit, counted: false, claim: untouched(claimed.value), forgets });
}

/** Nothing was written for it: whoever comes next may run. */
const untouched = ({ held, earlier }: Open): Ending['claim'] =>
  held && { held, next: released(held, earlier) };

/** Looks the user up while the ledger is still being asked, and goes on when both have answered. */
async function workOn(journey: Case, asking: ReturnType<typeof askLedger>): Promise<Ending> {
  const { config, ports, request, admitted, asked, deadline } = journey;
  const looking = findTarget(
    ports.directory,
    admitted.caller,
    request,
    config.protectedGroupIds,
    asked.requestId,
    deadline.beforeWrite,
  );
  void Promise.allSettled([looking]);
  const known = await asking;
  const target = await looking;
  if (!known.ok) return known.failure;
  const { held, earlier } = known.value;
  const user = target.ok ? target.value : target.failure.user;
  if (held && earlier && user && changedSince(user, earlier)) {
    return settleEarlier(journey, held, earlier, user);
  }
  if (target.ok) return carryOut(journey, target.value, held, earlier);
  const claim = untouched(known.value);
  return { outcome: err(target.failure.why), counted: true, user, claim };
}

const isAboutTheToken = (failure: Failure): boolean =>
  failure.code === 'CallerNotAllowed' && failure.rule === 'appRole';
