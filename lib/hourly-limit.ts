// How many requests has this caller made within the hour? A sliding window over count rows, one a
// request, in the caller's partition: there is no counter row to fight for. It may be exceeded by what
// is in flight, and never refuses below the limit.

import type { Caller } from './caller.ts';
import type { DeliveryLedger } from './claim.ts';
import type { Failure } from './failure.ts';
import { err, ok, type Result } from './result.ts';

const hourMs = 3_600_000;

export async function withinHourlyLimit(
  ledger: DeliveryLedger,
  { name, maxResetsPerHour }: Caller,
  now: number,
  until: number,
): Promise<Result<void, Failure>> {
  const recent = await ledger.recent(name, now - hourMs, maxResetsPerHour, until);
  if (!recent.ok) return recent;
  // Newest first: once this one is an hour old, fewer than the limit are left.
  const decisive = recent.value[maxResetsPerHour - 1];
  if (decisive === undefined) return ok(undefined);
  const retryAfterSeconds = Math.ceil((decisive + hourMs - now) / 1000);
  return err({ code: 'TooManyRequests', by: 'caller', retryAfterSeconds });
}
