// Spares most requests the question how many came within the hour: while a caller is known to be far
// below its limit, what was read a moment ago and what this process has counted since is answer enough.
// Near the limit the ledger is asked every time, so that other instances are seen.

import type { DeliveryLedger } from '../claim.ts';
import { ok } from '../result.ts';

interface Remembered {
  /** When the ledger was asked. */
  readonly askedAt: number;
  /** Newest first. */
  readonly times: readonly number[];
}

const rememberedMs = 5_000;
/** "Far below": others would have to count as many again within those seconds. */
const farShare = 0.5;

export function rememberedCounts(ledger: DeliveryLedger): DeliveryLedger {
  const known = new Map<string, Remembered>();
  return {
    ...ledger,
    async amend(caller, amendment, until) {
      const { counted } = amendment;
      const amended = await ledger.amend(caller, amendment, until);
      const before = known.get(caller);
      if (amended.ok && counted && before) {
        known.set(caller, { ...before, times: [counted.at, ...before.times] });
      }
      return amended;
    },
    async recent(caller, since, most, until) {
      const now = Date.now();
      const before = known.get(caller);
      if (before !== undefined && now - before.askedAt < rememberedMs) {
        const times = before.times.filter((time) => time > since);
        if (times.length < most * farShare) return ok(times);
      }
      const read = await ledger.recent(caller, since, most, until);
      if (read.ok) known.set(caller, { askedAt: now, times: read.value });
      return read;
    },
  };
}
