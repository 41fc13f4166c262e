// The stage of the adapters that speak HTTPS with Graph or read its key set: a tenant that this process trusts,
// with nothing left in it of the test before, and a clock of the test's own. Knows no adapter.

import { jest } from '@jest/globals';
import { type Fault, reply } from '../../infra/local/tenant/faults.ts';
import { startTenant } from '../../infra/local/tenant/tenant.ts';
import { trust } from '../support/trust.ts';

export async function openTrusted() {
  const tenant = await startTenant();
  trust(tenant);
  /** What a test ordered, set and asked; users and roles stay. */
  const forget = (): void => {
    tenant.faults.clear();
    tenant.requests.length = 0;
    tenant.authorityRequests.length = 0;
    tenant.settings.withheld.clear();
    tenant.settings.noPim = undefined;
    jest.useRealTimers();
  };
  return { tenant, forget, close: () => tenant.stop() };
}

/** Only the date is the test's; timers run as ever. */
export const setDate = (now: number): void => {
  jest.useFakeTimers({
    now,
    doNotFake: [
      'hrtime',
      'nextTick',
      'performance',
      'queueMicrotask',
      'setImmediate',
      'clearImmediate',
      'setInterval',
      'clearInterval',
      'setTimeout',
      'clearTimeout',
    ],
  });
};

/** A refusal as Graph words it. */
export const refusal = (status: number, code: string, message = 'as the service says'): Fault =>
  reply(status, { error: { code, message, innerError: null } });

type Reading = { readonly ok: true } | { readonly ok: false; readonly failure: { code: string } };

export const codeOf = async (reading: Promise<Reading>): Promise<string> => {
  const read = await reading;
  return read.ok ? 'ok' : read.failure.code;
};
