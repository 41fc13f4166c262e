// A door in the cable: passes TCP connections on to another port of this machine, swallows what is sent, or
// is not there at all. Knows nothing of what goes through it.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface Gate {
  readonly port: number;
  /** From now on nothing passes in either direction; connections are accepted and stay silent. */
  mute(): void;
  /** Connections are refused, idle ones end at once, others after the answer that they wait for. */
  shut(): void;
  /** As at first. */
  open(): Promise<void>;
  stop(): Promise<void>;
}

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  /** The near side spoke last. */
  waits: boolean;
}

export async function startGate(target: number): Promise<Gate> {
  let state: 'open' | 'mute' | 'shut' = 'open';
  const pairs = new Set<Pair>();
  const end = (pair: Pair): void => {
    pairs.delete(pair);
    pair.near.destroy();
    pair.far.destroy();
  };
  const pass = (near: Socket): void => {
    const pair: Pair = { near, far: connect(target, '127.0.0.1'), waits: false };
    pairs.add(pair);
    near.on('data', (bytes) => {
      pair.waits = true;
      if (state !== 'mute') pair.far.write(bytes);
    });
    pair.far.on('data', (bytes) => {
      pair.waits = false;
      if (state !== 'mute') near.write(bytes);
      if (state === 'shut') near.end();
    });
    for (const socket of [near, pair.far]) {
      socket.on('error', () => end(pair));
      socket.on('close', () => end(pair));
    }
  };
  const listen = async (port: number): Promise<Server> => {
    const server = createServer(pass);
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return server;
  };
  let server = await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    mute: () => {
      state = 'mute';
    },
    shut: () => {
      state = 'shut';
      server.close();
      for (const pair of pairs) if (!pair.waits) end(pair);
    },
    open: async () => {
      if (state === 'shut') server = await listen(port);
      state = 'open';
    },
    stop: async () => {
      for (const pair of pairs) end(pair);
      server.close();
    },
  };
}
