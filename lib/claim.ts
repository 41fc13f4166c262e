// Is this delivery new, and if not, what became of it? One claim a delivery, one row a name; its state
// only moves forward and every instant of it survives a crash. The decision is pure (contract §5's
// table, row by row); the port below is what a ledger has to be able to do for it.

import type { Delivery } from './delivery.ts';
import type { Failure } from './failure.ts';
import { err, ok, type Result } from './result.ts';

/** What is known of a done reset: enough for AlreadyCompleted, no password and no hash of one. */
export interface Receipt {
  readonly userName: string;
  readonly userId: string;
  readonly accountEnabled: boolean;
  readonly forceChange: boolean;
  readonly completedAt: number;
  readonly requestId: string;
}

/** An earlier attempt of the delivery sent a write that was never answered. */
export interface EarlierWrite {
  readonly sentAt: number;
  readonly requestId: string;
}

/** Times are milliseconds since 1970. */
interface ClaimBase {
  readonly fingerprint: string;
  readonly requestId: string;
  /** When it was claimed; once sent, when the mark was made. */
  readonly at: number;
}
export type Claim = ClaimBase &
  (
    | { readonly state: 'claimed'; readonly earlier: EarlierWrite | undefined }
    | { readonly state: 'sent'; readonly givenUp: boolean }
    | { readonly state: 'done'; readonly receipt: Receipt }
    | { readonly state: 'refused'; readonly until: number }
    /** Worked on and refused or failed before the write: whoever comes next may run. */
    | { readonly state: 'free' }
  );

/** A claim as read or written, with the version that the next write has to match. */
export interface HeldClaim {
  readonly claim: Claim;
  readonly row: string;
  readonly version: string;
  /** Whether this request made it: then nobody else has ever worked on the delivery. */
  readonly isNew: boolean;
}

export type LedgerFailure = { readonly code: 'LedgerUnavailable' };
export type Lost = 'lost';

export interface Amendment {
  readonly held?: HeldClaim;
  readonly next?: Claim;
  /** Counts this request towards the caller's hour, in the same transaction. */
  readonly counted?: { readonly at: number; readonly requestId: string };
}

/** `until`: milliseconds since 1970 at which the ledger stops trying. */
export interface DeliveryLedger {
  /**
   * Inserts the claim under all names at once, or finds the delivery that one of them is known for
   * (the first name that is known decides) and records the unknown names as its aliases.
   */
  open(
    caller: string,
    names: readonly string[],
    claim: Claim,
    until: number,
  ): Promise<Result<HeldClaim, LedgerFailure>>;
  /** Writes only if nobody wrote since `held`; answers the new version. */
  amend(
    caller: string,
    amendment: Amendment,
    until: number,
  ): Promise<Result<HeldClaim | undefined, LedgerFailure | Lost>>;
  /** Removes a new claim, if nobody wrote since, as if the delivery had never come. */
  forget(caller: string, held: HeldClaim, until: number): Promise<void>;
  /** When the last `most` counted requests since `since` came, newest first. */
  recent(
    caller: string,
    since: number,
    most: number,
    until: number,
  ): Promise<Result<readonly number[], LedgerFailure>>;
}

/** A worker has answered by then: the deadline of 9 s and a margin. */
const workedOnMs = 10_000;
/** No write of Microsoft Graph is still on its way after that. */
export const unknownMs = 30_000;

export type ClaimVerdict =
  /** A write was sent and never answered: done already, if the password changed well after it. */
  | { readonly kind: 'run'; readonly earlier: EarlierWrite | undefined }
  | { readonly kind: 'replay'; readonly receipt: Receipt }
  | { readonly kind: 'refuse'; readonly failure: Failure };

export function judgeClaim(claim: Claim, fingerprint: string, now: number): ClaimVerdict {
  const same = claim.fingerprint === fingerprint;
  switch (claim.state) {
    case 'claimed':
      if (now - claim.at < workedOnMs) return refuse({ code: same ? 'InProgress' : 'KeyReused' });
      if (claim.earlier !== undefined && !same) return refuse({ code: 'KeyReused' });
      return { kind: 'run', earlier: claim.earlier };
    case 'sent':
      return same ? judgeSent(claim, now - claim.at) : refuse({ code: 'KeyReused' });
    case 'done':
      return same ? { kind: 'replay', receipt: claim.receipt } : refuse({ code: 'KeyReused' });
    case 'refused':
      if (same) return refuse({ code: 'RecentlyReset', until: new Date(claim.until) });
      return { kind: 'run', earlier: undefined };
    case 'free':
      return { kind: 'run', earlier: undefined };
  }
}

const refuse = (failure: Failure): ClaimVerdict => ({ kind: 'refuse', failure });

function judgeSent(claim: Extract<Claim, { state: 'sent' }>, age: number): ClaimVerdict {
  if (age < workedOnMs && !claim.givenUp) return refuse({ code: 'InProgress' });
  if (age > unknownMs) {
    return { kind: 'run', earlier: { sentAt: claim.at, requestId: claim.requestId } };
  }
  const retryAfterSeconds = Math.max(1, Math.ceil((unknownMs - age) / 1000));
  return refuse({ code: 'OutcomeUnknown', retryAfterSeconds });
}

/** The delivery is ours to work on (without a name there is no claim), or was done before. */
export type OpenedClaim =
  | { readonly held: HeldClaim | undefined; readonly earlier: EarlierWrite | undefined }
  | { readonly receipt: Receipt };

export interface FreshClaim extends Delivery {
  readonly caller: string;
  readonly requestId: string;
  readonly at: number;
}

/** Claims the delivery, or says what the ledger knows of it. */
export async function claimDelivery(
  ledger: DeliveryLedger,
  { names, fingerprint, caller, requestId, at }: FreshClaim,
  until: number,
): Promise<Result<OpenedClaim, Failure>> {
  if (names.length === 0) return ok({ held: undefined, earlier: undefined });
  const fresh: Claim = { fingerprint, requestId, at, state: 'claimed', earlier: undefined };
  const opened = await ledger.open(caller, names, fresh, until);
  if (!opened.ok) return opened;
  if (opened.value.isNew) return ok({ held: opened.value, earlier: undefined });

  const verdict = judgeClaim(opened.value.claim, fingerprint, at);
  if (verdict.kind === 'refuse') return err(verdict.failure);
  if (verdict.kind === 'replay') return ok({ receipt: verdict.receipt });
  const { earlier } = verdict;
  const next: Claim = { ...fresh, earlier };
  const taken = await ledger.amend(caller, { held: opened.value, next }, until);
  if (!taken.ok) return err(taken.failure === 'lost' ? { code: 'InProgress' } : taken.failure);
  return ok({ held: taken.value, earlier });
}

// How a claim moves on: always forward, each step one conditional write.

const moved = <Next extends object>(
  { claim: { fingerprint, requestId, at } }: HeldClaim,
  next: Next,
) => ({
  fingerprint,
  requestId,
  at,
  ...next,
});

/** From here on a worker that dies has sent its write, as far as anybody can tell. */
export const sent = (held: HeldClaim, at: number): Claim =>
  moved(held, { at, state: 'sent' as const, givenUp: false });

/** The write was sent, and nobody waits for its answer any more. */
export const givenUp = (held: HeldClaim): Claim =>
  moved(held, { state: 'sent' as const, givenUp: true });

export const done = (held: HeldClaim, receipt: Receipt): Claim =>
  moved(held, { state: 'done' as const, receipt });

/** A pause refuses the delivery for good: a retry must not reset once the pause is over. */
export const refusedUntil = (held: HeldClaim, until: number): Claim =>
  moved(held, { state: 'refused' as const, until });

/** Nothing was written: whoever comes next may run; an earlier unanswered write stays known. */
export const released = (held: HeldClaim, earlier: EarlierWrite | undefined): Claim =>
  earlier === undefined
    ? moved(held, { state: 'free' as const })
    : moved(held, {
        requestId: earlier.requestId,
        at: earlier.sentAt,
        state: 'sent' as const,
        givenUp: true,
      });
