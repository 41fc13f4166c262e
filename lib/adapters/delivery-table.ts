// The DeliveryLedger port over a table. Partition: the caller. Rows: `claim~<sha-256>` holds a claim, or
// points to the row that does (an alias); request-counts.ts has the rows beside them. No row holds a key,
// a password or a hash of one.

import type { Claim, DeliveryLedger, HeldClaim, LedgerFailure } from '../claim.ts';
import { err, ok, type Result } from '../result.ts';
import { countRow, requestCounts } from './request-counts.ts';
import { type Row, type StoredRow, type TableStore, unavailable } from './table-store.ts';

const claimRow = (name: string): string => `claim~${name}`;
export function deliveryTable(store: TableStore): DeliveryLedger {
  const counts = requestCounts(store);
  return {
    async open(caller, names, claim, until) {
      for (let round = 0; round < mostRounds; round += 1) {
        const opened = await openOnce(store, caller, names, claim, until);
        if (opened !== undefined) return opened;
      }
      return unavailable;
    },

    async amend(caller, { held, next, counted }, until) {
      const claims =
        held === undefined || next === undefined
          ? []
          : [{ row: toRow(caller, held.row, next), version: held.version }];
      const counts =
        counted === undefined
          ? []
          : [{ row: countRow(caller, counted.at, counted.requestId), version: undefined }];
      const written = await store.commit([...claims, ...counts], until);
      if (!written.ok) return written;
      if (held === undefined || next === undefined) return ok(undefined);
      return ok({ ...held, claim: next, version: written.value[0] ?? '' });
    },

    async forget(caller, held, until) {
      await store.remove(caller, held.row, held.version, until);
    },

    recent: (caller, since, most, until) => counts(caller, { since, most, until }),
  };
}

/** Another request may remove the claim that stood in our way: look again, but not for ever. */
const mostRounds = 3;

async function openOnce(
  store: TableStore,
  caller: string,
  names: readonly string[],
  claim: Claim,
  until: number,
): Promise<Result<HeldClaim, LedgerFailure> | undefined> {
  const rows = names.map(claimRow);
  const [main = '', ...aliases] = rows;
  const written = await store.commit(
    [
      { row: toRow(caller, main, claim) },
      ...aliases.map((alias) => ({ row: aliasRow(caller, alias, main, claim.at) })),
    ],
    until,
  );
  if (written.ok) return ok({ claim, row: main, version: written.value[0] ?? '', isNew: true });
  if (written.failure !== 'lost') return err(written.failure);

  const stored = await Promise.all(rows.map((row) => store.read(caller, row, until)));
  const known: { readonly row: string; readonly entity: StoredRow }[] = [];
  for (const [index, reading] of stored.entries()) {
    if (!reading.ok) return reading;
    if (reading.value !== undefined) known.push({ row: rows[index] ?? '', entity: reading.value });
  }
  const first = known[0];
  if (first === undefined) return undefined;
  const held = await resolve(store, caller, first.row, first.entity, claim, until);
  if (!held.ok) return held;
  const unknown = rows.filter((row) => !known.some((found) => found.row === row));
  const recorded = await Promise.all(
    unknown.map((row) =>
      store.commit([{ row: aliasRow(caller, row, held.value.row, claim.at) }], until),
    ),
  );
  const failed = recorded.find((write) => !write.ok && write.failure !== 'lost');
  return failed === undefined ? held : unavailable;
}

const mostHops = 5;

/**
 * Follows an alias, and an alias of an alias, which a forgotten claim that was found again leaves. One
 * whose claim is gone, or that leads nowhere but round in a circle, is held by nobody: it is free.
 */
async function resolve(
  store: TableStore,
  caller: string,
  row: string,
  entity: StoredRow,
  wanted: Claim,
  until: number,
): Promise<Result<HeldClaim, LedgerFailure>> {
  const { fingerprint, requestId } = wanted;
  const free: Claim = { fingerprint, requestId, at: wanted.at, state: 'free' };
  let [at, found] = [row, entity];
  for (let hop = 0; hop < mostHops; hop += 1) {
    const pointsTo = found['AliasOf'];
    if (typeof pointsTo !== 'string') {
      const claim = toClaim(found);
      return claim ? ok({ claim, row: at, version: found.etag, isNew: false }) : unavailable;
    }
    const target = await store.read(caller, pointsTo, until);
    if (!target.ok) return target;
    if (target.value === undefined) break;
    [at, found] = [pointsTo, target.value];
  }
  return ok({ claim: free, row: at, version: found.etag, isNew: false });
}

const aliasRow = (caller: string, row: string, main: string, at: number): Row => ({
  partitionKey: caller,
  rowKey: row,
  AliasOf: main,
  At: iso(at),
});

const iso = (at: number): string => new Date(at).toISOString();

function toRow(caller: string, row: string, claim: Claim): Row {
  return {
    partitionKey: caller,
    rowKey: row,
    State: claim.state,
    Fingerprint: claim.fingerprint,
    RequestId: claim.requestId,
    At: iso(claim.at),
    ...stateColumns(claim),
  };
}

function stateColumns(claim: Claim): Record<string, unknown> {
  switch (claim.state) {
    case 'claimed':
      return claim.earlier === undefined
        ? {}
        : { EarlierSentAt: iso(claim.earlier.sentAt), EarlierRequestId: claim.earlier.requestId };
    case 'sent':
      return { GivenUp: claim.givenUp };
    case 'done': {
      const { userName, userId, accountEnabled, forceChange, completedAt, requestId } =
        claim.receipt;
      return {
        UserName: userName,
        UserId: userId,
        AccountEnabled: accountEnabled,
        ForceChange: forceChange,
        CompletedAt: iso(completedAt),
        DoneBy: requestId,
      };
    }
    case 'refused':
      return { Until: iso(claim.until) };
    case 'free':
      return {};
  }
}

/** undefined: no claim, or in a state that this version does not know. */
function toClaim(entity: StoredRow): Claim | undefined {
  const text = (name: string): string => String(entity[name] ?? '');
  const time = (name: string): number => Date.parse(text(name));
  const base = {
    fingerprint: text('Fingerprint'),
    requestId: text('RequestId'),
    at: time('At'),
  };
  if (Number.isNaN(base.at)) return undefined;
  switch (text('State')) {
    case 'claimed': {
      const earlier = entity['EarlierSentAt'] === undefined ? undefined : earlierOf(text, time);
      return { ...base, state: 'claimed', earlier };
    }
    case 'sent':
      return { ...base, state: 'sent', givenUp: entity['GivenUp'] === true };
    case 'done':
      return { ...base, state: 'done', receipt: receiptOf(entity, text, time) };
    case 'refused':
      return { ...base, state: 'refused', until: time('Until') };
    case 'free':
      return { ...base, state: 'free' };
    default:
      return undefined;
  }
}

type Text = (name: string) => string;
type Time = (name: string) => number;

const earlierOf = (text: Text, time: Time) => ({
  sentAt: time('EarlierSentAt'),
  requestId: text('EarlierRequestId'),
});

const receiptOf = (entity: StoredRow, text: Text, time: Time) => ({
  userName: text('UserName'),
  userId: text('UserId'),
  accountEnabled: entity['AccountEnabled'] === true,
  forceChange: entity['ForceChange'] === true,
  completedAt: time('CompletedAt'),
  requestId: text('DoneBy'),
});
