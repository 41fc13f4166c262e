// What must hold after the soak, as sentences about what does not.
// Works on what was sent, answered, written and stored; knows nothing of how the load was made.

import { codeOf, type LedgerStage, type Reply } from '../support/ledger-stage.ts';
import type { Delivery, Exchange } from './load.ts';
import type { Change, Witness } from './witness.ts';

const unrecorded = /not recorded; repeating this request resets again/;
const warningOf = (reply: Reply): string => String(reply.json['Warning'] ?? '');
const requestIdOf = (reply: Reply | undefined): string =>
  String(reply?.headers['x-ms-request-id'] ?? '');
const passwordOf = (reply: Reply | undefined): unknown => reply?.json['Password'];
const nameOf = ({ caller, key }: Delivery): string => `${caller} ${key}`;

/** At most one password is disclosed for a recorded delivery, and none after it. */
export function disclosedTwice(exchanges: readonly Exchange[]): readonly string[] {
  const keyed = exchanges.filter(({ delivery }) => delivery.key !== undefined);
  return [...Map.groupBy(keyed, ({ delivery }) => nameOf(delivery))].flatMap(([name, all]) => {
    const completed = all.filter(({ reply }) => reply && codeOf(reply) === '200 Completed');
    const recorded = completed.filter(({ reply }) => reply && !unrecorded.test(warningOf(reply)));
    const [first] = recorded;
    if (first === undefined) return [];
    const later = completed.filter((other) => other !== first && other.sentAt >= first.answeredAt);
    return recorded.length > 1 || later.length > 0
      ? [`${name}: ${recorded.length} recorded resets, ${later.length} after the first`]
      : [];
  });
}

const mayHaveWritten = new Set(['200 Completed', '503 OutcomeUnknown']);

/** Whoever is told that nothing was changed, nothing was changed for. */
export function changedInSilence(
  stage: LedgerStage,
  exchanges: readonly Exchange[],
  changes: readonly Change[],
): readonly string[] {
  const writers = writersOf(stage);
  const answers = new Map(exchanges.map(({ reply }) => [requestIdOf(reply), reply]));
  return changes.flatMap(({ userId, password }) => {
    const requestId = writers.get(password) ?? '';
    const reply = answers.get(requestId);
    if (reply === undefined) return []; // killed, or nobody waited for the answer
    const handed = passwordOf(reply);
    const fits = handed === undefined || handed === password;
    return mayHaveWritten.has(codeOf(reply)) && fits
      ? []
      : [`${userId}: ${requestId} changed the password and was answered ${codeOf(reply)}`];
  });
}

/** Request id of the PATCH that carried this password. */
function writersOf({ tenant }: LedgerStage): ReadonlyMap<string, string> {
  return new Map(
    tenant.requests
      .filter(({ method }) => method === 'PATCH')
      .map(({ body, headers }) => [passwordIn(body), String(headers['client-request-id'])]),
  );
}

const passwordIn = (body: unknown): string => {
  const profile = (body as { passwordProfile?: { password?: unknown } } | undefined)
    ?.passwordProfile;
  return String(profile?.password);
};

/** The last password handed out works, unless a later write is unknown, withheld, or its answer was lost. */
export function staleHandOuts(
  stage: LedgerStage,
  exchanges: readonly Exchange[],
  { changes }: Witness,
): readonly string[] {
  const writers = writersOf(stage);
  const answers = new Map(exchanges.map(({ reply }) => [requestIdOf(reply), reply]));
  const handed = exchanges.filter(({ reply }) => passwordOf(reply) !== undefined);
  return [...Map.groupBy(handed, ({ delivery }) => delivery.user)].flatMap(([user, all]) => {
    const last = all.toSorted((a, b) => a.answeredAt - b.answeredAt).at(-1);
    const password = passwordOf(last?.reply);
    if (password === user.password) return [];
    const own = changes.filter(({ userId }) => userId === user.id);
    const index = own.findIndex((change) => change.password === password);
    const excused = own.slice(index + 1).some((change) => {
      const reply = answers.get(writers.get(change.password) ?? '');
      return reply === undefined || passwordOf(reply) === undefined;
    });
    return index >= 0 && excused ? [] : [`${user.id}: the last password handed out does not work`];
  });
}

/**
 * Enabled with a password that anybody could have known by then. The one who disables may come between a write
 * and its repetition: that password is new, nobody was told it yet, and the same request enables once more.
 */
export function enabledWithOldPassword(
  stage: LedgerStage,
  exchanges: readonly Exchange[],
  { enabledUnchanged }: Witness,
): readonly string[] {
  const writers = writersOf(stage);
  const byRequest = new Map(exchanges.map((exchange) => [requestIdOf(exchange.reply), exchange]));
  return enabledUnchanged.flatMap(({ userId, at, password }) => {
    const requestId = writers.get(password);
    if (requestId === undefined) return [`${userId}: enabled with the password it always had`];
    const exchange = byRequest.get(requestId);
    const underWay = exchange === undefined || exchange.answeredAt >= at;
    return underWay ? [] : [`${userId}: enabled with the password that ${requestId} had set`];
  });
}

/** Each write that the tenant saw has its intent and its outcome in the trail, under its request id. */
export async function unaccounted(stage: LedgerStage): Promise<readonly string[]> {
  const rows = await stage.rows.all(stage.rows.users);
  const kinds = (kind: string): ReadonlySet<unknown> =>
    new Set(rows.filter(({ Kind }) => Kind === kind).map(({ RequestId }) => RequestId));
  const [intents, outcomes] = [kinds('intent'), kinds('outcome')];
  const seen = new Set(writersOf(stage).values());
  return [
    ...[...seen].filter((id) => !intents.has(id)).map((id) => `${id}: written without an intent`),
    ...[...seen].filter((id) => !outcomes.has(id)).map((id) => `${id}: no outcome in the audit`),
    ...[...intents]
      .filter((id) => !outcomes.has(id))
      .map((id) => `${id}: an intent without outcome`),
  ];
}

/** Beyond what the machine itself was late by. */
export const tooLate = (exchanges: readonly Exchange[]): readonly string[] =>
  exchanges
    .filter(({ reply }) => reply !== undefined)
    .filter(({ sentAt, answeredAt, latenessMs }) => answeredAt - sentAt - latenessMs > 9_000)
    .map(
      ({ sentAt, answeredAt, reply }) =>
        `${requestIdOf(reply)}: answered after ${answeredAt - sentAt} ms`,
    );
