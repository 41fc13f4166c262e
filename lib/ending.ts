// How a request ends, and the records that say so: the outcome row, the settled claim, the released
// lock, the count. All side by side, before the answer. What cannot be recorded is said, never hidden.

import type { Success } from './answer.ts';
import { type AuditRow, becauseOf, eventOf, type Log } from './audit.ts';
import type { Claim, DeliveryLedger, HeldClaim } from './claim.ts';
import type { Failure } from './failure.ts';
import { err, ok, type Result } from './result.ts';
import type { UserFacts } from './target.ts';
import type { LockChange, UserLedger } from './user-lock.ts';

export interface Ending {
  readonly outcome: Result<Success, Failure>;
  /** Whether the request counts towards the caller's hour. */
  readonly counted: boolean;
  readonly claim?: { readonly held: HeldClaim; readonly next: Claim } | undefined;
  /** The claim is removed as if the delivery had never come. */
  readonly forgets?: boolean | undefined;
  readonly lock?: LockChange | undefined;
  readonly user?: UserFacts | undefined;
  readonly graphRequestId?: string | undefined;
}

export interface RecordTools {
  readonly deliveries: DeliveryLedger;
  readonly users: UserLedger;
  readonly log: Log;
  readonly now: () => number;
}

/** What the rows of one request share: who asks for what, under which id, since when. */
export type AskedRow = Omit<AuditRow, 'kind' | 'at' | 'code'> & { readonly startedAt: number };

const crowdedRetrySeconds = 10;
/** The turn of a request did not come in time: Graph was not asked. */
export const crowded: Ending = {
  outcome: err({ code: 'GraphUnavailable', retryAfterSeconds: crowdedRetrySeconds }),
  counted: true,
};

const releaseMs = 1_000;

/** Writes the records and answers what may now be said. `until`: ms since 1970, the last moment. */
export async function conclude(
  tools: RecordTools,
  asked: AskedRow,
  ending: Ending,
  until: number,
): Promise<Result<Success, Failure>> {
  const { outcome, lock, claim, counted } = ending;
  const row = outcomeRow(asked, ending, tools.now());
  const failed = outcome.ok ? undefined : outcome.failure;
  // Without the ledger there is nothing to record; a lock that was taken is given back if it can be.
  const ledgerDown = failed?.code === 'LedgerUnavailable';
  const latest = ledgerDown ? Math.min(until, tools.now() + releaseMs) : until;
  if (failed?.code === 'TooManyRequests' && failed.by === 'caller') {
    return limited(tools, row, ending, until);
  }
  const writesRow = !ledgerDown || lock !== undefined;
  const { requestId, caller, startedAt } = asked;
  const count = counted ? { counted: { at: startedAt, requestId } } : {};
  const amends = claim?.held !== undefined || (counted && !ledgerDown);
  const [told, settled] = await Promise.all([
    writesRow ? writeOutcome(tools.users, asked, ending, row, latest) : ok(''),
    amends ? tools.deliveries.amend(caller, { ...claim, ...count }, latest) : ok(undefined),
  ]);
  tools.log(...logLine(outcome, row));
  if (told.ok && settled.ok) return outcome;
  tools.log('error', 'RecordNotWritten', logLine(outcome, row)[2]);
  return unrecorded(outcome, claim !== undefined && settled.ok);
}

/** A refusal by the hourly limit leaves no record, so that nobody can fill the tables. */
async function limited(
  { deliveries, log }: RecordTools,
  row: AuditRow,
  { outcome, claim, forgets }: Ending,
  until: number,
): Promise<Result<Success, Failure>> {
  if (claim && forgets) await deliveries.forget(row.caller, claim.held, until);
  else if (claim) await deliveries.amend(row.caller, claim, until);
  log(...logLine(outcome, row));
  return outcome;
}

function logLine(outcome: Result<Success, Failure>, row: AuditRow): Parameters<Log> {
  const { kind: _kind, ...fields } = row;
  const event = eventOf(outcome.ok ? outcome.value.status : outcome.failure);
  return [outcome.ok ? 'info' : 'warn', event, fields];
}

/** The lock and the row in one transaction; if the lock has moved on, the row alone. */
async function writeOutcome(
  users: UserLedger,
  asked: AskedRow,
  { user, lock }: Ending,
  row: AuditRow,
  until: number,
) {
  const userId = user?.id ?? row.userId;
  const partition = userId ?? `caller~${asked.caller}`;
  const told = await users.write(partition, lock, [row], until);
  if (told.ok || told.failure !== 'lost') return told;
  await users.write(partition, undefined, [row], until);
  return told;
}

/** A done or unknown reset stays what it is; everything else has not happened and may be repeated. */
function unrecorded(
  outcome: Result<Success, Failure>,
  claimIsSettled: boolean,
): Result<Success, Failure> {
  if (!outcome.ok) {
    const unknown = outcome.failure.code === 'OutcomeUnknown';
    return unknown ? outcome : err({ code: 'LedgerUnavailable' });
  }
  if (outcome.value.status !== 'Completed') return err({ code: 'LedgerUnavailable' });
  const warning = claimIsSettled
    ? 'The audit record of this reset was not written.'
    : 'The reset was not recorded; repeating this request resets again.';
  return ok({ ...outcome.value, warnings: [...outcome.value.warnings, warning] });
}

function outcomeRow(asked: AskedRow, ending: Ending, now: number): AuditRow {
  const { startedAt, ...who } = asked;
  const { outcome, user, graphRequestId } = ending;
  const done = outcome.ok && outcome.value.status === 'Completed' ? outcome.value : undefined;
  return {
    kind: 'outcome',
    at: new Date(now).toISOString(),
    code: outcome.ok ? outcome.value.status : outcome.failure.code,
    ...who,
    userName: user?.userPrincipalName ?? (outcome.ok ? outcome.value.userName : undefined),
    userId: user?.id ?? (outcome.ok ? outcome.value.userId : undefined),
    accountWasEnabled: user?.accountEnabled,
    accountEnabled: done?.accountEnabled,
    passwordReturned: done && done.password !== undefined,
    sessionsRevoked: done?.sessionsRevoked,
    because: outcome.ok ? undefined : becauseOf(outcome.failure),
    // Of the last answer of Graph that was seen.
    graphRequestId:
      graphRequestId ??
      (outcome.ok ? undefined : outcome.failure.graphRequestId) ??
      user?.graphRequestId,
    elapsedMs: now - startedAt,
  };
}
