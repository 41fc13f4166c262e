// Reading from Graph, fail closed: one reply, a batch, all pages of a list. Trouble is repeated while
// the time allows, Retry-After obeyed, also for single items of a batch; everything that is not a clear
// answer ends as a failure that refuses the reset.

import type { Failure } from '../failure.ts';
import { member } from '../member.ts';
import { err, ok, type Result } from '../result.ts';
import { type Attempt, again, repeat, retryAfterMs, settled } from '../retry.ts';
import type { GraphReply, GraphRequest, Transport } from './graph-transport.ts';

export type Reading = Result<unknown, Failure>;
/** What a reply means; `right`: whose lack is the likely cause of a 403. */
export type Judge = (reply: GraphReply, right: string) => Attempt<Reading>;

export const unreadable: Failure = { code: 'TargetProtected', because: 'unreadable' };
/** When Graph gives no Retry-After. */
const troubleRetrySeconds = 10;

const seconds = (ms: number | undefined): number =>
  Math.ceil((ms ?? troubleRetrySeconds * 1000) / 1000);

export const throttled = (afterMs: number | undefined): Failure => ({
  code: 'TooManyRequests',
  by: 'graph',
  retryAfterSeconds: seconds(afterMs),
});

export const troubled = (afterMs?: number): Failure => ({
  code: 'GraphUnavailable',
  retryAfterSeconds: seconds(afterMs),
});

export const judgeReading: Judge = (reply, right) => {
  if (reply.status === 'lost') return again(err(troubled()));
  const { status, body, retryAfterMs: afterMs } = reply;
  if (status === 429) return again(err(throttled(afterMs)), afterMs);
  if (status >= 500) return again(err(troubled(afterMs)), afterMs);
  if (status >= 200 && status < 300) return settled(ok(body));
  if (status === 401) return settled(err({ code: 'IdentityUnavailable' }));
  if (status === 403) return settled(err({ code: 'GraphDenied', step: 'read', right }));
  return settled(err(unreadable));
};

/** One request, repeated until it is clear or the time is up. */
export const read = (
  transport: Transport,
  request: GraphRequest,
  right: string,
  until: number,
  judge: Judge = judgeReading,
): Promise<Reading> =>
  repeat(
    async (signal) => {
      const reply = await transport(request, signal, until);
      return reply.ok ? witnessed(judge, reply.value, right) : settled<Reading>(reply);
    },
    until,
    err(troubled()),
  );

/** The judge's word; a failure carries Graph's own id of the answer. */
function witnessed(judge: Judge, reply: GraphReply, right: string): Attempt<Reading> {
  const attempt = judge(reply, right);
  if (attempt.value.ok) return attempt;
  const { graphRequestId } = reply;
  return { ...attempt, value: err({ ...attempt.value.failure, graphRequestId }) };
}

export interface BatchItem {
  readonly method: 'GET' | 'POST';
  /** Below the version, percent-encoded. */
  readonly url: string;
  readonly body?: unknown;
  readonly judge?: Judge;
}

export interface Readings<Name extends string> {
  readonly reading: (name: Name) => Reading;
  /** Of the last answer that was seen. */
  readonly graphRequestId: string | undefined;
}

/** Several reads in one round trip. Only the items in trouble are asked for again. */
export async function readBatch<Name extends string>(
  transport: Transport,
  items: Readonly<Record<Name, BatchItem>>,
  right: string,
  requestId: string | undefined,
  until: number,
): Promise<Readings<Name>> {
  const readings = new Map<Name, Reading>();
  let graphRequestId: string | undefined;
  const names = Object.keys(items).filter((name): name is Name => name in items);
  let open = names;
  const whole = await repeat<Reading>(
    async (signal) => {
      const body = { requests: open.map((id) => batchRequest(id, items[id])) };
      const request = { method: 'POST', path: '/v1.0/$batch', body, requestId } as const;
      const reply = await transport(request, signal, until);
      if (!reply.ok) return settled(reply);
      graphRequestId = reply.value.graphRequestId ?? graphRequestId;
      const judged = witnessed(judgeReading, reply.value, right);
      if (!judged.isSettled || !judged.value.ok) return judged;
      const replies = repliesOf(judged.value.value, graphRequestId);
      const attempts = open.map((id) => {
        const item = items[id];
        const itemReply = replies.get(id);
        const attempt: Attempt<Reading> =
          itemReply === undefined
            ? settled<Reading>(err(unreadable))
            : witnessed(item.judge ?? judgeReading, itemReply, right);
        readings.set(id, attempt.value);
        return { id, attempt };
      });
      const troubledItems = attempts.filter(({ attempt }) => !attempt.isSettled);
      if (troubledItems.length === 0) return settled(ok(undefined));
      open = troubledItems.map(({ id }) => id);
      const waits = troubledItems.flatMap(({ attempt }) => attempt.afterMs ?? []);
      return again(ok(undefined), waits.length > 0 ? Math.max(...waits) : undefined);
    },
    until,
    err(troubled()),
  );
  if (!whole.ok) for (const id of open) readings.set(id, whole);
  return { reading: (name) => readings.get(name) ?? err(unreadable), graphRequestId };
}

const batchRequest = (id: string, { method, url, body }: BatchItem) => ({
  id,
  method,
  url,
  // A write item without both fails the whole batch.
  ...(method === 'POST'
    ? { headers: { 'Content-Type': 'application/json' }, body: body ?? {} }
    : {}),
});

/** The item answers by id, as replies; what is no item answer is left out. */
function repliesOf(
  body: unknown,
  graphRequestId: string | undefined,
): ReadonlyMap<string, GraphReply> {
  const responses = member(body, 'responses');
  const replies = new Map<string, GraphReply>();
  for (const response of Array.isArray(responses) ? responses : []) {
    const id = member(response, 'id');
    const status = member(response, 'status');
    if (typeof id !== 'string' || typeof status !== 'number') continue;
    const headers = Object.entries(member(response, 'headers') ?? {});
    const wait = headers.find(([name]) => name.toLowerCase() === 'retry-after')?.[1];
    replies.set(id, {
      status,
      body: member(response, 'body'),
      retryAfterMs: retryAfterMs(wait === undefined ? undefined : String(wait), Date.now()),
      graphRequestId,
    });
  }
  return replies;
}

/** All items of a list, from a first page on; a page that is none, or comes twice, makes it unreadable. */
export async function pagesOf<T>(
  first: Reading,
  next: (path: string) => Promise<Reading>,
  parseItem: (item: unknown) => T | undefined,
): Promise<Result<readonly T[], Failure>> {
  const items: T[] = [];
  const seen = new Set<string>();
  let reading = first;
  for (;;) {
    if (!reading.ok) return reading;
    const page = pageOf(reading.value, parseItem);
    if (page === undefined) return err(unreadable);
    items.push(...page.items);
    if (page.next === undefined) return ok(items);
    if (seen.has(page.next)) return err(unreadable);
    seen.add(page.next);
    reading = await next(page.next);
  }
}

/** Only the path of a next link is followed: the token never leaves for a host that an answer names. */
function pageOf<T>(
  body: unknown,
  parseItem: (item: unknown) => T | undefined,
): { readonly items: readonly T[]; readonly next: string | undefined } | undefined {
  const value = member(body, 'value');
  const link = member(body, '@odata.nextLink') ?? undefined;
  const url = typeof link === 'string' ? URL.parse(link) : null;
  if (!Array.isArray(value) || (link !== undefined && url === null)) return undefined;
  const items = value.map(parseItem).filter((item) => item !== undefined);
  if (items.length < value.length) return undefined;
  return { items, next: url === null ? undefined : url.pathname + url.search };
}

export const readPages = async <T>(
  transport: Transport,
  path: string,
  right: string,
  until: number,
  parseItem: (item: unknown) => T | undefined,
  judgeFirst: Judge = judgeReading,
): Promise<Result<readonly T[], Failure>> => {
  const page = (pagePath: string, judge: Judge): Promise<Reading> =>
    read(transport, { method: 'GET', path: pagePath }, right, until, judge);
  const next = (nextPath: string) => page(nextPath, judgeReading);
  return pagesOf(await page(path, judgeFirst), next, parseItem);
};
