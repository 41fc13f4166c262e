// The act: one write that sets the password, the force-change flag and, only where needed, enables the
// account. An account is never enabled while its old password still works. Every outcome has a name,
// "unknown" too. Draws again when the tenant's policy refuses a password; nothing else draws again.

import { writeNeedsMs } from './deadline.ts';
import type { Failure } from './failure.ts';
import type { Case } from './journey.ts';
import { drawPassword } from './password.ts';
import type { ResetRequest } from './reset-request.ts';
import { err, ok, type Result } from './result.ts';
import type { Secret } from './secret.ts';
import type { UserFacts, WriteOutcome } from './target.ts';

export interface Reset {
  readonly password: Secret;
  readonly graphRequestId: string | undefined;
}

export interface ResetRefused {
  readonly failure: Failure;
  readonly graphRequestId: string | undefined;
}

const mostPasswords = 3;
const unknownRetrySeconds = 30;
/** Long enough for a slow directory to recover, short enough for a webhook's patience. */
const lateRetrySeconds = Math.ceil(writeNeedsMs / 1000);

export const enablesAccount = (user: UserFacts, request: ResetRequest): boolean =>
  !user.accountEnabled && request.enableUserIfNeeded;

export async function resetPassword(
  { ports, request, asked, deadline }: Pick<Case, 'ports' | 'request' | 'asked' | 'deadline'>,
  user: UserFacts,
): Promise<Result<Reset, ResetRefused>> {
  const names = [user.userPrincipalName.split('@')[0] ?? '', user.displayName ?? ''];
  let graphRequestId: string | undefined;
  for (let draw = 0; draw < mostPasswords; draw += 1) {
    if (ports.now() > deadline.beforeWrite) {
      const failure: Failure = { code: 'GraphUnavailable', retryAfterSeconds: lateRetrySeconds };
      return err({ failure, graphRequestId });
    }
    const password = drawPassword(ports.randomBelow, names);
    const change = {
      password,
      forceChange: request.forceChange,
      forceChangeWithMfa: request.forceChangeWithMfa,
      enable: enablesAccount(user, request),
    };
    const { requestId } = asked;
    const window = { start: deadline.beforeWrite, end: deadline.graph };
    const outcome = await ports.directory.setPassword(user.id, change, requestId, window);
    graphRequestId = outcome.graphRequestId;
    if (outcome.kind === 'done') return ok({ password, graphRequestId });
    if (outcome.kind !== 'policy') return err({ failure: failureOf(outcome), graphRequestId });
  }
  return err({ failure: { code: 'PasswordRejected' }, graphRequestId });
}

const failureOf = (outcome: WriteOutcome): Failure =>
  outcome.kind === 'refused'
    ? outcome.failure
    : { code: 'OutcomeUnknown', retryAfterSeconds: unknownRetrySeconds };
