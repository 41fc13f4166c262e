// What a sent field name means: a field of the request, something close to one, or nothing we know.
// Ambiguity must never become a default: "ForceChange" next to "ForceChangePasswordNextSignIn" is a
// mistake to report, not an extra to ignore. Knows names only, no values.

import damerauLevenshtein from 'damerau-levenshtein';
import { fold } from './fold.ts';
import {
  claimedNames,
  type DecidingName,
  decidingNames,
  type FieldName,
} from './request-schema.ts';

export type Meaning =
  | { readonly kind: 'field'; readonly name: FieldName }
  | { readonly kind: 'near-miss'; readonly of: DecidingName }
  | { readonly kind: 'unknown' };

const bare = (name: string): string => fold(name).replace(/[_-]/g, '');

const byFoldedName = new Map<string, FieldName>(
  [...decidingNames, ...claimedNames].map((name) => [fold(name), name]),
);

/** Names that other tools use for the same thing. */
const synonyms: Readonly<Record<string, DecidingName>> = {
  userprincipalname: 'UserName',
  upn: 'UserName',
  userid: 'UserName',
  objectid: 'UserName',
  login: 'UserName',
  enableuser: 'EnableUserIfNeeded',
  enableaccount: 'EnableUserIfNeeded',
  accountenabled: 'EnableUserIfNeeded',
  forcechangepassword: 'ForceChangePasswordNextSignIn',
  forcechange: 'ForceChangePasswordNextSignIn',
  forcechangepasswordnextlogon: 'ForceChangePasswordNextSignIn',
  mustchangepassword: 'ForceChangePasswordNextSignIn',
  revokesigninsessions: 'RevokeSessions',
  whatif: 'DryRun',
};

const nearestEdits = 2;

export function meaningOf(name: string): Meaning {
  const field = byFoldedName.get(fold(name));
  if (field !== undefined) return { kind: 'field', name: field };
  const sent = bare(name);
  const synonym = Object.hasOwn(synonyms, sent) ? synonyms[sent] : undefined;
  const of = synonym ?? decidingNames.find((known) => isNear(sent, bare(known)));
  return of === undefined ? { kind: 'unknown' } : { kind: 'near-miss', of };
}

/** Insert, delete, replace, swap neighbours: each costs one edit. */
const isNear = (sent: string, known: string): boolean =>
  sent[0] === known[0] &&
  Math.abs(sent.length - known.length) <= nearestEdits &&
  damerauLevenshtein(sent, known).steps <= nearestEdits;
