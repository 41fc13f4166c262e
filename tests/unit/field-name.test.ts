// What a sent name means: a field, a near-miss that has to be reported, or nothing known.

import { expect, test } from '@jest/globals';
import { meaningOf } from '../../lib/field-name.ts';
import { fold } from '../../lib/fold.ts';

test.each([
  ['UserName', 'username'],
  ['ABCXYZ', 'abcxyz'],
  ['[@`{', '[@`{'],
  ['\u212A\u0130\u00C4', '\u212A\u0130\u00C4'],
])('folding is ASCII only: %s', (text, folded) => {
  expect(fold(text)).toBe(folded);
});

test.each([
  ['UserName', 'UserName'],
  ['username', 'UserName'],
  ['ENABLEUSERIFNEEDED', 'EnableUserIfNeeded'],
  ['forceChangePasswordNextSignIn', 'ForceChangePasswordNextSignIn'],
  ['forceChangePasswordNextSignInWithMFA', 'ForceChangePasswordNextSignInWithMfa'],
  ['revokesessions', 'RevokeSessions'],
  ['DRYRUN', 'DryRun'],
  ['ticketid', 'TicketId'],
  ['callerName', 'CallerName'],
  ['REASON', 'Reason'],
])('%s is the field %s', (sent, name) => {
  expect(meaningOf(sent)).toEqual({ kind: 'field', name });
});

test.each([
  // synonyms
  ['UserPrincipalName', 'UserName'],
  ['Upn', 'UserName'],
  ['UPN', 'UserName'],
  ['UserId', 'UserName'],
  ['ObjectId', 'UserName'],
  ['Login', 'UserName'],
  ['EnableUser', 'EnableUserIfNeeded'],
  ['EnableAccount', 'EnableUserIfNeeded'],
  ['AccountEnabled', 'EnableUserIfNeeded'],
  ['ForceChangePassword', 'ForceChangePasswordNextSignIn'],
  ['ForceChange', 'ForceChangePasswordNextSignIn'],
  ['ForceChangePasswordNextLogon', 'ForceChangePasswordNextSignIn'],
  ['MustChangePassword', 'ForceChangePasswordNextSignIn'],
  ['RevokeSignInSessions', 'RevokeSessions'],
  ['WhatIf', 'DryRun'],
  // synonyms in other spellings
  ['user_principal_name', 'UserName'],
  ['what-if', 'DryRun'],
  ['account_enabled', 'EnableUserIfNeeded'],
  // dropped separators
  ['user_name', 'UserName'],
  ['User-Name', 'UserName'],
  ['dry_run', 'DryRun'],
  ['-Dry_Run-', 'DryRun'],
  ['force_change_password_next_sign_in', 'ForceChangePasswordNextSignIn'],
  // one or two edits
  ['UserNam', 'UserName'],
  ['UsreName', 'UserName'],
  ['UserNames', 'UserName'],
  ['Username1', 'UserName'],
  ['UserNa', 'UserName'],
  ['UsserNaame', 'UserName'],
  ['UsreNmae', 'UserName'],
  ['Usarnime', 'UserName'],
  ['DryRnu', 'DryRun'],
  ['Dryrunn', 'DryRun'],
  ['Dry', undefined],
  ['DryRunNow', undefined],
  ['RevokeSession', 'RevokeSessions'],
  ['EnableUserIfNeed', 'EnableUserIfNeeded'],
  ['EnableUserIfNee', undefined],
  ['ForceChangePasswordNextSign', 'ForceChangePasswordNextSignIn'],
  ['ForceChangePasswordNextSignInWithMf', 'ForceChangePasswordNextSignInWithMfa'],
  ['ForceChangePasswordNextSignInMfa', undefined],
  // another first letter
  ['XserName', undefined],
  ['serName', undefined],
  ['PserName', undefined],
  // near a claim only
  ['Ticket', undefined],
  ['TicketIds', undefined],
  ['CallerNames', undefined],
  ['Reasons', undefined],
  // nothing we know
  ['', undefined],
  ['_', undefined],
  ['Colour', undefined],
  ['Donald', undefined],
  ['Usergroup', undefined],
  ['Password', undefined],
  ['issue', undefined],
  ['__proto__', undefined],
  ['constructor', undefined],
  ['toString', undefined],
])('%j is near %s', (sent, of) => {
  expect(meaningOf(sent)).toEqual(
    of === undefined ? { kind: 'unknown' } : { kind: 'near-miss', of },
  );
});

test('a name as long as a body is answered without comparing it', () => {
  expect(meaningOf('u'.repeat(16_000))).toEqual({ kind: 'unknown' });
});
