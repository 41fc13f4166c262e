// The process of the local Functions host: host and worker in one, on 127.0.0.1 only. Started by ../host.ts, which alone knows what to run.
// It tells its parent over IPC when it is ready, and dies with its parent.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Keys } from './keys.ts';
import { createHostServer } from './server.ts';
import { parseSchedule, timerInput } from './timers.ts';
import { describe, type LogLine, loadWorker, type RegisteredFunction } from './worker.ts';

export interface HostSettings {
  readonly app: string;
  readonly port: number;
  readonly keys: Keys;
  readonly timers: boolean;
  readonly concurrency: number | undefined;
}

export type HostMessage =
  | { readonly type: 'ready'; readonly port: number; readonly functions: readonly string[] }
  | { readonly type: 'port-taken' }
  | { readonly type: 'executed'; readonly name: string; readonly error?: string };

const DEFAULT_BODY_LIMIT = 104_857_600; // bytes, the Functions host's own default

interface HostJson {
  readonly extensions?: {
    readonly http?: { routePrefix?: string; customHeaders?: Record<string, string> };
  };
  readonly logging?: { readonly logLevel?: { readonly default?: string } };
}

const LEVELS = ['trace', 'debug', 'information', 'warning', 'error', 'critical', 'none'];

const tell = (message: HostMessage): void => {
  if (process.connected) process.send?.(message);
};

async function main(settings: HostSettings): Promise<void> {
  // A parent that is gone, however it went, leaves nobody who could stop this process.
  process.once('disconnect', () => process.exit());
  process.on('SIGINT', () => {}); // the terminal sends it to the whole group; the parent decides

  const { hostJson, error } = readHostJson(settings.app);
  const http = hostJson.extensions?.http;
  const lowest = LEVELS.indexOf(
    (hostJson.logging?.logLevel?.default ?? 'information').toLowerCase(),
  );
  const log: LogLine = (level, functionName, message) => {
    if (LEVELS.indexOf(level) < lowest) return;
    process.stdout.write(`${level} ${functionName} ${message}\n`);
  };
  if (error !== undefined) log('error', 'host', `host.json cannot be used: ${error}`);

  const worker = await loadWorker(settings.app, log);
  const runInBackground = (fn: RegisteredFunction): void => {
    const traceParent = `00-${crypto.randomUUID().replaceAll('-', '')}-00f067aa0ba902b7-00`;
    worker
      .invoke(fn, timerInput(), { traceParent, traceState: '', attributes: {} })
      .then(() => tell({ type: 'executed', name: fn.name }))
      .catch((cause: unknown) => {
        log('error', fn.name, `The function failed: ${describe(cause)}`);
        tell({ type: 'executed', name: fn.name, error: describe(cause) });
      });
  };

  const server = createHostServer(worker, {
    routePrefix: http?.routePrefix ?? 'api',
    customHeaders: http?.customHeaders ?? {},
    keys: settings.keys,
    bodyLimit: Number(process.env['FUNCTIONS_REQUEST_BODY_SIZE_LIMIT'] ?? DEFAULT_BODY_LIMIT),
    concurrency: settings.concurrency ?? Number.POSITIVE_INFINITY,
    broken: error !== undefined,
    log,
    runInBackground,
  });
  server.on('error', (cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EADDRINUSE') tell({ type: 'port-taken' });
    else log('error', 'host', describe(cause));
    process.exitCode = 1;
    process.disconnect?.();
  });
  server.listen({ host: '127.0.0.1', port: settings.port, backlog: 1024 }, () => {
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : settings.port;
    tell({ type: 'ready', port, functions: worker.functions.map((fn) => fn.name) });
  });
  if (settings.timers) runOnSchedule(worker.functions, runInBackground);

  process.on('message', (message) => {
    if (message !== 'stop') return;
    const end = () => process.exit(0);
    server.close(() => worker.terminate().then(end, end));
    // A connection that is kept alive becomes idle only after its answer.
    setInterval(() => server.closeIdleConnections(), 20);
  });
}

function runOnSchedule(
  functions: readonly RegisteredFunction[],
  run: (fn: RegisteredFunction) => void,
): void {
  const timers = functions
    .filter((fn) => fn.trigger.type === 'timerTrigger')
    .map((fn) => ({ fn, due: parseSchedule(fn.trigger.schedule ?? '') }));
  let last = Math.floor(Date.now() / 1000);
  setInterval(() => {
    const now = Math.floor(Date.now() / 1000);
    if (now === last) return;
    last = now;
    for (const { fn, due } of timers) if (due(new Date(now * 1000))) run(fn);
  }, 500);
}

function readHostJson(app: string): { readonly hostJson: HostJson; readonly error?: string } {
  try {
    const parsed: unknown = JSON.parse(readFileSync(path.join(app, 'host.json'), 'utf8'));
    const hostJson = parsed as HostJson & { readonly version?: string };
    if (hostJson.version === '2.0') return { hostJson };
    return { hostJson: {}, error: '"version" must be "2.0".' };
  } catch (cause) {
    return { hostJson: {}, error: cause instanceof Error ? cause.message : String(cause) };
  }
}

await main(JSON.parse(process.argv[2] ?? '{}') as HostSettings);
