// What a worker fetches once for many requests (token, tenant facts, key set) and the look-up's batch as a whole,
// each × every way to fail. A worker keeps them, so each cell has a tenant and a worker of its own, and the
// trouble stands before the worker starts.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Certificate, makeCertificate } from '../../infra/local/tenant/certificate.ts';
import { startTenant } from '../../infra/local/tenant/tenant.ts';
import { graphFaults, type Trouble, troubles } from '../support/dependency-troubles.ts';
import { codeOf, type Reply } from '../support/door.ts';
import { type Door, openStage, type Stage } from '../support/journey.ts';
import { watchLateness } from '../support/lateness.ts';
import { changed, retryAfter, type User } from '../support/ledger-stage.ts';
import { always } from '../support/table-proxy.ts';
import { completed, graphRead, type Outcome } from './outcomes.ts';

const dependencies = ['token', 'tenant facts', 'key set', 'look-up batch'] as const;
type Dependency = (typeof dependencies)[number];

const places: Readonly<Record<Dependency, { method: string; path: RegExp }>> = {
  token: { method: 'GET', path: /msi\/token/ },
  'tenant facts': { method: 'GET', path: /\/(groups|roleManagement|domains)\b/ },
  'key set': { method: 'GET', path: /discovery\/v2\.0\/keys/ },
  'look-up batch': { method: 'POST', path: /\$batch/ },
};

const identityDown: Outcome = ['503 IdentityUnavailable', 'unchanged', '200 Completed'];

const identityRead: Readonly<Record<Trouble, Outcome>> = {
  slow: completed,
  hang: identityDown,
  'reset before': identityDown,
  'reset after': identityDown,
  '429': identityDown,
  '429 Retry-After': identityDown,
  '500 empty': identityDown,
  '502 HTML': identityDown,
  '503': identityDown,
  '504': identityDown,
  truncated: identityDown,
  'wrong content type': identityDown,
};
const table: Readonly<Record<Dependency, Readonly<Record<Trouble, Outcome>>>> = {
  token: identityRead,
  'tenant facts': graphRead,
  'key set': identityRead,
  'look-up batch': graphRead,
};

interface Cell {
  readonly user: User;
  readonly first: Reply;
  readonly tookMs: number;
  readonly told: Outcome;
}

let stage: Stage;
let certificate: Certificate & { remove(): Promise<void> };
const cells = new Map<string, Cell>();

async function play(dependency: Dependency, trouble: Trouble): Promise<void> {
  const tenant = await startTenant({ certificate });
  const end = tenant.faults.next(places[dependency], graphFaults[trouble], always);
  const userPrincipalName = `${dependency}.${trouble}@contoso.com`.replaceAll(' ', '-');
  const user = tenant.directory.addUser({ userPrincipalName, accountEnabled: false });
  const door: Door = await stage.open({ ...tenant.environment, COOLDOWN_SECONDS: '120' });
  const lateness = watchLateness(door);
  const headers = { 'idempotency-key': userPrincipalName };
  const send = () =>
    dependency === 'key set'
      ? door.send({
          path: '/api/entra/user/security/reset-password',
          body: { UserName: userPrincipalName },
          headers: { ...headers, authorization: `Bearer ${tenant.mintToken()}` },
        })
      : door.reset({ UserName: userPrincipalName }, headers);
  const first = await send();
  const tookMs = first.elapsedMs - lateness.worst(first.elapsedMs + 1_000);
  const was = changed(user) ? 'changed' : 'unchanged';
  end();
  // A fetch that hangs, or waits as the identity told it, is shared until it is given up: whoever waits as told
  // by the answer meets another one.
  const waits = dependency === 'token' && /^(hang|429 Retry-After)$/.test(trouble);
  if (waits) await sleep((retryAfter(first) ?? 0) * 1000);
  const next = await send();
  await lateness.stop();
  cells.set(`${dependency} ${trouble}`, {
    user,
    first,
    tookMs,
    told: [codeOf(first), was, codeOf(next)],
  });
  await door.host.kill();
  await tenant.stop();
}

beforeAll(async () => {
  [stage, certificate] = await Promise.all([openStage(), makeCertificate()]);
  const waiting = dependencies.flatMap((dependency) =>
    troubles.map((trouble) => ({ dependency, trouble })),
  );
  // Starting a worker is work: so many at a time.
  const play4 = async (): Promise<void> => {
    for (let cell = waiting.shift(); cell !== undefined; cell = waiting.shift()) {
      await play(cell.dependency, cell.trouble);
    }
  };
  await Promise.all([play4(), play4(), play4(), play4(), play4(), play4()]);
}, 300_000);
afterAll(async () => {
  await stage.close();
  await certificate.remove();
});

describe.each(dependencies)('%s', (dependency) => {
  test.each(troubles)('%s', (trouble) => {
    const cell = cells.get(`${dependency} ${trouble}`);
    expect(cell?.told).toEqual(table[dependency][trouble]);
    expect(cell?.tookMs).toBeLessThan(9_000);
    expect(cell?.first.text).not.toMatch(/canary-upstream/);
    if (cell === undefined || cell.first.status < 429) return;
    expect(retryAfter(cell.first)).toBeGreaterThanOrEqual(1);
    expect(retryAfter(cell.first)).toBeLessThanOrEqual(59);
  });
});
