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
import { claimDelivery, released } from './claim.ts';
import type { Config } from './config.ts';
import { deadlineFrom } from './deadline.ts';
import { nameDelivery } from './delivery.ts';
import { type AskedRow, conclude, type Ending } from './ending.ts';
import type { Failure } from './failure.ts';
import { withinHourlyLimit } from './hourly-limit.ts';
import type { Case, Ports } from './journey.ts';
import { rehearse } from './rehearsal.ts';
import { changedSince, replay, settleEarlier } from './replay.ts';
import { err, ok, type Result } from './result.ts';
import { findTarget } from './target.ts';
import { type InTurn, turnsOf } from './turns.ts';

export type ResetHandler = (incoming: Incoming, log: Log) => Promise<Answer>;

/** Far above what a person or a ticketing system sends, far below what makes everybody late. */
const mostAtOnce = 64;
const crowdedRetrySeconds = 10;

export function resetHandler(
  config: Result<Config, unknown>,
  ports: (log: Log) => Promise<Ports>,
): ResetHandler {
  const inTurn = turnsOf(mostAtOnce);
  return async (incoming, log) => {
    const { requestId, headers } = incoming;
    const asking = askingOf(requestId, headers);
    try {
      const outcome: Result<Success, Failure> = config.ok
        ? await serve(config.value, await ports(log), incoming, asking, inTurn)
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
  const tell = (ending: Ending) => conclude(ports, asked, ending, deadline.record);
  // Refusals that need nobody else do not wait in line.
  const allowed = callerMayAsk(admitted.value, read.value.request);
  if (!allowed.ok) return tell({ outcome: allowed, counted: !isAboutTheToken(allowed.failure) });
  const work = async () => tell(await decide(journey, incoming.headers));
  return (await inTurn(work, deadline.beforeWrite - ports.now())) ?? tell(crowded);
}

const crowded: Ending = {
  outcome: err({ code: 'GraphUnavailable', retryAfterSeconds: crowdedRetrySeconds }),
  counted: true,
};

/** The stations after the door, until the way ends. Records come afterwards, in `conclude`. */
async function decide(journey: Case, headers: Incoming['headers']): Promise<Ending> {
  const { config, ports, request, admitted, signed, asked, deadline } = journey;
  const { deliveries, directory } = ports;
  const { caller } = admitted;
  const { requestId, startedAt } = asked;
  const until = deadline.beforeWrite;

  if (request.dryRun) return rehearse(journey);

  // Three waits side by side; what the ledger knows wins, so it is looked at first.
  const { names, fingerprint } = nameDelivery(caller.name, headers, signed, request);
  const fresh = { names, fingerprint, caller: caller.name, requestId, at: startedAt };
  const { protectedGroupIds } = config;
  const claiming = claimDelivery(deliveries, fresh, until);
  const counting = withinHourlyLimit(deliveries, caller, startedAt, until);
  const looking = findTarget(directory, caller, request, protectedGroupIds, requestId, until);
  void Promise.allSettled([counting, looking]); // an early end leaves nobody to await them

  const claimed = await claiming;
  if (!claimed.ok) return { outcome: claimed, counted: false };
  if ('receipt' in claimed.value) {
    return { outcome: ok(replay(claimed.value.receipt, request.warnings)), counted: false };
  }
  const { held, earlier } = claimed.value;
  const claim = held && { held, next: released(held, earlier) };
  const limit = await counting;
  if (!limit.ok) {
    // Names that a signature ties together stay tied: forgotten, a captured attempt would be new again.
    const forgets = held?.isNew && names.length === 1;
    return { outcome: limit, counted: false, claim, forgets };
  }
  const target = await looking;
  const user = target.ok ? target.value : target.failure.user;
  if (held && earlier && user && changedSince(user, earlier)) {
    return settleEarlier(journey, held, earlier, user);
  }
  if (!target.ok) return { outcome: err(target.failure.why), counted: true, user, claim };
  return carryOut(journey, target.value, held, earlier);
}

const isAboutTheToken = (failure: Failure): boolean =>
  failure.code === 'CallerNotAllowed' && failure.rule === 'appRole';
