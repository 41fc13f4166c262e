// What each failure says on the wire: status, title, a detail that tells what to type next, and when to
// come back. Several causes share one sentence on purpose. Repeats no sent value and no upstream text.

import { appRole } from './caller.ts';
import type { CallerRule, CredentialFault, Failure, FailureCode, Problem } from './failure.ts';

/** Whole seconds: callers parse it, people read it. */
export const wireTime = (time: number): string =>
  new Date(time).toISOString().replace(/\.\d{3}Z$/, 'Z');

export const wireOf = (failure: Failure) => ({
  status: statusOf[failure.code],
  title: titleOf(failure.code),
  detail: detailOf(failure),
  retryAfterSeconds: retryAfterOf(failure),
  authenticate: failure.code === 'Unauthenticated' ? challenge(failure) : undefined,
});

/** Exhaustive by its type: a new failure does not compile before it stands here. */
export const statusOf: Readonly<Record<FailureCode, number>> = {
  InvalidRequest: 400,
  UnsupportedPayload: 400,
  Unauthenticated: 401,
  CallerNotAllowed: 403,
  TargetProtected: 403,
  RecentlyReset: 403,
  GraphDenied: 403,
  UserNotFound: 404,
  InProgress: 409,
  LengthRequired: 411,
  PayloadTooLarge: 413,
  UnsupportedMediaType: 415,
  KeyReused: 422,
  DirectorySynced: 422,
  GuestUser: 422,
  FederatedUser: 422,
  PasswordRejected: 422,
  GraphRejected: 422,
  TooManyRequests: 429,
  InternalError: 500,
  NotConfigured: 503,
  GraphUnavailable: 503,
  IdentityUnavailable: 503,
  LedgerUnavailable: 503,
  OutcomeUnknown: 503,
};

/** The code in words: `TargetProtected` is "Target protected". */
const titleOf = (code: FailureCode): string =>
  code.replace(/(?<=.)[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** Upper bound of `Retry-After` for all but a caller's own limit: Zendesk gives up from 60 s on. */
const longestRetrySeconds = 59;
const briefRetrySeconds = 10;

const fixedRetrySeconds: Partial<Record<FailureCode, number>> = {
  InProgress: 5,
  IdentityUnavailable: briefRetrySeconds,
  LedgerUnavailable: briefRetrySeconds,
  NotConfigured: longestRetrySeconds,
};

function retryAfterOf(failure: Failure): number | undefined {
  if (!('retryAfterSeconds' in failure)) return fixedRetrySeconds[failure.code];
  const ownLimit = failure.code === 'TooManyRequests' && failure.by === 'caller';
  const most = ownLimit ? 3600 : longestRetrySeconds;
  return Math.min(most, Math.max(1, Math.ceil(failure.retryAfterSeconds)));
}

const challenge = ({ door, fault }: Extract<Failure, { code: 'Unauthenticated' }>): string =>
  door === 'function'
    ? 'FunctionKey realm="password-reset"'
    : `Bearer realm="password-reset"${fault === 'no-token' ? '' : ', error="invalid_token"'}`;

/** The one switch over every failure: without a default, so that none can be forgotten. */
function detailOf(failure: Failure): string {
  switch (failure.code) {
    case 'InvalidRequest':
    case 'UnsupportedPayload':
      return summary(failure.problems);
    case 'Unauthenticated':
      return credentialDetail[failure.fault];
    case 'CallerNotAllowed':
      return ruleDetail[failure.rule];
    case 'TargetProtected':
      return (
        'This user is privileged, protected, or could not be checked, so nothing was changed. A ' +
        'Privileged Authentication Administrator can reset the user in the Entra admin centre; the ' +
        'reason is in the audit under this request id.'
      );
    case 'RecentlyReset':
      return (
        'Another reset of this user was done moments ago; nothing was changed. This delivery stays ' +
        `refused; from ${wireTime(roundedUp(failure.until))} a new Idempotency-Key works.`
      );
    case 'GraphDenied':
      return (
        `Microsoft Graph refused the ${failure.step}; nothing was changed. The identity likely lacks ` +
        `${failure.right}. Grant it: npm run grant -- --app NAME (the platform can take hours until it ` +
        'hands out a token with it). /api/ready shows what the identity holds.'
      );
    case 'UserNotFound':
      return (
        'No such user. An e-mail address need not be the user principal name: check the name in the ' +
        'Entra admin centre. A deleted user must be restored first.'
      );
    case 'InProgress':
      return (
        'This delivery, or another reset of this user, is being worked on now. Repeat the same ' +
        'request with the same Idempotency-Key in a few seconds.'
      );
    case 'LengthRequired':
      return (
        'The body came chunked or without a length, and the platform does not deliver such bodies. ' +
        'Send a Content-Length header (curl: --json or --data-binary; no Transfer-Encoding).'
      );
    case 'PayloadTooLarge':
      return 'The body is over 16 KiB. Send only the fields needed.';
    case 'UnsupportedMediaType':
      return failure.what === 'encoding'
        ? 'Send the body as it is: with curl leave out -H Content-Encoding and do not compress it.'
        : `Send JSON. With curl: --json '{"UserName":"name@domain"}', or ` +
            "-H 'Content-Type: application/json' beside --data-binary.";
    case 'KeyReused':
      return (
        'This key was used for another request. Send the first request again unchanged, or a new ' +
        'Idempotency-Key for this one.'
      );
    case 'DirectorySynced':
      return (
        'This user comes from an on-premises Active Directory, which would overwrite a reset in the ' +
        'cloud. Reset the password there (Active Directory Users and Computers), or in the Entra ' +
        'admin centre when password writeback is on.'
      );
    case 'GuestUser':
      return (
        'This user is a guest; the password belongs to the home organisation. The guest has to ' +
        'reset it there, with the home organisation’s help desk or its "forgot my password" page.'
      );
    case 'FederatedUser':
      return (
        'The domain of this user is federated: sign-in happens at another identity provider (such ' +
        'as AD FS or Okta). Reset the password there.'
      );
    case 'PasswordRejected':
      return (
        'The password policy of the tenant refused three generated passwords; nothing was changed. ' +
        'Check the custom banned password list (Entra admin centre, Password protection).'
      );
    case 'GraphRejected':
      return (
        'Microsoft Graph refused the write for a reason that is not known here; nothing was changed. ' +
        'Its request id is in the log under this request id.'
      );
    case 'TooManyRequests':
      return failure.by === 'caller'
        ? 'This caller has reached its hourly limit (maxResetsPerHour). Wait as long as Retry-After ' +
            'says; in an emergency use another caller or raise the limit.'
        : 'Microsoft Graph throttles; nothing was changed. Repeat the same request later.';
    case 'InternalError':
      return 'Something went wrong here. The log has more under this request id.';
    case 'NotConfigured':
      return 'The service is not configured. Its operator finds the reason at /api/ready.';
    case 'GraphUnavailable':
      return (
        'Microsoft Graph did not answer in time, or too many requests came at once; nothing was ' +
        'changed. Repeat the same request.'
      );
    case 'IdentityUnavailable':
      return (
        'No token could be had or checked; nothing was changed. Repeat the same request; if it ' +
        'stays so, /api/ready names the cause.'
      );
    case 'LedgerUnavailable':
      return 'The ledger in table storage did not answer; nothing was changed. Repeat the same request.';
    case 'OutcomeUnknown':
      return (
        'The reset was sent to Microsoft Graph and its result was not seen. Repeat the same request ' +
        'with the same Idempotency-Key after Retry-After: that settles it.'
      );
  }
}

/** A second too early would cost the new key. */
const roundedUp = (date: Date): number => Math.ceil(date.getTime() / 1000) * 1000;

/** One sentence for those who read no list. */
function summary(problems: readonly Problem[]): string {
  const first = problems[0]?.detail ?? '';
  const more = problems.length - 1;
  return more > 0 ? `${first} (and ${more} more, see errors)` : first;
}

const credentialDetail: Readonly<Record<CredentialFault, string>> = {
  'no-key': 'Send the function key in the header x-functions-key.',
  'unknown-key': 'This function key belongs to no caller of this service.',
  'no-token': 'Send an Entra ID access token: Authorization: Bearer TOKEN.',
  'bad-token':
    'The access token is not valid here. Get one for this service: az account get-access-token --resource api://CLIENT_ID',
  'expired-token':
    'The access token is not valid at this time. Get a new one: az account get-access-token --resource api://CLIENT_ID',
  'unknown-app': 'The app of this access token belongs to no caller of this service.',
  'no-signature': 'This caller has to sign its requests, and the signature headers are missing.',
  'bad-signature': 'The signature does not match the body and the secret.',
  'stale-signature': 'The signature is too old or too new. Check the clock of the sender.',
};

const ruleDetail: Readonly<Record<CallerRule, string>> = {
  domains: 'This caller may not name users of this domain (domains).',
  groups: 'This caller may reach only members of its groups (groups).',
  mayEnable:
    'This caller may not ask for an account to be enabled (mayEnable). Leave out EnableUserIfNeeded.',
  appRole:
    `The access token carries no app role ${appRole}. Assign it: ` +
    'npm run grant -- --app NAME --allow-caller USER_OR_CLIENT_ID, then get a new token.',
};
