// Stands between the product and a table service: passes everything on, writes down what it was, and on
// order delays, silences, breaks, refuses or falsifies it, or stops it at an exact instant so that a test can
// kill the worker there. Knows nothing of resets; which operation is meant is the test's business.

import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createOrders, type Fault } from '../../infra/local/tenant/faults.ts';
import { describeOperation, type Operation } from './table-operation.ts';

/** As of the tenant; a reply is sent instead of storing, with a body that is text. */
export type TableFault =
  | Exclude<Fault, { readonly kind: 'reply' }>
  | {
      readonly kind: 'reply';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | undefined;
    };

export type Match = (operation: Operation) => boolean;

export interface Hold {
  /** The operation stands still: `before` it is stored, or `after` it was and unanswered. */
  readonly reached: Promise<Operation>;
  /** Lets it go on (a held write whose worker died is dropped instead). */
  release(): void;
}

export interface TableProxy {
  readonly connectionString: string;
  /** Everything that was asked since the start (or since a test emptied it), oldest first. */
  readonly operations: Operation[];
  /** The answer is a function that lifts the fault again. */
  next(match: Match, fault: TableFault, times?: number): () => void;
  hold(match: Match, when: 'before' | 'after'): Hold;
  /** Forgets every fault that is still ordered. */
  lift(): void;
  stop(): Promise<void>;
}

type Does = TableFault | { readonly kind: 'hold'; readonly when: string; readonly gate: Gate };

interface Gate {
  readonly reach: (operation: Operation) => void;
  readonly opened: Promise<void>;
}

interface Stored {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** @param tables connection string of the table service behind. */
export async function startTableProxy(tables: string): Promise<TableProxy> {
  const behind = new URL(/TableEndpoint=([^;]+)/.exec(tables)?.[1] ?? '');
  const agent = new Agent({ keepAlive: true });
  const operations: Operation[] = [];
  const orders = createOrders<Operation, Does>();

  const forward = (incoming: IncomingMessage, body: Buffer): Promise<Stored> =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        {
          agent,
          host: behind.hostname,
          port: behind.port,
          method: incoming.method,
          path: incoming.url,
          headers: incoming.headers,
        },
        (answer) => {
          readAll(answer).then(
            (read) =>
              resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: read }),
            reject,
          );
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });

  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readAll(incoming);
    const { method = '', url = '', socket } = incoming;
    const operation = describeOperation(method, url, body.toString('utf8'));
    operations.push(operation);
    const does = orders.take(operation);
    if (!(await goesOn(does, operation, socket, response))) return;
    const { status, headers, body: answer } = await forward(incoming, body);
    if (does?.kind === 'hold' && does.when === 'after') await stand(does.gate, operation);
    if (does?.kind === 'resetAfter') return void socket.destroy();
    operation.status = status;
    response.writeHead(status, headers);
    if (does?.kind !== 'truncate') return void response.end(answer);
    const half = answer.subarray(0, Math.max(1, answer.length >> 1));
    response.write(half, () => socket.destroy());
  };

  const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, response) => {
    response.on('error', () => {});
    // Whoever asked is gone, or the service behind is: nobody is left to be told.
    serve(incoming, response).catch(() => incoming.socket.destroy());
  });
  server.listen(0, '127.0.0.1', 1024);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    connectionString: tables.replace(`:${behind.port}/`, `:${port}/`),
    operations,
    next: orders.add,
    hold: (match, when) => {
      const reached = Promise.withResolvers<Operation>();
      const opened = Promise.withResolvers<void>();
      const gate: Gate = { reach: reached.resolve, opened: opened.promise };
      orders.add(match, { kind: 'hold', when, gate });
      return { reached: reached.promise, release: opened.resolve };
    },
    lift: orders.clear,
    stop: async () => {
      agent.destroy();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

const stand = (gate: Gate, operation: Operation): Promise<void> => {
  gate.reach(operation);
  return gate.opened;
};

/** What happens before anything is stored; false: nothing will be. */
async function goesOn(
  does: Does | undefined,
  operation: Operation,
  socket: Socket,
  response: ServerResponse,
): Promise<boolean> {
  switch (does?.kind) {
    case 'hang':
      return false;
    case 'resetBefore':
      socket.destroy();
      return false;
    case 'reply':
      operation.status = does.status;
      response.writeHead(does.status, does.headers);
      response.end(does.body ?? '');
      return false;
    case 'slow':
      await sleep(does.ms);
      return true;
    case 'hold':
      if (does.when === 'before') await stand(does.gate, operation);
      return !socket.destroyed;
    default:
      return true;
  }
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Always, until lifted. */
export const always = Number.POSITIVE_INFINITY;
