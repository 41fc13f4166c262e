// A proxy before Azurite that adds a storage account's latency to every operation, and answers `/wait`
// itself after the same time.

import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface TableDelay {
  readonly url: string;
  latencyMs: number;
  /** When each operation was on its way here, in ms of performance.now(). */
  readonly spans: (readonly [from: number, to: number])[];
  stop(): Promise<void>;
}

export async function startTableDelay(
  tableEndpoint: string,
  latencyMs: number,
): Promise<TableDelay> {
  const { hostname, port } = new URL(tableEndpoint);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });
  const server = http.createServer(async (request, response) => {
    const from = performance.now();
    response.once('close', () => delay.spans.push([from, performance.now()]));
    if (delay.latencyMs > 0) await sleep(delay.latencyMs);
    if (request.url === '/wait') return response.end('{}');
    const { method, url: path, headers } = request;
    const onward = http.request({ hostname, port, agent, method, path, headers }, (reply) => {
      response.writeHead(reply.statusCode ?? 500, reply.headers);
      reply.pipe(response);
    });
    onward.on('error', () => response.destroy());
    return request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const delay: TableDelay = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    latencyMs,
    spans: [],
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        agent.destroy();
      }),
  };
  return delay;
}
