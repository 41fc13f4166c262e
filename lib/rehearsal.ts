// The dry run: every check of a real run and no write but its own records. Claims no key and no user;
// a lock or a pause of the user refuses it as it would the reset. Says what would be done, and which
// right would be missing as far as that can be seen.

import { crowded, type Ending } from './ending.ts';
import { withinHourlyLimit } from './hourly-limit.ts';
import { missingToReset } from './identity-rights.ts';
import type { Case } from './journey.ts';
import { enablesAccount } from './reset-password.ts';
import { err, ok } from './result.ts';
import { findTarget } from './target.ts';
import { type InTurn, inTurnBeside } from './turns.ts';
import { judgeLock } from './user-lock.ts';

export async function rehearse(journey: Case, inTurn: InTurn): Promise<Ending> {
  const { config, ports, request, admitted, asked, deadline } = journey;
  const { caller } = admitted;
  const { requestId } = asked;
  const until = deadline.beforeWrite;
  const look = () =>
    Promise.all([
      findTarget(ports.directory, caller, request, config.protectedGroupIds, requestId, until),
      ports.identity.rights(until),
    ]);
  const counting = withinHourlyLimit(ports.deliveries, caller, asked.startedAt, until);
  const told = await inTurnBeside(inTurn, counting, look, until - ports.now());
  if (!told.ok) return { outcome: told, counted: false };
  if (told.value.done === undefined) return crowded;
  const [target, rights] = told.value.done;
  if (!target.ok)
    return { outcome: err(target.failure.why), counted: true, user: target.failure.user };
  const user = target.value;
  const [lock, tenant] = await Promise.all([
    ports.users.read(user.id, until),
    ports.directory.tenant(until), // just fetched for the guard: this waits for nothing
  ]);
  if (!lock.ok) return { outcome: lock, counted: true, user };
  const refusal = judgeLock(lock.value?.lock, {
    at: ports.now(),
    withholds: caller.password === 'withhold',
    cooldownSeconds: config.cooldownSeconds,
  });
  if (refusal !== undefined) return { outcome: err(refusal), counted: true, user };
  const missing =
    rights.ok && tenant.ok ? missingToReset(rights.value, tenant.value.assignments, request) : [];
  const wouldEnable = enablesAccount(user, request);
  const warnings = [
    ...request.warnings,
    ...(user.accountEnabled || wouldEnable
      ? []
      : ['The account is disabled and would stay so: EnableUserIfNeeded was false.']),
    ...missing.map((right) => `The identity seems to lack ${right}: npm run grant -- --app NAME`),
  ];
  return {
    outcome: ok({
      status: 'DryRun',
      userName: user.userPrincipalName,
      userId: user.id,
      accountWasEnabled: user.accountEnabled,
      accountEnabled: user.accountEnabled,
      forceChange: request.forceChange,
      wouldEnable,
      wouldRevokeSessions: request.revokeSessions,
      requestId,
      warnings,
    }),
    counted: true,
    user,
  };
}
