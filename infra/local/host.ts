// Starts the local Functions host (./host/main.ts) as a child process and speaks for it: its address, its log, its timers, its end.
// `npm start`, the journey tests and the benches stand on it. It knows nothing of the product, and nothing of Graph or storage.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Keys } from './host/keys.ts';
import { collectLines, type Lines, lastLines } from './host/lines.ts';
import type { HostMessage, HostSettings } from './host/main.ts';

export const LOCAL_FUNCTION_KEY = 'local-function-key-0123456789';
const LOCAL_MASTER_KEY = 'local-master-key-0123456789';

export interface HostOptions {
  /** Folder with package.json and host.json, relative to the repository. */
  readonly app?: string;
  /** 0, the default, is any free port. */
  readonly port?: number;
  /** All that the app sees, beside the few variables that any process needs (PATH, temporary folder, …). */
  readonly env: Readonly<Record<string, string>>;
  /** Key name → key: a plain name opens every function, `resetPassword/zendesk` opens that function only. */
  readonly keys?: Partial<Keys>;
  /** Without it every line of the log is also written to standard output. */
  readonly quiet?: boolean;
  /** Timer functions run on their schedule; otherwise only when `invokeTimer` asks. */
  readonly timers?: boolean;
  /** More requests at once than this are answered 429 by the host. */
  readonly concurrency?: number;
  readonly startDeadlineMs?: number;
}

/** `lines` is whatever host and worker wrote; a line may arrive after the answer it belongs to. */
export interface Host extends Lines {
  readonly url: string;
  readonly pid: number;
  readonly functions: readonly string[];
  /** POST /admin/functions/{name} with the master key; ends when the function has. */
  readonly invokeTimer: (name: string) => Promise<void>;
  /** Ends with a sentence once the process is gone, whoever ended it. */
  readonly exited: Promise<string>;
  /** Takes the process away at once. */
  readonly kill: () => Promise<void>;
  /** Finishes what is running, runs the app's appTerminate hooks, and ends. */
  readonly stop: () => Promise<void>;
}

const ROOT = path.resolve(import.meta.dirname, '../..');
const STOP_DEADLINE_MS = 15_000;

// A setting of the developer's shell must not reach the product unasked: it would change what tests and `npm start` show.
const PASSED_ON =
  /^(PATH|HOME|USER|LANG|LC_ALL|TZ|TMPDIR|TEMP|TMP|USERPROFILE|APPDATA|LOCALAPPDATA|SYSTEMROOT|SYSTEMDRIVE|WINDIR|COMSPEC|PATHEXT|NODE_OPTIONS|NODE_V8_COVERAGE|VSCODE_INSPECTOR_OPTIONS)$/i;

/** Throws one sentence when the port is taken, or when the host is not up in time (with its last lines). */
export async function startHost(options: HostOptions): Promise<Host> {
  const { app = 'dist', port = 0, quiet = false, startDeadlineMs = 30_000 } = options;
  const keys: Keys = {
    function: options.keys?.function ?? { default: LOCAL_FUNCTION_KEY },
    master: options.keys?.master ?? LOCAL_MASTER_KEY,
  };
  const settings: HostSettings = {
    app: path.resolve(ROOT, app),
    port,
    keys,
    timers: options.timers ?? false,
    concurrency: options.concurrency,
  };
  const child = fork(path.join(import.meta.dirname, 'host/main.ts'), [JSON.stringify(settings)], {
    cwd: settings.app,
    env: { ...ownEnvironment(), ...options.env },
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });

  const log = collectLines(child, quiet);
  const exited = once(child, 'close').then(([code, signal]: unknown[]) => {
    const end = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
    return `The local host ${end}.${lastLines(log.lines)}`;
  });

  const ready = await firstMessage(child, exited, startDeadlineMs, log.lines);
  if (ready.type === 'port-taken') {
    throw new Error(`Port ${port} is taken. Choose another: PORT=${port + 1} npm start`);
  }
  if (ready.type !== 'ready') throw new Error('The local host started out of order.');
  const url = `http://127.0.0.1:${ready.port}`;

  return {
    url,
    pid: child.pid ?? 0,
    functions: ready.functions,
    ...log,
    exited,
    invokeTimer: (name) => invokeTimer(child, url, keys.master, name, exited),
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
    stop: async () => {
      if (child.connected) child.send('stop');
      const giveUp = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
      await exited;
      clearTimeout(giveUp);
    },
  };
}

function ownEnvironment(): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && PASSED_ON.test(name)) kept[name] = value;
  }
  return kept;
}

function firstMessage(
  child: ChildProcess,
  exited: Promise<string>,
  deadlineMs: number,
  lines: readonly string[],
): Promise<HostMessage> {
  return new Promise((resolve, reject) => {
    const timeout = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`The local host was not up after ${deadlineMs} ms.${lastLines(lines)}`));
    }, deadlineMs);
    child.once('message', (message) => {
      clearTimeout(timeout);
      resolve(message as HostMessage);
    });
    exited.then((sentence) => {
      clearTimeout(timeout);
      reject(new Error(sentence));
    }, reject);
  });
}

async function invokeTimer(
  child: ChildProcess,
  url: string,
  masterKey: string,
  name: string,
  exited: Promise<string>,
): Promise<void> {
  const executed = Promise.withResolvers<HostMessage & { type: 'executed' }>();
  const listen = (message: unknown): void => {
    const told = message as HostMessage;
    if (told.type === 'executed' && told.name === name) executed.resolve(told);
  };
  child.on('message', listen);
  try {
    const response = await fetch(`${url}/admin/functions/${encodeURIComponent(name)}`, {
      method: 'POST',
      headers: { 'x-functions-key': masterKey, 'content-type': 'application/json' },
      body: '{}',
    });
    if (response.status !== 202)
      throw new Error(`The host answered ${response.status} for ${name}.`);
    const gone = exited.then((sentence): never => {
      throw new Error(sentence);
    });
    const { error } = await Promise.race([executed.promise, gone]);
    if (error !== undefined) throw new Error(`${name} failed: ${error}`);
  } finally {
    child.off('message', listen);
  }
}
