// A door in the cable: passes TCP connections on to another port of this machine, swallows what is sent, or
// is not there at all. Knows nothing of what goes through it.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface Gate {
  readonly port: number;
  /** From now on nothing passes in either direction; connections are accepted and stay silent. */
  mute(): void;
  /** Connections are refused. Those that stand end with the next thing said to them. */
  shut(): void;
  /** As at first. */
  open(): Promise<void>;
  stop(): Promise<void>;
}

export async function startGate(target: number): Promise<Gate> {
  let state: 'open' | 'mute' | 'shut' = 'open';
  const sockets = new Set<Socket>();
  const pass = (from: Socket): void => {
    const to = connect(target, '127.0.0.1');
    for (const [socket, other] of [[from, to] as const, [to, from] as const]) {
      sockets.add(socket);
      socket.on('data', (bytes) => {
        if (state !== 'mute') other.write(bytes);
        if (state === 'shut' && socket === to) from.end();
      });
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
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
    },
    open: async () => {
      if (state === 'shut') server = await listen(port);
      state = 'open';
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
