// Starts the table service of Azurite as a child process: the ledger of `npm start` and of the tests.
// It knows the emulator's published account and nothing of what the product keeps there.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';

export interface Azurite {
  readonly connectionString: string;
  readonly tableEndpoint: string;
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

export interface AzuriteOptions {
  /** 0, the default, is any free port. */
  readonly port?: number;
  /** A folder that keeps the tables; without it they live in memory. */
  readonly location?: string;
  readonly startDeadlineMs?: number;
}

const ACCOUNT = 'devstoreaccount1';
// The emulator's published key, the same everywhere: no secret.
const KEY =
  'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';
const ENTRY = path.resolve(
  import.meta.dirname,
  '../../node_modules/azurite/dist/src/table/main.js',
);
const FLAGS = ['--silent', '--disableTelemetry', '--skipApiVersionCheck'];
const READY_LINE = 'Azurite Table service successfully started';
// Azurite does not look after its parent: this ends it when the channel to the parent closes, however the parent went.
const DIE_WITH_PARENT = 'data:text/javascript,process.once("disconnect",()=>process.exit())';
const ATTEMPTS = 5;

/** Throws one sentence when Azurite does not come up; a port lost to somebody else in between is tried again with another. */
export async function startAzurite(options: AzuriteOptions = {}): Promise<Azurite> {
  const { port = 0, location, startDeadlineMs = 60_000 } = options;
  for (let attempt = 1; ; attempt += 1) {
    const chosen = port === 0 ? await freePort() : port;
    const outcome = await launch(chosen, location, startDeadlineMs);
    if (typeof outcome !== 'string') return outcome;
    const lostRace = port === 0 && outcome.includes('EADDRINUSE') && attempt < ATTEMPTS;
    if (!lostRace) throw new Error(`Azurite did not start on port ${chosen}: ${outcome}`);
  }
}

async function launch(
  port: number,
  location: string | undefined,
  deadlineMs: number,
): Promise<Azurite | string> {
  const place = location === undefined ? ['--inMemoryPersistence'] : ['--location', location];
  const child = fork(
    ENTRY,
    ['--tableHost', '127.0.0.1', '--tablePort', `${port}`, ...place, ...FLAGS],
    {
      execArgv: ['--import', DIE_WITH_PARENT],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    },
  );
  const exited = once(child, 'close');
  const failure = await readyOrFailure(child, exited, deadlineMs);
  if (failure !== undefined) return failure;

  const tableEndpoint = `http://127.0.0.1:${port}/${ACCOUNT}`;
  return {
    tableEndpoint,
    connectionString: `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${KEY};TableEndpoint=${tableEndpoint};`,
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Nothing once the child itself says that it listens (that somebody answers on the port proves nothing); else what it said last. */
async function readyOrFailure(
  child: ChildProcess,
  exited: Promise<unknown>,
  deadlineMs: number,
): Promise<string | undefined> {
  const said: string[] = [];
  const outcome = Promise.withResolvers<string | undefined>();
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      said.push(line);
      if (line.includes(READY_LINE)) outcome.resolve(undefined);
    });
  }
  const late = setTimeout(() => outcome.resolve(`not up after ${deadlineMs} ms`), deadlineMs);
  exited.then(
    () => outcome.resolve('it ended'),
    () => outcome.resolve('it ended'),
  );
  const failure = await outcome.promise;
  clearTimeout(late);
  if (failure === undefined) return undefined;
  child.kill('SIGKILL');
  return [failure, ...said.slice(-5)].join('\n');
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('No free port was found.');
  return address.port;
}
