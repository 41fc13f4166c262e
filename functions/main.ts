// The composition root: environment → configuration → adapters → doors. The only file that reads
// process.env; decides nothing. Nothing is evaluated here that registering the doors does not need:
// the adapters bring their SDKs with them when they are first asked for.

import { randomInt } from 'node:crypto';
import { app } from '@azure/functions';
import type { Log } from '../lib/audit.ts';
import { type Config, entraDoorAsked, readConfig } from '../lib/config.ts';
import { deadlineFrom } from '../lib/deadline.ts';
import type { Ports } from '../lib/journey.ts';
import { checkReadiness } from '../lib/readiness.ts';
import { resetHandler } from '../lib/reset-handler.ts';
import { health } from './health.ts';
import { openApi } from './openapi.ts';
import { ready, reportMistakes, watchReadiness } from './ready.ts';
import { resetPassword, resetPasswordEntra } from './reset-password.ts';
import { sweepLedger } from './sweep-ledger.ts';
import { warmUp } from './warm-up.ts';

const config = readConfig(process.env);
reportMistakes(config);

const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
};

const adapters = once(async () => {
  if (!config.ok) throw new Error('Adapters were asked for without a configuration.');
  return openAdapters(config.value);
});
const ports = async (log: Log): Promise<Ports | undefined> => {
  const opened = await adapters().catch(() => undefined); // said at the start, by the warm-up
  if (opened === undefined) return undefined;
  const { identity, directory, tables, keys } = opened;
  const { deliveries, users } = tables;
  return {
    identity,
    directory,
    deliveries,
    users,
    tokens: keys,
    randomBelow: randomInt,
    now: Date.now,
    log,
  };
};

async function openAdapters(settings: Config) {
  const [graph, transport, identity, tables, keys] = await Promise.all([
    import('../lib/adapters/graph-directory.ts'),
    import('../lib/adapters/graph-transport.ts'),
    import('../lib/adapters/managed-identity.ts'),
    import('../lib/adapters/tables.ts'),
    settings.entra && import('../lib/adapters/entra-keys.ts'),
  ]);
  const { clientId, graphOrigin, entra } = settings;
  const managed = identity.managedIdentity(clientId, graphOrigin);
  return {
    identity: managed,
    directory: graph.graphDirectory(transport.graphTransport(graphOrigin, managed.token)),
    tables: tables.openTables(settings),
    keys: entra && keys?.entraKeys(entra),
  };
}

const runChecks = () =>
  checkReadiness(
    config,
    async () => {
      const { identity, directory, tables, keys } = await adapters();
      return { ...directory, identity, usable: tables.usable, keysReachable: keys?.reachable };
    },
    deadlineFrom(Date.now()).graph,
  );

const handle = resetHandler(config, ports);

app.http('resetPassword', resetPassword(handle));
if (entraDoorAsked(process.env)) app.http('resetPasswordEntra', resetPasswordEntra(handle));
app.http('health', health());
app.http('ready', ready(runChecks));
app.http('openapi', openApi());
app.timer('watchReadiness', watchReadiness(runChecks));
app.timer(
  'sweepLedger',
  sweepLedger(async (now) => {
    if (!config.ok) return 0;
    return (await adapters()).tables.sweep(now, config.value.auditRetentionDays);
  }),
);
if (config.ok) app.hook.appStart(() => warmUp(adapters));
