// The act: one write that sets the password, the force-change flag and, only where needed, enables the
// account. An account is never enabled while its old password still works. Every outcome has a name,
// "unknown" too. Draws again when the tenant's policy refuses a password; nothing else draws again.

import { type Deadline, writeNeedsMs } from './deadline.ts';
import type { Failure } from './failure.ts';
import { drawPassword, type RandomBelow } from './password.ts';
import type { ResetRequest } from './reset-request.ts';
import { err, ok, type Result } from './result.ts';
import type { Secret } from './secret.ts';
import type { Directory, UserFacts } from './target.ts';

export interface Reset {
  readonly password: Secret;
  readonly graphRequestId: string | undefined;
}

export interface ResetRefused {
  readonly failure: Failure;
  readonly graphRequestId: string | undefined;
}

const mostPasswords = 3;
export const unknownRetrySeconds = 30;

export const enablesAccount = (user: UserFacts, request: ResetRequest): boolean =>
  !user.accountEnabled && request.enableUserIfNeeded;

export async function resetPassword(
  directory: Directory,
  user: UserFacts,
  request: ResetRequest,
  requestId: string,
  randomBelow: RandomBelow,
  now: () => number,
  deadline: Deadline,
): Promise<Result<Reset, ResetRefused>> {
  const names = [user.userPrincipalName.split('@')[0] ?? '', user.displayName ?? ''];
  let graphRequestId: string | undefined;
  for (let draw = 0; draw < mostPasswords; draw += 1) {
    if (now() > deadline.beforeWrite) {
      const late: Failure = { code: 'GraphUnavailable', retryAfterSeconds: lateRetrySeconds };
      return err({ failure: late, graphRequestId });
    }
    const password = drawPassword(randomBelow, names);
    const change = {
      password,
      forceChange: request.forceChange || request.forceChangeWithMfa,
      forceChangeWithMfa: request.forceChangeWithMfa,
      enable: enablesAccount(user, request),
    };
    const outcome = await directory.setPassword(user.id, change, requestId, deadline.graph);
    graphRequestId = outcome.graphRequestId;
    if (outcome.kind === 'done') return ok({ password, graphRequestId });
    if (outcome.kind === 'refused') return err(outcome);
    if (outcome.kind === 'unknown') {
      const failure: Failure = { code: 'OutcomeUnknown', retryAfterSeconds: unknownRetrySeconds };
      return err({ failure, graphRequestId });
    }
  }
  return err({ failure: { code: 'PasswordRejected' }, graphRequestId });
}

/** Long enough for a slow directory to recover, short enough for a webhook's patience. */
const lateRetrySeconds = Math.ceil(writeNeedsMs / 1000);
