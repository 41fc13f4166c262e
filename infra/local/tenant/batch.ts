// POST /$batch: up to twenty requests in one, judged as a whole first, answered in no particular order.
// Knows nothing of what the items ask.

import type { Faults } from './faults.ts';
import { isObject } from './metadata.ts';
import { type Reply, refusals } from './replies.ts';

export interface BatchItem {
  readonly id: string;
  readonly method: string;
  readonly url: string;
  readonly contentType: string;
  readonly body: string;
  readonly dependsOn: readonly string[];
}

const methods = ['GET', 'POST', 'PATCH', 'PUT', 'DELETE'];

function parseItem(value: unknown): BatchItem | Reply {
  if (!isObject(value)) return refusals.batchPayload;
  const { id, method, url, headers, body = null, dependsOn } = value;
  if (typeof id !== 'string' || typeof method !== 'string' || typeof url !== 'string')
    return refusals.batchPayload;
  const verb = method.toUpperCase();
  if (id === '' || !methods.includes(verb) || /^\w+:\/\//.test(url)) return refusals.batchPayload;
  const contentType = contentTypeOf(headers);
  const writes = verb !== 'GET' && verb !== 'DELETE';
  if (writes && (contentType === '' || body === null)) return refusals.batchItem(id);
  return {
    id,
    method: verb,
    url: url.startsWith('/') ? url : `/${url}`,
    contentType,
    body: body === null ? '' : JSON.stringify(body),
    dependsOn: Array.isArray(dependsOn) ? dependsOn.map(String) : [],
  };
}

function contentTypeOf(headers: unknown): string {
  if (!isObject(headers)) return '';
  const header = Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type');
  return String(header?.[1] ?? '');
}

/** The items, or the refusal of the whole batch: then none of them is carried out. */
export function parseBatch(text: string): readonly BatchItem[] | Reply {
  let payload: unknown;
  try {
    payload = JSON.parse(text);
  } catch {
    return refusals.unreadable;
  }
  const requests = isObject(payload) ? payload['requests'] : undefined;
  if (!Array.isArray(requests) || requests.length === 0) return refusals.batchPayload;
  if (requests.length > 20) return refusals.batchSize;
  const items: BatchItem[] = [];
  for (const request of requests) {
    const item = parseItem(request);
    if ('status' in item) return item;
    if (items.some(({ id }) => id.toLowerCase() === item.id.toLowerCase()))
      return refusals.batchIds;
    // A dependency must come before: Graph carries dependent items out in their order.
    if (!item.dependsOn.every((id) => items.some((earlier) => earlier.id === id)))
      return refusals.batchPayload;
    items.push(item);
  }
  return items;
}

let turn = 0;

/** Carries the items out in their order and hands the answers back in another one each time. */
export function runBatch(
  items: readonly BatchItem[],
  faults: Faults,
  run: (item: BatchItem, replyInstead: Reply | undefined) => Reply,
): Reply {
  const path = '/v1.0/$batch';
  const ordered = items.map((item) => ({
    item,
    fault: faults.takeItem(item.method, item.url, path),
  }));
  const whole = ordered.find(({ fault }) => fault !== undefined && fault.kind !== 'reply')?.fault;
  if (whole?.kind === 'resetBefore' || whole?.kind === 'hang') return { status: 0, fault: whole };

  const done = new Map<string, Reply>();
  for (const { item, fault } of ordered) {
    const blocked = item.dependsOn.some((id) => (done.get(id)?.status ?? 0) >= 400);
    const failure = blocked ? refusals.dependency : fault?.kind === 'reply' ? fault : undefined;
    done.set(item.id, run(item, failure));
  }
  const responses = [...done].map(([id, { status, headers, body }]) => ({
    id,
    status,
    headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    body: body ?? null,
  }));
  turn += 1;
  const cut = turn % responses.length;
  const shuffled = [...responses.slice(cut), ...responses.slice(0, cut)].reverse();
  return { status: 200, body: { responses: shuffled }, ...(whole ? { fault: whole } : {}) };
}
