// One reset per user at a time, over all callers and instances, and a pause after a done one. The lock
// is a row of the user's partition that expires by itself; the intent of the reset is written in the
// same transaction. The decision is pure; the port is what a ledger has to be able to do for it.

import type { AuditRow } from './audit.ts';
import { type LedgerFailure, type Lost, unknownMs } from './claim.ts';
import type { Failure } from './failure.ts';
import { err, ok, type Result } from './result.ts';

/** Times are milliseconds since 1970. */
export interface UserLock {
  readonly state: 'held' | 'free';
  readonly requestId: string;
  readonly caller: string;
  /** When it was taken; a write may be on its way until 30 s later. */
  readonly at: number;
  /** The outcome of the holder's reset is in the audit, or nobody has to write it any more. */
  readonly recorded: boolean;
  readonly completed: CompletedReset | undefined;
}

/** The last done reset of the user, and whether its password was handed out. */
export interface CompletedReset {
  readonly at: number;
  readonly requestId: string;
  readonly passwordReturned: boolean;
}

export interface HeldLock {
  readonly lock: UserLock;
  readonly version: string;
}

export interface LockChange {
  readonly next: UserLock;
  /** undefined: there must be no lock row yet. */
  readonly version: string | undefined;
}

export interface UserLedger {
  read(userId: string, until: number): Promise<Result<HeldLock | undefined, LedgerFailure>>;
  /** One transaction in the partition: the lock (if its version still matches) and audit rows. */
  write(
    partition: string,
    change: LockChange | undefined,
    rows: readonly AuditRow[],
    until: number,
  ): Promise<Result<string, LedgerFailure | Lost>>;
}

export interface LockWish {
  readonly at: number;
  /** A withheld reset starts the pause only for withholding callers. */
  readonly withholds: boolean;
  readonly cooldownSeconds: number;
  /** An earlier attempt of the same delivery: its own reset is no reason to refuse it. */
  readonly earlierRequestId?: string | undefined;
}

/** Why the user cannot be taken now; undefined = it can. */
export function judgeLock(lock: UserLock | undefined, wish: LockWish): Failure | undefined {
  if (lock === undefined) return undefined;
  if (lock.state === 'held' && wish.at - lock.at <= unknownMs) return { code: 'InProgress' };
  const { completed } = lock;
  if (completed === undefined || completed.requestId === wish.earlierRequestId) return undefined;
  if (!completed.passwordReturned && !wish.withholds) return undefined;
  const until = completed.at + wish.cooldownSeconds * 1000;
  return wish.at < until ? { code: 'RecentlyReset', until: new Date(until) } : undefined;
}

/**
 * Takes the user, with the intent in the same transaction. A user without a row costs one write; a
 * known one a read and a conditional write more. An abandoned lock is first accounted for.
 */
export async function lockUser(
  ledger: UserLedger,
  userId: string,
  wish: LockWish,
  intent: AuditRow,
  until: number,
): Promise<Result<HeldLock, Failure>> {
  const { at } = wish;
  const { requestId, caller } = intent;
  const next: UserLock = {
    state: 'held',
    requestId,
    caller,
    at,
    recorded: false,
    completed: undefined,
  };
  const first = await ledger.write(userId, { next, version: undefined }, [intent], until);
  if (first.ok) return ok({ lock: next, version: first.value });
  if (first.failure !== 'lost') return err(first.failure);

  const known = await ledger.read(userId, until);
  if (!known.ok) return known;
  const lock = known.value?.lock;
  const refusal = judgeLock(lock, wish);
  if (refusal !== undefined) return err(refusal);
  const mine: UserLock = { ...next, completed: lock?.completed };
  const isAbandoned = lock?.state === 'held' && !lock.recorded;
  const rows = isAbandoned ? [abandonedReset(userId, lock, at), intent] : [intent];
  const change = { next: mine, version: known.value?.version };
  const second = await ledger.write(userId, change, rows, until);
  if (second.ok) return ok({ lock: mine, version: second.value });
  return err(second.failure === 'lost' ? { code: 'InProgress' } : second.failure);
}

/** For the reset of a worker that never came back: its outcome will not be known any more. */
export const abandonedReset = (userId: string, lock: UserLock, now: number): AuditRow => ({
  kind: 'outcome',
  at: new Date(now - 1).toISOString(), // the trail shows it before the taker's own intent
  requestId: lock.requestId,
  code: 'OutcomeUnknown',
  caller: lock.caller,
  userId,
});
