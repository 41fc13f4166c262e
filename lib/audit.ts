// What happened, for those who have to know: registered events for the log, and rows for the trail.
// The claimed and the verified are kept apart. Never a password, key, token, signature or body: only
// the fields named here can be said at all.

import type { Admitted } from './caller.ts';
import type { Door, Failure, FailureCode } from './failure.ts';
import type { ResetRequest } from './reset-request.ts';

/** Every log line of the product carries one of these; alerts and tests stand on them. */
export const auditEvents = {
  ResetCompleted: 'A password was reset.',
  ResetReplayed: 'A delivery that was done before came again.',
  ResetRehearsed: 'A dry run went through every check.',
  ResetRefused: 'A request was refused; `code` says why.',
  ResetOutcomeUnknown: 'A write was sent and its result was not seen.',
  ResetFailed: 'A dependency failed; nothing was changed.',
  RecordNotWritten: 'The ledger did not take a record.',
  CallerUnauthenticated: 'Somebody came without a good credential.',
  RequestInvalid: 'A request could not be read.',
  CallerLimited: 'A caller reached its hourly limit.',
  NotConfigured: 'Settings are missing or wrong.',
  ReadinessChecked: 'The readiness checks ran.',
  LedgerSwept: 'Old rows were removed.',
  WarmUpFailed: 'Something could not be fetched before the first request.',
  InternalError: 'A bug.',
} as const;
export type AuditEvent = keyof typeof auditEvents;

/** One row of the trail. Dates are ISO 8601, UTC. */
export interface AuditRow {
  readonly kind: 'intent' | 'outcome';
  readonly at: string;
  readonly requestId: string;
  readonly code: string;
  readonly caller: string;
  readonly door?: Door | undefined;
  readonly callerAppId?: string | undefined;
  readonly callerObjectId?: string | undefined;
  readonly callerUser?: string | undefined;
  readonly claimedTicketId?: string | undefined;
  readonly claimedCallerName?: string | undefined;
  readonly claimedReason?: string | undefined;
  readonly clientRequestId?: string | undefined;
  readonly askedUserName?: string | undefined;
  readonly userName?: string | undefined;
  readonly userId?: string | undefined;
  readonly enableUserIfNeeded?: boolean | undefined;
  readonly forceChange?: boolean | undefined;
  readonly forceChangeWithMfa?: boolean | undefined;
  readonly revokeSessions?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
  readonly accountWasEnabled?: boolean | undefined;
  readonly accountEnabled?: boolean | undefined;
  readonly passwordReturned?: boolean | undefined;
  readonly sessionsRevoked?: string | undefined;
  readonly because?: string | undefined;
  readonly graphRequestId?: string | undefined;
  readonly elapsedMs?: number | undefined;
}

/** Fields of a log line about a request; the queries of infra/azure may use these and no others. */
export const auditFields = [
  'event',
  'at',
  'requestId',
  'code',
  'caller',
  'door',
  'callerAppId',
  'callerObjectId',
  'callerUser',
  'claimedTicketId',
  'claimedCallerName',
  'claimedReason',
  'clientRequestId',
  'askedUserName',
  'userName',
  'userId',
  'enableUserIfNeeded',
  'forceChange',
  'forceChangeWithMfa',
  'revokeSessions',
  'dryRun',
  'accountWasEnabled',
  'accountEnabled',
  'passwordReturned',
  'sessionsRevoked',
  'because',
  'graphRequestId',
  'elapsedMs',
  'status',
  'failed',
  'settings',
  'rows',
  'error',
] as const;

export type LogFields = Readonly<Partial<Record<(typeof auditFields)[number], unknown>>>;
export type Log = (level: 'info' | 'warn' | 'error', event: AuditEvent, fields: LogFields) => void;

const unreadable: readonly FailureCode[] = [
  'InvalidRequest',
  'UnsupportedPayload',
  'LengthRequired',
  'PayloadTooLarge',
  'UnsupportedMediaType',
];
const unavailable: readonly FailureCode[] = [
  'GraphUnavailable',
  'IdentityUnavailable',
  'LedgerUnavailable',
];

export function eventOf(
  outcome: Failure | 'Completed' | 'AlreadyCompleted' | 'DryRun',
): AuditEvent {
  if (outcome === 'Completed') return 'ResetCompleted';
  if (outcome === 'AlreadyCompleted') return 'ResetReplayed';
  if (outcome === 'DryRun') return 'ResetRehearsed';
  if (outcome.code === 'OutcomeUnknown') return 'ResetOutcomeUnknown';
  if (outcome.code === 'Unauthenticated') return 'CallerUnauthenticated';
  if (outcome.code === 'NotConfigured' || outcome.code === 'InternalError') return outcome.code;
  if (outcome.code === 'TooManyRequests' && outcome.by === 'caller') return 'CallerLimited';
  if (unreadable.includes(outcome.code)) return 'RequestInvalid';
  return unavailable.includes(outcome.code) ? 'ResetFailed' : 'ResetRefused';
}

/** Who asks for what; the same for the intent and the outcome. */
export const whoAsksWhat = (
  { caller, holder }: Admitted,
  door: Door,
  request: ResetRequest,
  clientRequestId: string | undefined,
) => ({
  caller: caller.name,
  door,
  callerAppId: holder?.appId,
  callerObjectId: holder?.objectId,
  callerUser: holder?.name,
  claimedTicketId: request.claimed.TicketId,
  claimedCallerName: request.claimed.CallerName,
  claimedReason: request.claimed.Reason,
  clientRequestId,
  askedUserName: request.userName,
  enableUserIfNeeded: request.enableUserIfNeeded,
  forceChange: request.forceChange,
  forceChangeWithMfa: request.forceChangeWithMfa,
  revokeSessions: request.revokeSessions,
  dryRun: request.dryRun,
});

/** The evidence in a failure that the wire does not show. */
export function becauseOf(failure: Failure): string | undefined {
  if (failure.code === 'TargetProtected') return failure.because;
  if (failure.code === 'CallerNotAllowed') return failure.rule;
  if (failure.code === 'GraphDenied') return `${failure.step}: ${failure.right}`;
  return failure.code === 'Unauthenticated' ? failure.fault : undefined;
}

/** Class and place of a bug; its message may hold what a user sent. */
export function describeBug(bug: unknown): string {
  if (!(bug instanceof Error)) return typeof bug;
  const places = (bug.stack ?? '').split('\n').filter((text) => /^\s+at /.test(text));
  return [bug.name, ...places.slice(0, 4).map((place) => place.trim())].join(' ');
}
