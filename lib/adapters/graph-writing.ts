// The one write. The same PATCH (same password) may be sent again, because it changes nothing more; a
// write that was sent and not clearly answered stays unclear, whatever comes after it.

import type { Failure } from '../failure.ts';
import { member, textMember } from '../member.ts';
import { type Attempt, again, repeat, settled } from '../retry.ts';
import { reveal } from '../secret.ts';
import type { PasswordChange, WriteOutcome } from '../target.ts';
import { throttled, troubled } from './graph-reading.ts';
import type { GraphReply, Transport } from './graph-transport.ts';

export async function writePassword(
  transport: Transport,
  userId: string,
  change: PasswordChange,
  requestId: string,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<WriteOutcome> {
  const body = {
    ...(change.enable ? { accountEnabled: true } : {}),
    passwordProfile: {
      password: reveal(change.password),
      forceChangePasswordNextSignIn: change.forceChange,
      ...(change.forceChangeWithMfa ? { forceChangePasswordNextSignInWithMfa: true } : {}),
    },
  };
  const request = { method: 'PATCH', path: `/v1.0/users/${userId}`, body, requestId } as const;
  let sent = false;
  let unclear = false;
  let graphRequestId: string | undefined;
  const outcome = await repeat<WriteOutcome>(
    async (signal) => {
      if (!sent && Date.now() > start) return settled(refused(troubled()));
      const reply = await transport(request, signal, sent ? end : start);
      const attempt = reply.ok ? judgeWrite(reply.value) : settled(refused(reply.failure));
      sent ||= reply.ok && (reply.value.status !== 'lost' || reply.value.sent);
      const { kind } = attempt.value;
      unclear ||= kind === 'unknown';
      graphRequestId = attempt.value.graphRequestId ?? graphRequestId;
      // A refusal that follows an unclear answer tells nothing about the write before it.
      return unclear && kind !== 'done' ? { ...attempt, value: unknown } : attempt;
    },
    end,
    unknown,
  );
  return { ...outcome, graphRequestId }; // the last one seen, also when the last answer was lost
}

const unknown: WriteOutcome = { kind: 'unknown', graphRequestId: undefined };

const refused = (failure: Failure, graphRequestId?: string): WriteOutcome => ({
  kind: 'refused',
  failure,
  graphRequestId,
});

function judgeWrite(reply: GraphReply): Attempt<WriteOutcome> {
  if (reply.status === 'lost') {
    return again(reply.sent ? unknown : refused(troubled()));
  }
  const { status, body, retryAfterMs, graphRequestId } = reply;
  if (status === 204) return settled({ kind: 'done', graphRequestId });
  if (status < 400) return again({ kind: 'unknown', graphRequestId }); // a page from something between
  if (status === 429) return again(refused(throttled(retryAfterMs), graphRequestId), retryAfterMs);
  if (status >= 500) return again({ kind: 'unknown', graphRequestId }, retryAfterMs);
  if (status === 400 && isPolicyRefusal(body)) return settled({ kind: 'policy', graphRequestId });
  return settled(refused(refusal(status, body), graphRequestId));
}

/** Which of the two a tenant wants is not documented without contradiction: both are named. */
const writeRight = 'the directory role User Administrator or User-PasswordProfile.ReadWrite.All';

function refusal(status: number, body: unknown): Failure {
  if (status === 401) return { code: 'IdentityUnavailable' };
  if (status === 403) {
    return { code: 'GraphDenied', step: 'write', right: writeRight };
  }
  if (status === 404) return { code: 'UserNotFound' };
  return status === 400 && isSyncedRefusal(body)
    ? { code: 'DirectorySynced' }
    : { code: 'GraphRejected' };
}

// Both come as 400 Request_BadRequest; only their messages tell them apart (field reports).
const messageOf = (body: unknown): string => textMember(member(body, 'error'), 'message') ?? '';
const isPolicyRefusal = (body: unknown): boolean =>
  /password does not comply with password complexity requirements/i.test(messageOf(body));
const isSyncedRefusal = (body: unknown): boolean =>
  /on-premises mastered Directory Sync objects|originated within an external service/i.test(
    messageOf(body),
  );
