// What each failure says on the wire: status, title, and a detail that tells what to type next. Several
// causes share one sentence on purpose. Repeats no sent value and no upstream text.

import { appRole } from './caller.ts';
import type { CallerRule, CredentialFault, Failure, Problem } from './failure.ts';

/** Whole seconds: callers parse it, people read it. */
export const iso = (time: number): string => new Date(time).toISOString().replace(/\.\d{3}Z$/, 'Z');

/** A second too early would cost the new key. */
const roundedUp = (date: Date): number => Math.ceil(date.getTime() / 1000) * 1000;

export interface Wire {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly retryAfterSeconds?: number;
  readonly authenticate?: string;
}

/** Upper bound of `Retry-After` for all but a caller's own limit: Zendesk gives up from 60 s on. */
const longestRetrySeconds = 59;
const clamp = (seconds: number, most = longestRetrySeconds): number =>
  Math.min(most, Math.max(1, Math.ceil(seconds)));
const say = (status: number, title: string, detail: string): Wire => ({ status, title, detail });
const later = (title: string, detail: string, seconds: number): Wire => ({
  ...say(503, title, detail),
  retryAfterSeconds: clamp(seconds),
});
const briefRetrySeconds = 10;

/** The one switch over every failure: without a default, so that none can be forgotten. */
export function wireOf(failure: Failure): Wire {
  switch (failure.code) {
    case 'InvalidRequest':
      return say(400, 'Invalid request', summary(failure.problems));
    case 'UnsupportedPayload':
      return say(400, 'Unsupported payload', summary(failure.problems));
    case 'Unauthenticated': {
      const authenticate =
        failure.door === 'entra'
          ? `Bearer realm="password-reset"${failure.fault === 'no-token' ? '' : ', error="invalid_token"'}`
          : 'FunctionKey realm="password-reset"';
      return { ...say(401, 'Not authenticated', credentialDetail[failure.fault]), authenticate };
    }
    case 'CallerNotAllowed':
      return say(403, 'Caller not allowed', ruleDetail[failure.rule]);
    case 'TargetProtected':
      return say(
        403,
        'Target protected',
        'This user is privileged, protected, or could not be checked, so nothing was changed. A ' +
          'Privileged Authentication Administrator can reset the user in the Entra admin centre; the ' +
          'reason is in the audit under this request id.',
      );
    case 'RecentlyReset':
      return say(
        403,
        'Recently reset',
        'Another reset of this user was done moments ago; nothing was changed. This delivery stays ' +
          `refused; from ${iso(roundedUp(failure.until))} a new Idempotency-Key works.`,
      );
    case 'GraphDenied':
      return say(403, 'Denied by Microsoft Graph', deniedDetail(failure.step, failure.right));
    case 'UserNotFound':
      return say(
        404,
        'User not found',
        'No such user. An e-mail address need not be the user principal name: check the name in the ' +
          'Entra admin centre. A deleted user must be restored first.',
      );
    case 'InProgress':
      return {
        ...say(
          409,
          'In progress',
          'This delivery, or another reset of this user, is being worked on now. Repeat the same ' +
            'request with the same Idempotency-Key in a few seconds.',
        ),
        retryAfterSeconds: 5,
      };
    case 'LengthRequired':
      return say(
        411,
        'Length required',
        'The body came chunked or without a length, and the platform does not deliver such bodies. ' +
          'Send a Content-Length header (curl: --json or --data-binary; no Transfer-Encoding).',
      );
    case 'PayloadTooLarge':
      return say(413, 'Payload too large', 'The body is over 16 KiB. Send only the fields needed.');
    case 'UnsupportedMediaType':
      return say(
        415,
        'Unsupported media type',
        failure.what === 'encoding'
          ? 'Send the body as it is: with curl leave out -H Content-Encoding and do not compress it.'
          : `Send JSON. With curl: --json '{"UserName":"name@domain"}', or ` +
              "-H 'Content-Type: application/json' beside --data-binary.",
      );
    case 'KeyReused':
      return say(
        422,
        'Idempotency key reused',
        'This key was used for another request. Send the first request again unchanged, or a new ' +
          'Idempotency-Key for this one.',
      );
    case 'DirectorySynced':
      return say(
        422,
        'Synchronised from on-premises',
        'This user comes from an on-premises Active Directory, which would overwrite a reset in the ' +
          'cloud. Reset the password there (Active Directory Users and Computers), or in the Entra ' +
          'admin centre when password writeback is on.',
      );
    case 'GuestUser':
      return say(
        422,
        'Guest user',
        'This user is a guest; the password belongs to the home organisation. The guest has to ' +
          'reset it there, with the home organisation’s help desk or its "forgot my password" page.',
      );
    case 'FederatedUser':
      return say(
        422,
        'Federated user',
        'The domain of this user is federated: sign-in happens at another identity provider (such ' +
          'as AD FS or Okta). Reset the password there.',
      );
    case 'PasswordRejected':
      return say(
        422,
        'Password rejected',
        'The password policy of the tenant refused three generated passwords; nothing was changed. ' +
          'Check the custom banned password list (Entra admin centre, Password protection).',
      );
    case 'GraphRejected':
      return say(
        422,
        'Rejected by Microsoft Graph',
        'Microsoft Graph refused the write for a reason that is not known here; nothing was changed. ' +
          'Its request id is in the log under this request id.',
      );
    case 'TooManyRequests':
      return failure.by === 'caller'
        ? {
            ...say(
              429,
              'Hourly limit reached',
              'This caller has reached its hourly limit (maxResetsPerHour). Wait as long as ' +
                'Retry-After says; in an emergency use another caller or raise the limit.',
            ),
            retryAfterSeconds: clamp(failure.retryAfterSeconds, 3600),
          }
        : {
            ...say(
              429,
              'Throttled by Microsoft Graph',
              'Microsoft Graph throttles; nothing was changed. Repeat the same request later.',
            ),
            retryAfterSeconds: clamp(failure.retryAfterSeconds),
          };
    case 'InternalError':
      return say(
        500,
        'Internal error',
        'Something went wrong here. The log has more under this request id.',
      );
    case 'NotConfigured':
      return later(
        'Not configured',
        'The service is not configured. Its operator finds the reason at /api/ready.',
        longestRetrySeconds,
      );
    case 'GraphUnavailable':
      return later(
        'Microsoft Graph unavailable',
        'Microsoft Graph did not answer in time, or too many requests came at once; nothing was ' +
          'changed. Repeat the same request.',
        failure.retryAfterSeconds,
      );
    case 'IdentityUnavailable':
      return later(
        'Identity unavailable',
        'No token could be had or checked; nothing was changed. Repeat the same request; if it ' +
          'stays so, /api/ready names the cause.',
        briefRetrySeconds,
      );
    case 'LedgerUnavailable':
      return later(
        'Ledger unavailable',
        'The ledger in table storage did not answer; nothing was changed. Repeat the same request.',
        briefRetrySeconds,
      );
    case 'OutcomeUnknown':
      return later(
        'Outcome unknown',
        'The reset was sent to Microsoft Graph and its result was not seen. Repeat the same request ' +
          'with the same Idempotency-Key after Retry-After: that settles it.',
        failure.retryAfterSeconds,
      );
  }
}

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

const deniedDetail = (step: 'read' | 'write', right: string): string =>
  `Microsoft Graph refused the ${step}; nothing was changed. The identity likely lacks ${right}. ` +
  'Grant it: npm run grant -- --app NAME (the platform can take hours until it hands out a token ' +
  'with it). /api/ready shows what the identity holds.';
