// The wire: what became of a request, as status, headers and body. What each failure says stands in
// failure-answer.ts. Repeats no sent value and no upstream text.

import Negotiator from 'negotiator';
import type { Receipt } from './claim.ts';
import type { Failure } from './failure.ts';
import { wireOf, wireTime } from './failure-answer.ts';
import type { Headers } from './headers.ts';
import { spell } from './password.ts';
import { reveal, type Secret } from './secret.ts';

/** What a 200 says; members absent when there is nothing to say. */
export type Success = Completed | AlreadyCompleted | Rehearsed;

export interface Completed extends Receipt {
  readonly status: 'Completed';
  readonly accountWasEnabled: boolean;
  readonly sessionsRevoked: SessionsRevoked;
  readonly warnings: readonly string[];
  readonly password: Secret | undefined;
}

export interface AlreadyCompleted extends Receipt {
  readonly status: 'AlreadyCompleted';
  readonly warnings: readonly string[];
}

export interface Rehearsed extends Omit<Receipt, 'completedAt'> {
  readonly status: 'DryRun';
  readonly accountWasEnabled: boolean;
  readonly wouldEnable: boolean;
  readonly wouldRevokeSessions: boolean;
  readonly warnings: readonly string[];
}

export type SessionsRevoked = 'NotRequested' | 'Revoked' | 'Failed';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What the answer depends on besides the outcome. */
export interface Asking {
  readonly requestId: string;
  readonly accept: string | null;
  /** What the sender calls the request, if it is fit to be repeated. */
  readonly clientRequestId: string | undefined;
}

export function askingOf(requestId: string, headers: Headers): Asking {
  const client = headers.get('x-ms-client-request-id') ?? '';
  const clientRequestId = /^[!-~]{1,128}$/.test(client) ? client : undefined;
  return { requestId, accept: headers.get('accept'), clientRequestId };
}

/** Headers of every answer of the app. */
const ownHeaders = ({ requestId, clientRequestId }: Asking): Record<string, string> => ({
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'x-ms-request-id': requestId,
  ...(clientRequestId === undefined ? {} : { 'x-ms-client-request-id': clientRequestId }),
});

/** A JSON document that is no outcome of a reset: health, readiness, OpenAPI. */
export const answerDocument = (status: number, body: string, asking: Asking): Answer => ({
  status,
  headers: { ...ownHeaders(asking), 'Content-Type': 'application/json' },
  body,
});

/** Whether `Accept` names the type and prefers it to the others; of equals the first named wins. */
function prefers(header: string | null, type: string, ...others: readonly string[]): boolean {
  const accept = header?.replace(/;(?!\s*q=)[^;,]*/gi, ''); // a charset decides nothing here
  if (!accept?.toLowerCase().includes(type)) return false;
  return new Negotiator({ headers: { accept } }).mediaType([...others, type]) === type;
}

const json = (members: Readonly<Record<string, unknown>>): string => `${JSON.stringify(members)}\n`;

// --- success -------------------------------------------------------------------------------------

export function answerSuccess(success: Success, asking: Asking): Answer {
  const replayed = success.status === 'AlreadyCompleted' ? { 'Idempotent-Replayed': 'true' } : {};
  const headers = { ...ownHeaders(asking), ...replayed };
  if (prefers(asking.accept, 'text/plain', 'application/json')) {
    const type = { 'Content-Type': 'text/plain; charset=utf-8' };
    return { status: 200, headers: { ...headers, ...type }, body: plainText(success) };
  }
  const type = { 'Content-Type': 'application/json' };
  return { status: 200, headers: { ...headers, ...type }, body: json(members(success)) };
}

function members(success: Success): Record<string, unknown> {
  const who = { Status: success.status, UserName: success.userName, UserId: success.userId };
  const warning = success.warnings.length > 0 ? { Warning: success.warnings.join(' ') } : {};
  const state = {
    AccountEnabled: success.accountEnabled,
    ForceChangePasswordNextSignIn: success.forceChange,
  };
  switch (success.status) {
    case 'Completed':
      return {
        ...who,
        AccountWasEnabled: success.accountWasEnabled,
        ...state,
        SessionsRevoked: success.sessionsRevoked,
        PasswordReturned: success.password !== undefined,
        CompletedAt: wireTime(success.completedAt),
        RequestId: success.requestId,
        ...warning,
        ...(success.password === undefined ? {} : { Password: shown(success) }),
      };
    case 'AlreadyCompleted':
      return {
        ...who,
        ...state,
        PasswordReturned: false,
        CompletedAt: wireTime(success.completedAt),
        RequestId: success.requestId,
        Detail: replayDetail(success.completedAt),
        ...warning,
      };
    case 'DryRun':
      return {
        ...who,
        AccountWasEnabled: success.accountWasEnabled,
        ...state,
        SessionsRevoked: 'NotRequested',
        PasswordReturned: false,
        WouldEnable: success.wouldEnable,
        WouldRevokeSessions: success.wouldRevokeSessions,
        RequestId: success.requestId,
        ...warning,
      };
  }
}

const replayDetail = (completedAt: number): string =>
  `This delivery was completed at ${wireTime(completedAt)}; its password is not kept and cannot be shown ` +
  'again. To set a new password, send a new Idempotency-Key.';

/** For a person at a terminal: what happened, the password, the password for the phone. */
function plainText(success: Success): string {
  const head = `${success.status}: ${success.userName}`;
  const warnings = success.warnings.map((warning) => `Warning: ${warning}`);
  switch (success.status) {
    case 'Completed': {
      const account = !success.accountEnabled
        ? ', account still disabled'
        : success.accountWasEnabled
          ? ''
          : ', account enabled';
      const change = success.forceChange ? ', change at next sign-in' : '';
      const password = shown(success);
      const secrets = password === undefined ? [] : [password, spell(password)];
      return lines([`${head}${account}${change}`, ...secrets, ...warnings]);
    }
    case 'AlreadyCompleted':
      return lines([head, replayDetail(success.completedAt), ...warnings]);
    case 'DryRun':
      return lines([
        head,
        `Would ${stepsOf(success).join(', ')}. Nothing was changed.`,
        ...warnings,
      ]);
  }
}

const stepsOf = (success: Rehearsed): readonly string[] => [
  'set a new password',
  ...(success.forceChange ? ['force a change at the next sign-in'] : []),
  ...(success.wouldEnable ? ['enable the account'] : []),
  ...(success.wouldRevokeSessions ? ['revoke the sign-in sessions'] : []),
];

/** The one place where the password of an answer is opened. */
const shown = ({ password }: Completed): string | undefined =>
  password === undefined ? undefined : reveal(password);

const lines = (parts: readonly string[]): string => `${parts.join('\n')}\n`;

// --- failure -------------------------------------------------------------------------------------

export function answerFailure(failure: Failure, asking: Asking): Answer {
  const { status, title, detail, retryAfterSeconds, authenticate } = wireOf(failure);
  const problemJson = prefers(asking.accept, 'application/problem+json');
  const problems = 'problems' in failure ? failure.problems : [];
  return {
    status,
    headers: {
      ...ownHeaders(asking),
      'Content-Type': problemJson ? 'application/problem+json' : 'application/json',
      'x-ms-error-code': failure.code,
      ...(retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) }),
      ...(authenticate === undefined ? {} : { 'WWW-Authenticate': authenticate }),
    },
    body: json({
      type: 'about:blank',
      title,
      status,
      detail,
      requestId: asking.requestId,
      error: { code: failure.code, message: detail },
      ...(problems.length > 0 ? { errors: problems } : {}),
    }),
  };
}
