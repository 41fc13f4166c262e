// `npm start`: builds the product and runs it with everything it needs on this machine, then says what can be tried.
// It only puts parts together and takes them down again: no process outlives it, however it ends.

import { bundle } from '../build/bundle.ts';
import { onEnd } from './ending.ts';
import { givenSettings, readFlags } from './flags.ts';
import { greeting } from './greeting.ts';
import { type Host, LOCAL_FUNCTION_KEY, startHost } from './host.ts';
import { CA_FILE, type Surroundings, startSurroundings, TOKEN_FILE } from './surroundings.ts';

const STOP_DEADLINE_MS = 5_000;

const flags = readFlags(process.argv.slice(2), process.env);
if (typeof flags === 'string') {
  console.log(flags);
  process.exit(process.argv.includes('--help') || process.argv.includes('-h') ? 0 : 1);
}

let surroundings: Surroundings | undefined;
let host: Host | undefined;
let ending = false;

/** Whatever is still up after the deadline dies with this process: each child watches it. */
async function end(code: number): Promise<never> {
  ending = true;
  setTimeout(() => process.exit(code), STOP_DEADLINE_MS).unref();
  await Promise.allSettled([host?.stop(), surroundings?.stop()]);
  process.exit(code);
}

// A terminal that was closed takes no more text; that must not keep anything alive.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});
onEnd(() => {
  console.log('\nStopping.');
  void end(0);
});

try {
  const given = givenSettings(process.env);
  const [started] = await Promise.all([
    startSurroundings(flags, given),
    flags.build ? bundle() : undefined,
  ]);
  surroundings = started;
  const { tenant, azurite, env } = started;
  host = await startHost({ port: flags.port, env, quiet: true, timers: true });
  const { url, lines, onLine, exited } = host;

  console.log(
    greeting({
      url,
      functionKey: LOCAL_FUNCTION_KEY,
      tenantOrigin: tenant.origin,
      tenantId: tenant.tenantId,
      control: tenant.control,
      tableEndpoint: azurite.tableEndpoint,
      tokenFile: TOKEN_FILE,
      caFile: CA_FILE,
      cooldownSeconds: env['COOLDOWN_SECONDS'] ?? '120',
      notes: [
        ...flags.without.map((name) => `The identity does not hold ${name}.`),
        ...(flags.noPim ? ['The tenant has no licence for role eligibilities.'] : []),
        ...(flags.latencyMs > 0 ? [`Every call to Graph takes ${flags.latencyMs} ms.`] : []),
        ...Object.keys(given).map((name) => `${name} is taken from the environment.`),
      ],
    }),
  );
  if (!flags.quiet) {
    for (const line of lines) console.log(line);
    onLine((line) => console.log(line));
  }
  void exited.then((sentence) => {
    if (ending) return;
    console.error(sentence);
    void end(1);
  });
} catch (cause) {
  if (!ending) {
    console.error(`\n${cause instanceof Error ? cause.message : String(cause)}`);
    await end(1);
  }
}
