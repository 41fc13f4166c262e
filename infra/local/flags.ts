// What a person can say to `npm start` and `npm run start:func`: flags, PORT, and the product's own settings from the environment.
// Pure: argv and environment come in. It knows no default of the product.

import { parseArgs } from 'node:util';

export interface Flags {
  readonly without: readonly string[];
  readonly noPim: boolean;
  readonly latencyMs: number;
  readonly quiet: boolean;
  readonly build: boolean;
  readonly port: number;
}

const USAGE = `npm start -- [flags]
  --without "<right>"   start without a right of the identity, to see what is said (repeatable),
                        such as "User Administrator" or Member.Read.Hidden
  --no-pim              a tenant without the licence for role eligibilities
  --latency <ms>        every call to Graph takes that long
  --quiet               no log after the greeting
  --no-build            dist/ is taken as it is
  PORT=7072 npm start   another port
Settings given in the environment win: CALLERS (and the secrets it names), COOLDOWN_SECONDS,
PROTECTED_GROUP_IDS, AUDIT_RETENTION_DAYS, ENTRA_AUDIENCE.`;

type Environment = Readonly<Record<string, string | undefined>>;

/** A sentence when something was mistyped. */
export function readFlags(argv: readonly string[], env: Environment): Flags | string {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        without: { type: 'string', multiple: true },
        'no-pim': { type: 'boolean' },
        latency: { type: 'string' },
        quiet: { type: 'boolean' },
        'no-build': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) return USAGE;
    const port = Number(env['PORT'] ?? 7071);
    if (!Number.isInteger(port) || port < 0 || port > 65_535) {
      return 'PORT is not a port: a number from 1 to 65535, such as PORT=7072 npm start';
    }
    const latencyMs = Number(values.latency ?? 0);
    if (!Number.isFinite(latencyMs) || latencyMs < 0 || latencyMs > 60_000) {
      return '--latency takes milliseconds, such as --latency 300';
    }
    return {
      without: values.without ?? [],
      noPim: values['no-pim'] ?? false,
      latencyMs,
      quiet: values.quiet ?? false,
      build: !values['no-build'],
      port,
    };
  } catch (cause) {
    return `${cause instanceof Error ? cause.message : String(cause)}\n\n${USAGE}`;
  }
}

/** Only names that cannot reach a real tenant: GRAPH_ENDPOINT, AZURE_CLIENT_ID or storage of a shell never get in. */
const PERSONS_SETTINGS = [
  'CALLERS',
  'COOLDOWN_SECONDS',
  'PROTECTED_GROUP_IDS',
  'AUDIT_RETENTION_DAYS',
  'ENTRA_AUDIENCE',
];

/** The settings the person gave, with the secrets that CALLERS names. What is wrong in them, the product itself says. */
export function givenSettings(env: Environment): Readonly<Record<string, string>> {
  const given: Record<string, string> = {};
  for (const name of [...PERSONS_SETTINGS, ...secretNames(env['CALLERS'])]) {
    const value = env[name];
    if (value !== undefined) given[name] = value;
  }
  return given;
}

function secretNames(callers: string | undefined): readonly string[] {
  try {
    const parsed: unknown = JSON.parse(callers ?? '[]');
    const entries = parsed as readonly { signature?: { secrets?: readonly string[] } }[];
    return entries.flatMap((entry) => entry.signature?.secrets ?? []);
  } catch {
    return [];
  }
}
