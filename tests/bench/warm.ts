// Warm figures: the answer against the waits it cannot avoid and against other orders of calls, under
// load, over many rows and many resets.

import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { TableClient } from '@azure/data-tables';
import type { Host } from '../../infra/local/host.ts';
import type { App } from './apps.ts';
import { heapInUse, tellsHeap } from './heap.ts';
import { alternate, type Line, median, quantile, timed } from './measure.ts';
import { mustReset, reset, type Stage } from './stage.ts';

const graphMs = 100;
const storageMs = 20;
const rounds = 41;

async function withHosts<Name extends App>(
  stage: Stage,
  apps: readonly Name[],
  measure: (hosts: Record<Name, Host>) => Promise<readonly Line[]>,
): Promise<readonly Line[]> {
  const hosts = {} as Record<Name, Host>;
  for (const app of apps) hosts[app] = await stage.host(app);
  try {
    for (const app of apps) for (const user of stage.users(5)) await mustReset(hosts[app], user);
    return await measure(hosts);
  } finally {
    stage.tenant.settings.latencyMs = 0;
    stage.storage.latencyMs = 0;
    for (const app of apps) await hosts[app].stop();
  }
}

/** One reset of a user who was never seen before. */
const one = (stage: Stage, host: Host) => (): Promise<number> => {
  const [user = ''] = stage.users(1);
  return timed(() => mustReset(host, user));
};

export const waitFigures = (stage: Stage): Promise<readonly Line[]> =>
  withHosts(stage, ['product', 'waits-only', 'runbook', 'empty'], async (hosts) => {
    const contestants = {
      product: one(stage, hosts.product),
      waits: one(stage, hosts['waits-only']),
      runbook: one(stage, hosts.runbook),
    };
    stage.tenant.settings.latencyMs = graphMs;
    const graphOnly = await alternate(contestants, rounds);
    stage.storage.latencyMs = storageMs;
    const both = await alternate(
      { product: contestants.product, waits: contestants.waits },
      rounds,
    );
    const known = await knownUserMs(stage, hosts.product);
    const own = await ownTime(stage, hosts.product);
    const empty = await ownTime(stage, hosts.empty);
    const answer = median(graphOnly.product) / (2 * graphMs);
    const stored = median(both.product) / (2 * graphMs + 2 * storageMs);
    const order = median(graphOnly.product) / median(graphOnly.runbook);
    const bare = median(graphOnly.product) / median(graphOnly.waits);
    return [
      {
        what: 'answer / two Graph trips of 100 ms',
        figure: answer.toFixed(2),
        target: '<= 1.10',
        met: answer <= 1.1,
      },
      {
        what: 'answer / two Graph trips and two storage trips of 20 ms',
        figure: stored.toFixed(2),
        target: '<= 1.10',
        met: stored <= 1.1,
      },
      {
        what: '  a user known to the ledger, more',
        figure: `${(known - median(both.product)).toFixed(0)} ms`,
      },
      {
        what: "answer / the runbook's order of calls",
        figure: order.toFixed(2),
        target: '<= 0.70',
        met: order <= 0.7,
      },
      { what: 'answer / a function that makes the same calls bare', figure: bare.toFixed(2) },
      { what: 'time outside all waits, median', figure: `${own.toFixed(1)} ms` },
      {
        what: '  more than that of an empty function',
        figure: `${(own - empty).toFixed(1)} ms`,
        target: '<= 2 ms',
        met: own - empty <= 2,
      },
    ];
  });

/**
 * The answer's time minus the time during which at least one dependency was at work for it: what the host,
 * the product with its SDKs, and the loopback take for themselves.
 */
async function ownTime(stage: Stage, host: Host): Promise<number> {
  const own: number[] = [];
  for (const user of stage.users(rounds * 2)) {
    stage.storage.spans.length = 0;
    const seen = stage.tenant.requests.length;
    const from = performance.now();
    await mustReset(host, user);
    const to = performance.now();
    await sleep(5);
    const graph = stage.tenant.requests.slice(seen).flatMap(({ at, answeredAt, item }) => {
      const [start, end] = [at, answeredAt ?? at].map((time) => time - performance.timeOrigin);
      return item === undefined ? [[start ?? 0, end ?? 0] as const] : [];
    });
    own.push(to - from - covered([...graph, ...stage.storage.spans]));
  }
  return median(own);
}

/** Length of the union of intervals. */
function covered(spans: readonly (readonly [from: number, to: number])[]): number {
  let total = 0;
  let end = Number.NEGATIVE_INFINITY;
  for (const [from, to] of [...spans].sort(([a], [b]) => a - b)) {
    total += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return total;
}

/** A second reset of the same users: their lock row exists. COOLDOWN_SECONDS is 0 in the bench. */
async function knownUserMs(stage: Stage, host: Host): Promise<number> {
  const users = stage.users(15);
  for (const user of users) await mustReset(host, user);
  const figures: number[] = [];
  for (const user of users) {
    figures.push(
      await timed(async () => {
        const { status } = await reset(host, user, `again-${user}`);
        if (status !== 200) throw new Error(`A second reset in the bench was answered ${status}.`);
      }),
    );
  }
  return median(figures);
}

export const loadFigures = (stage: Stage): Promise<readonly Line[]> =>
  withHosts(stage, ['product'], async ({ product }) => {
    const lines: Line[] = [];
    stage.tenant.settings.latencyMs = graphMs;
    for (const [callers, requests] of [
      [1, 20],
      [16, 320],
      [32, 640],
      [500, 1000],
    ] as const) {
      const users = stage.users(requests);
      const before = stage.tenant.requests.length;
      const elapsed: number[] = [];
      let errors = 0;
      const total = await timed(async () => {
        const caller = async (): Promise<void> => {
          for (let user = users.pop(); user !== undefined; user = users.pop()) {
            const name = user;
            const start = performance.now();
            const { status } = await reset(product, name);
            elapsed.push(performance.now() - start);
            if (status !== 200) errors += 1;
          }
        };
        await Promise.all(Array.from({ length: callers }, caller));
      });
      const writes = stage.tenant.requests.slice(before).filter(({ method }) => method === 'PATCH');
      const twice = writes.length - new Set(writes.map(({ path }) => path)).size;
      const [p50, p99] = [quantile(elapsed, 0.5), quantile(elapsed, 0.99)];
      const rate = (requests / total) * 1000;
      const what = `${callers} callers at 100 ms Graph: p50, p99, rate`;
      const figure = `${p50.toFixed(0)}, ${p99.toFixed(0)} ms, ${rate.toFixed(0)}/s`;
      if (callers === 32) {
        const ratio = p99 / (2 * graphMs);
        lines.push({ what, figure });
        lines.push({
          what: '  p99 / waits',
          figure: ratio.toFixed(2),
          target: '<= 1.5',
          met: ratio <= 1.5,
        });
      } else if (callers === 500) {
        lines.push({ what, figure });
        lines.push({
          what: '  errors, users reset twice',
          figure: `${errors}, ${twice}`,
          target: '0, 0',
          met: errors + twice === 0,
        });
      } else lines.push({ what, figure });
    }
    return lines;
  });

export const ledgerFigures = (stage: Stage): Promise<readonly Line[]> =>
  withHosts(stage, ['product'], async ({ product }) => {
    const few = await alternate({ product: one(stage, product) }, rounds);
    await fillLedger(stage, 10_000);
    const many = await alternate({ product: one(stage, product) }, rounds);
    const ratio = median(many.product) / median(few.product);
    return [{ what: 'answer with 10,000 rows in the ledger / with few', figure: ratio.toFixed(2) }];
  });

async function fillLedger(stage: Stage, rows: number): Promise<void> {
  const table = TableClient.fromConnectionString(
    stage.connectionString,
    'PasswordResetDeliveries',
    {
      allowInsecureConnection: true,
    },
  );
  const old = new Date(Date.now() - 7_200_000).toISOString();
  for (let start = 0; start < rows; start += 100) {
    await table.submitTransaction(
      Array.from({ length: 100 }, (_, index) => [
        'create',
        {
          partitionKey: 'function-key',
          rowKey: `claim~fill${start + index}`,
          State: 'free',
          At: old,
        },
      ]),
    );
  }
}

/** What is remembered of the last hour's requests, some 100 bytes each, may grow up to the callers' limits. */
const noGrowth = 1.1;

/** Minutes long: on request. */
export async function memoryFigures(stage: Stage): Promise<readonly Line[]> {
  const host = await stage.host('product', tellsHeap);
  const after = async (resets: number, nth: number): Promise<number> => {
    const users = stage.users(resets);
    const caller = async (): Promise<void> => {
      for (let user = users.pop(); user !== undefined; user = users.pop()) {
        await mustReset(host, user);
      }
    };
    await Promise.all(Array.from({ length: 16 }, caller));
    stage.tenant.requests.length = 0;
    return heapInUse(host, nth);
  };
  try {
    const early = await after(2_000, 1);
    const middle = await after(4_000, 2); // without what only a start needs
    const late = await after(4_000, 3);
    const ratio = late / Math.min(early, middle);
    const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(host.pid)]);
    return [
      { what: 'heap in use after 2,000 resets', figure: `${early.toFixed(1)} MiB` },
      { what: 'after 6,000 resets', figure: `${middle.toFixed(1)} MiB` },
      {
        what: '  after 10,000 resets, ratio to the lower',
        figure: ratio.toFixed(2),
        target: `<= ${noGrowth.toFixed(2)}`,
        met: ratio <= noGrowth,
      },
      { what: '  resident then', figure: `${(Number(stdout) / 1024).toFixed(0)} MiB` },
    ];
  } finally {
    await host.stop();
  }
}
