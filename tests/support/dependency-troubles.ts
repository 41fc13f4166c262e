// The twelve ways in which a dependency fails in the fault tables, spelled for the tenant (Graph, identity, key
// set) and for the tables' proxy. Knows nothing of what should come of them.

import { type Fault, reply, throttled } from '../../infra/local/tenant/faults.ts';
import type { TableFault } from './table-proxy.ts';

export const troubles = [
  'slow',
  'hang',
  'reset before',
  'reset after',
  '429',
  '429 Retry-After',
  '500 empty',
  '502 HTML',
  '503',
  '504',
  'truncated',
  'wrong content type',
] as const;
export type Trouble = (typeof troubles)[number];

const slowMs = 700;
/** Longer than any deadline. */
const retryAfterSeconds = 30;
const page = '<html><head><title>Gateway</title></head><body>canary-upstream-page</body></html>';
const html = { 'Content-Type': 'text/html' };
const json = { 'Content-Type': 'application/json' };

const connection = {
  slow: { kind: 'slow', ms: slowMs },
  hang: { kind: 'hang' },
  'reset before': { kind: 'resetBefore' },
  'reset after': { kind: 'resetAfter' },
  truncated: { kind: 'truncate' },
  '502 HTML': reply(502, page, html),
  '500 empty': reply(500, ''),
  '504': reply(504, ''),
  'wrong content type': reply(200, page, html),
} as const;

const graphError = '{"error":{"code":"serviceNotAvailable","message":"canary-upstream-text"}}';
const tableError =
  '{"odata.error":{"code":"ServerBusy","message":{"lang":"en-US","value":"canary-upstream-text"}}}';

export const graphFaults: Readonly<Record<Trouble, Fault>> = {
  ...connection,
  '503': reply(503, graphError, json),
  '429': throttled(),
  '429 Retry-After': throttled(retryAfterSeconds),
};

export const tableFaults: Readonly<Record<Trouble, TableFault>> = {
  ...connection,
  '503': reply(503, tableError, json),
  '429': reply(429, tableError, json),
  '429 Retry-After': reply(429, tableError, { ...json, 'Retry-After': String(retryAfterSeconds) }),
};
