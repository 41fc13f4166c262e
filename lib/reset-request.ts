// What is asked: raw bytes become a ResetRequest, or every problem at once. Stands after the signature
// and before anybody is looked up. Reads tolerantly, never ambiguously: nothing unclear becomes false or
// a default.

import { readClaimed } from './claimed-text.ts';
import type { Failure, Problem } from './failure.ts';
import { rootMembers } from './request-json.ts';
import {
  cleanName,
  invalidRequest,
  isOfAnotherShape,
  mostNames,
  problemsOf,
  textProblem,
  unsupportedPayload,
} from './request-problems.ts';
import { type ClaimedName, claimedNames, type DecidingName } from './request-schema.ts';
import { err, ok, type Result } from './result.ts';
import { asBoolean, asText, type SentFields, sortMembers } from './sent-fields.ts';

export interface ResetRequest {
  readonly userName: string;
  readonly enableUserIfNeeded: boolean;
  /** An explicit `true` differs from the default: a caller that may not enable is told so. */
  readonly enableAskedExplicitly: boolean;
  /** Never false beside `forceChangeWithMfa`, which implies it. */
  readonly forceChange: boolean;
  readonly forceChangeWithMfa: boolean;
  readonly revokeSessions: boolean;
  readonly dryRun: boolean;
  /** What the sender says of itself; authorises nothing. */
  readonly claimed: Readonly<Partial<Record<ClaimedName, string>>>;
  /** Sentences for `Warning`: fields that were ignored or cut. */
  readonly warnings: readonly string[];
}

/**
 * @param keyProblem of the Idempotency-Key header, told together with those of the body.
 * @param mayEnable the caller's policy: false turns the default of EnableUserIfNeeded to false.
 */
export function readRequest(
  bytes: Uint8Array,
  keyProblem: Problem | undefined,
  mayEnable: boolean,
): Result<ResetRequest, Failure> {
  const keyProblems = keyProblem === undefined ? [] : [keyProblem];
  const members = rootMembers(bytes);
  if (typeof members === 'string') {
    return err(invalidRequest([textProblem(members), ...keyProblems]));
  }
  const sent = sortMembers(members);
  const problems = [...problemsOf(sent), ...keyProblems];
  if (isOfAnotherShape(sent)) return err(unsupportedPayload(problems));
  return problems.length > 0 ? err(invalidRequest(problems)) : ok(requestOf(sent, mayEnable));
}

function requestOf({ fields, strangers }: SentFields, mayEnable: boolean): ResetRequest {
  const flag = (name: DecidingName, byDefault: boolean): boolean =>
    asBoolean(fields.get(name)?.value) ?? byDefault;
  const statements = claimedNames.map((name) => readClaimed(name, fields.get(name)));
  return {
    userName: asText(fields.get('UserName')?.value) ?? '',
    enableUserIfNeeded: flag('EnableUserIfNeeded', mayEnable),
    enableAskedExplicitly: flag('EnableUserIfNeeded', false),
    forceChange: flag('ForceChangePasswordNextSignIn', true),
    forceChangeWithMfa: flag('ForceChangePasswordNextSignInWithMfa', false),
    revokeSessions: flag('RevokeSessions', false),
    dryRun: flag('DryRun', false),
    claimed: Object.fromEntries(
      statements.flatMap(({ name, text }) => (text === undefined ? [] : [[name, text]])),
    ),
    warnings: [
      ...statements.flatMap(({ warning }) => warning ?? []),
      ...ignored(strangers.map(({ name }) => cleanName(name))),
    ],
  };
}

function ignored(names: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  const shown = [...new Set(names)].slice(0, mostNames).join(', ');
  const more = names.length > mostNames ? `, and ${names.length - mostNames} more` : '';
  return [`Unknown fields were ignored: ${shown}${more}.`];
}
