// The memory that a worker's objects take, after a collection. What is resident says more about V8, which keeps
// what it was once given, than about the app: it differs by a fifth from run to run.
// Compiled code that is not used goes only after several collections, so there are several.

import type { Host } from '../../infra/local/host.ts';

const source = `
  import { setFlagsFromString } from 'node:v8';
  import { setTimeout as sleep } from 'node:timers/promises';
  import { runInNewContext } from 'node:vm';
  setFlagsFromString('--expose_gc');
  const collect = runInNewContext('gc');
  let asked = 0;
  process.on('SIGUSR2', async () => {
    for (let round = 0; round < 8; round += 1) {
      collect();
      await sleep(250);
    }
    console.log('heap ' + (asked += 1) + ' ' + process.memoryUsage().heapUsed);
  });`;

/** Settings of a host that tells its heap. */
export const tellsHeap: Readonly<Record<string, string>> = {
  NODE_OPTIONS: `--import=data:text/javascript;base64,${Buffer.from(source).toString('base64')}`,
};

/** MiB, the n-th time (from 1) that this host is asked. */
export async function heapInUse(host: Host, nth: number): Promise<number> {
  process.kill(host.pid, 'SIGUSR2');
  const line = await host.waitForLine(new RegExp(`heap ${nth} \\d+`));
  return Number(line.split(' ').at(-1)) / 1024 ** 2;
}
