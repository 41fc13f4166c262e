// Everything a request needs on its way, as object literals: a clock that a test sets, a directory with
// one ordinary user, a ledger in memory. Each test replaces one port or breaks one method of it.

import { createHash } from 'node:crypto';
import type { Incoming, TokenVerifier } from '../../lib/admission.ts';
import type { Answer } from '../../lib/answer.ts';
import type { AuditEvent, LogFields } from '../../lib/audit.ts';
import type { Caller } from '../../lib/caller.ts';
import type { DeliveryLedger } from '../../lib/claim.ts';
import type { Config, Mistake } from '../../lib/config.ts';
import type { Identity } from '../../lib/identity-rights.ts';
import type { Ports } from '../../lib/journey.ts';
import { resetHandler } from '../../lib/reset-handler.ts';
import { ok, type Result } from '../../lib/result.ts';
import type { Directory } from '../../lib/target.ts';
import type { UserLedger } from '../../lib/user-lock.ts';
import { aLedger, type LedgerInMemory } from './a-ledger.ts';
import { aRequest, functionKey, requestId, startedAt } from './a-valid-request.ts';
import { aCaller, aTenant, aUser } from './a-valid-user.ts';

export { requestId, startedAt };
/** The passwords that the counting source of `aJourney` draws, in this order. */
export const passwords = [
  'Cdfhj-Kmnpr-Tvwxc-934',
  'Jkmnp-Rtvwx-Cdfhj-479',
  'Prtvw-Xcdfh-Jkmnp-934',
];

export const aConfig = (changes: Partial<Config> = {}): Config => ({
  clientId: undefined,
  graphOrigin: 'https://graph.microsoft.com',
  ledger: { connectionString: 'UseDevelopmentStorage=true' },
  callers: undefined,
  protectedGroupIds: [],
  entra: undefined,
  cooldownSeconds: 120,
  auditRetentionDays: 365,
  ...changes,
});

/** A configuration with one caller, who holds the key of `aRequest`. */
export function calledBy(changes: Partial<Caller> = {}): Result<Config, readonly Mistake[]> {
  const keyHashes = [createHash('sha256').update(functionKey).digest()];
  return ok(aConfig({ callers: [aCaller({ keyHashes, ...changes })] }));
}

export interface JourneyChanges {
  readonly config?: Result<Config, readonly Mistake[]>;
  readonly ledger?: LedgerInMemory;
  readonly directory?: Partial<Directory>;
  readonly deliveries?: Partial<DeliveryLedger>;
  readonly users?: Partial<UserLedger>;
  readonly identity?: Identity;
  readonly tokens?: TokenVerifier | undefined;
  readonly clock?: { now: number };
  readonly startedAt?: number;
}

/** Records `name` before each call of the port's method, so that a test sees what came and what not. */
const watched = <T extends object>(port: T, prefix: string, calls: string[]): T =>
  new Proxy(port, {
    get: (target, name) => {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      return (...args: unknown[]) => {
        calls.push(`${prefix}.${String(name)}`);
        return method(...args);
      };
    },
  });

export function aJourney(changes: JourneyChanges = {}) {
  const clock = changes.clock ?? { now: startedAt };
  const ledger = changes.ledger ?? aLedger();
  const calls: string[] = [];
  const lines: { level: string; event: AuditEvent; fields: LogFields }[] = [];
  let drawn = -1;
  const directory: Directory = {
    user: async () => ok(aUser()),
    tenant: async () => ok(aTenant()),
    setPassword: async () => ({ kind: 'done', graphRequestId: 'graph-1' }),
    revokeSessions: async () => true,
    ...changes.directory,
  };
  const identity: Identity = {
    rights: async () =>
      ok({
        objectId: undefined,
        permissions: ['User-PasswordProfile.ReadWrite.All', 'User.ReadWrite.All'],
      }),
  };
  const ports: Ports = {
    directory: watched(directory, 'directory', calls),
    deliveries: watched({ ...ledger.deliveries, ...changes.deliveries }, 'deliveries', calls),
    users: watched({ ...ledger.users, ...changes.users }, 'users', calls),
    identity: watched(changes.identity ?? identity, 'identity', calls),
    tokens: changes.tokens,
    randomBelow: (limit) => {
      drawn += 1;
      return drawn % limit;
    },
    now: () => clock.now,
    log: (level, event, fields) => lines.push({ level, event, fields }),
  };
  const handle = resetHandler(changes.config ?? ok(aConfig()), async () => ports);
  return {
    clock,
    ledger,
    calls,
    lines,
    ports,
    handle: (incoming: Incoming = aRequest(), id = requestId): Promise<Answer> =>
      handle({ ...incoming, requestId: id, startedAt: changes.startedAt ?? clock.now }, ports.log),
  };
}

/** The members of a JSON answer. */
export const said = ({ body }: Answer): Readonly<Record<string, unknown>> => JSON.parse(body);

export const codeOf = ({ headers }: Answer): string | undefined => headers['x-ms-error-code'];

/** The codes of the outcome rows, in the order in which they were written. */
export const outcomesIn = ({ rows }: LedgerInMemory): readonly string[] =>
  rows.filter(({ row }) => row.kind === 'outcome').map(({ row }) => row.code);
