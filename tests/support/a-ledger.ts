// A ledger in memory that keeps the ports' promises: insert if absent, write if nobody wrote since.
// Object literals, so that a test replaces one method and keeps the rest. Knows no table.

import type { AuditRow } from '../../lib/audit.ts';
import type { Claim, DeliveryLedger, HeldClaim } from '../../lib/claim.ts';
import { err, ok } from '../../lib/result.ts';
import type { UserLedger, UserLock } from '../../lib/user-lock.ts';

export interface LedgerInMemory {
  readonly deliveries: DeliveryLedger;
  readonly users: UserLedger;
  /** What the ledger holds, for a test to look at or to prepare. */
  readonly claims: Map<string, { claim: Claim; version: number }>;
  /** Names of deliveries: caller and name, and the row they lead to. */
  readonly names: Map<string, string>;
  readonly locks: Map<string, { lock: UserLock; version: number }>;
  readonly rows: { readonly partition: string; readonly row: AuditRow }[];
  readonly counts: { readonly caller: string; readonly at: number; readonly requestId: string }[];
}

export function aLedger(): LedgerInMemory {
  const claims: LedgerInMemory['claims'] = new Map();
  const names: LedgerInMemory['names'] = new Map();
  const locks: LedgerInMemory['locks'] = new Map();
  const rows: LedgerInMemory['rows'] = [];
  const counts: LedgerInMemory['counts'] = [];
  let version = 0;

  const held = (row: string, isNew: boolean): HeldClaim | undefined => {
    const known = claims.get(row);
    return known && { claim: known.claim, row, version: String(known.version), isNew };
  };
  const putClaim = (row: string, claim: Claim): void => {
    version += 1;
    claims.set(row, { claim, version });
  };

  const deliveries: DeliveryLedger = {
    open: async (caller, given, claim) => {
      const keys = given.map((name) => `${caller}/${name}`);
      const known = keys.map((key) => names.get(key)).find((row) => row !== undefined);
      const row = known ?? keys[0] ?? '';
      for (const key of keys) if (!names.has(key)) names.set(key, row);
      if (known === undefined) putClaim(row, claim);
      const opened = held(row, known === undefined);
      return opened ? ok(opened) : err({ code: 'LedgerUnavailable' });
    },
    amend: async (caller, { held: before, next, counted }) => {
      if (before && String(claims.get(before.row)?.version) !== before.version) return err('lost');
      if (counted) counts.push({ caller, ...counted });
      if (before === undefined) return ok(undefined);
      if (next) putClaim(before.row, next);
      return ok(held(before.row, before.isNew));
    },
    forget: async (_caller, before) => {
      claims.delete(before.row);
      for (const [name, row] of names) if (row === before.row) names.delete(name);
    },
    recent: async (caller, since, most) => {
      const times = counts.filter((count) => count.caller === caller && count.at >= since);
      return ok(
        times
          .map(({ at }) => at)
          .sort((a, b) => b - a)
          .slice(0, most),
      );
    },
  };

  const users: UserLedger = {
    read: async (userId) => {
      const known = locks.get(userId);
      return ok(known && { lock: known.lock, version: String(known.version) });
    },
    write: async (partition, change, added) => {
      const known = locks.get(partition);
      if (change && change.version !== (known && String(known.version))) return err('lost');
      version += 1;
      if (change) locks.set(partition, { lock: change.next, version });
      rows.push(...added.map((row) => ({ partition, row })));
      return ok(String(version));
    },
  };
  return { deliveries, users, claims, names, locks, rows, counts };
}
