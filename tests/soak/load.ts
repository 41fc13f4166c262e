// The load of the soak: clients that deliver, repeat, change, hang up; trouble at every dependency; workers that
// are killed and come back. Writes down what was sent and what was answered; judges nothing.

import { setTimeout as sleep } from 'node:timers/promises';
import { graphFaults, tableFaults, troubles } from '../support/dependency-troubles.ts';
import { watchLateness } from '../support/lateness.ts';
import {
  type CallerEntry,
  crowd,
  type Door,
  keyOf,
  type LedgerStage,
  type Reply,
  type User,
} from '../support/ledger-stage.ts';
import type { Chance } from './chance.ts';
import type { Witness } from './witness.ts';

export interface Delivery {
  readonly caller: string;
  readonly key: string | undefined;
  readonly user: User;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface Exchange {
  readonly delivery: Delivery;
  readonly sentAt: number;
  readonly answeredAt: number;
  /** undefined: the worker was killed, or the client hung up. */
  readonly reply: Reply | undefined;
  /** What a request that waits for nothing took meanwhile. */
  readonly latenessMs: number;
}

export interface Load {
  readonly exchanges: Exchange[];
  readonly counts: { kills: number; faults: number; hangUps: number };
  /** Log lines of all workers, the killed ones too. */
  readonly logs: (readonly string[])[];
  run(untilMs: number): Promise<void>;
  /** To a worker that is up. */
  send(delivery: Delivery, hangUpAfterMs?: number): Promise<Exchange>;
  close(): Promise<unknown>;
}

export const callers: readonly CallerEntry[] = [
  ...crowd(40).map((entry) => ({ ...entry, maxResetsPerHour: 1000 })),
  ...['quiet-1', 'quiet-2', 'quiet-3'].map((name) => ({
    name,
    password: 'withhold',
    maxResetsPerHour: 1000,
  })),
];

interface Worker {
  readonly door: Door;
  readonly lateness: ReturnType<typeof watchLateness>;
  up: boolean;
}

const stations = [
  'limit',
  'claim',
  'claimRead',
  'take',
  'lock',
  'lockRead',
  'mark',
  'record',
  'audit',
];
const clients = 12;

export async function openLoad(
  stage: LedgerStage,
  users: readonly User[],
  witness: Witness,
  chance: Chance,
): Promise<Load> {
  const exchanges: Exchange[] = [];
  const logs: (readonly string[])[] = [];
  const counts = { kills: 0, faults: 0, hangUps: 0 };
  const start = async (): Promise<Worker> => {
    const door = await stage.openFor(callers, { COOLDOWN_SECONDS: '3' });
    logs.push(door.host.lines);
    return { door, lateness: watchLateness(door), up: true };
  };
  const workers = await Promise.all([start(), start()]);
  let number = 0;

  const send: Load['send'] = async (delivery, hangUpAfterMs) => {
    const { caller, key, user, fields } = delivery;
    const { door, lateness } = chance.pick(workers.filter(({ up }) => up));
    const sentAt = Date.now();
    const signal = hangUpAfterMs === undefined ? undefined : AbortSignal.timeout(hangUpAfterMs);
    const headers = {
      'content-type': 'application/json',
      'x-functions-key': keyOf(caller),
      'idempotency-key': key,
    };
    const body = { UserName: user.userPrincipalName, ...fields };
    const reply = await door
      .send({ body, headers, ...(signal && { signal }) })
      .catch(() => undefined);
    const answeredAt = Date.now();
    const latenessMs = lateness.worst(answeredAt - sentAt + 1_000);
    const exchange = { delivery, sentAt, answeredAt, reply, latenessMs };
    exchanges.push(exchange);
    return exchange;
  };

  const fresh = (): Delivery => {
    number += 1;
    const fields = {
      ...(chance.percent(15) ? { RevokeSessions: true } : {}),
      ...(chance.percent(10) ? { EnableUserIfNeeded: false } : {}),
      ...(chance.percent(5) ? { DryRun: true } : {}),
    };
    const key = chance.percent(90) ? `soak-${number}` : undefined;
    return { caller: chance.pick(callers).name, key, user: chance.pick(users), fields };
  };
  const repeated = (): Delivery => {
    const recent = exchanges.slice(-60);
    if (recent.length === 0) return fresh();
    const { delivery } = chance.pick(recent);
    if (!chance.percent(5)) return delivery;
    return { ...delivery, fields: { ...delivery.fields, ForceChangePasswordNextSignIn: false } };
  };

  const client = async (end: number): Promise<void> => {
    while (Date.now() < end) {
      const hangsUp = chance.percent(4);
      if (hangsUp) counts.hangUps += 1;
      const delivery = chance.percent(45) ? repeated() : fresh();
      // A sender that does not wait for the first answer.
      const twice = chance.percent(10) ? send(delivery) : undefined;
      await send(delivery, hangsUp ? 1 + chance.below(400) : undefined);
      await twice;
      await sleep(chance.below(200));
    }
  };
  const troublemaker = async (end: number): Promise<void> => {
    while (Date.now() < end) {
      await sleep(chance.below(500));
      counts.faults += 1;
      const trouble = chance.pick(troubles);
      const times = chance.percent(25) ? 12 : 1;
      const user = chance.pick(users);
      const kind = chance.below(5);
      const { faults } = stage.tenant;
      if (kind === 0) faults.next({ method: 'PATCH' }, graphFaults[trouble], times);
      else if (kind === 1) faults.next({ item: new RegExp(user.id) }, graphFaults[trouble], times);
      else if (kind === 2) faults.next({ method: 'POST', path: /revoke/ }, graphFaults[trouble]);
      else {
        const wanted = chance.pick(stations);
        stage.proxy.next(({ station }) => station === wanted, tableFaults[trouble], times);
      }
    }
  };
  const administrator = async (end: number): Promise<void> => {
    while (Date.now() < end) {
      await sleep(300 + chance.below(700));
      witness.disable(chance.pick(users));
    }
  };
  const killer = async (end: number): Promise<void> => {
    while (Date.now() < end) {
      await sleep(4_000 + chance.below(8_000));
      const index = chance.below(workers.length);
      const worker = workers[index];
      if (worker === undefined) continue;
      worker.up = false;
      await worker.door.host.kill();
      await worker.lateness.stop();
      counts.kills += 1;
      workers[index] = await start();
    }
  };

  return {
    exchanges,
    counts,
    logs,
    send,
    close: () => Promise.all(workers.map(({ lateness }) => lateness.stop())),
    run: async (end) => {
      const crowdOfClients = Array.from({ length: clients }, () => client(end));
      await Promise.all([...crowdOfClients, troublemaker(end), administrator(end), killer(end)]);
    },
  };
}
