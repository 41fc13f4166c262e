// What is done to a user: a new password, enabling, all or nothing; and what the user sees who signs in.
// Knows nothing of rights and of HTTP.

import type { Directory } from './directory.ts';
import { now, type User } from './entities.ts';
import { isObject } from './metadata.ts';
import { noContent, type Reply, refusals } from './replies.ts';

const symbols = '[ @#$%^&*\\-_!+=\\[\\]{}|\\\\:\',.?/`~"();<>]';
const allowed = new RegExp(`^(?:[A-Za-z0-9]|${symbols})+$`);
const classes = [/[a-z]/, /[A-Z]/, /[0-9]/, new RegExp(symbols)];

/** Entra's rules: 8 to 256 characters, three of four classes, no Unicode, and not built around a banned
    word: each one found counts one point, every other character one, and five are needed. */
function isStrong(password: string, bannedWords: readonly string[]): boolean {
  if (password.length < 8 || password.length > 256 || !allowed.test(password)) return false;
  if (classes.filter((one) => one.test(password)).length < 3) return false;
  const plain: Readonly<Record<string, string>> = { '0': 'o', '1': 'l', $: 's', '@': 'a' };
  let rest = password.toLowerCase().replace(/[01$@]/g, (sign) => plain[sign] ?? sign);
  let found = 0;
  for (const word of bannedWords) {
    const parts = rest.split(word);
    found += parts.length - 1;
    rest = parts.join('');
  }
  return found === 0 || found + rest.length >= 5;
}

/** The body has the right names and types already. */
export function patchUser(
  directory: Directory,
  user: User,
  body: Readonly<Record<string, unknown>>,
): Reply {
  const { passwordProfile, accountEnabled } = body;
  // A profile without a password is answered 204 and changes nothing (seen in the field).
  const profile = isObject(passwordProfile) ? passwordProfile : {};
  const password = profile['password'];
  if (typeof password === 'string') {
    const refusal = passwordRefusal(directory, user, password);
    if (refusal !== undefined) return refusal;
    user.password = password;
    user.lastPasswordChangeDateTime = now();
    user.mustChange = mustChange(profile);
  }
  if (typeof accountEnabled === 'boolean') user.accountEnabled = accountEnabled;
  return noContent;
}

function passwordRefusal(directory: Directory, user: User, password: string): Reply | undefined {
  const name = user.userPrincipalName;
  const domain = directory.domains.get(name.split('@')[1] ?? '');
  const federated = domain?.['authenticationType'] === 'Federated';
  // Microsoft says only that a reset is not for these; the text is the one seen in the field.
  if (federated || user.userType === 'Guest' || /#EXT#/i.test(name)) return refusals.externalUser;
  if (user.onPremisesSyncEnabled && user.syncedAnswer === 400) return refusals.synced;
  return isStrong(password, directory.bannedWords) ? undefined : refusals.weakPassword;
}

function mustChange(profile: Readonly<Record<string, unknown>>): User['mustChange'] {
  if (profile['forceChangePasswordNextSignInWithMfa'] === true) return 'passwordWithMfa';
  // Left out, the flag came out true in the field, against the documentation.
  return profile['forceChangePasswordNextSignIn'] === false ? 'no' : 'password';
}

export interface SignIn {
  readonly status: 'Denied' | 'Disabled' | 'PasswordExpired' | 'SignedIn';
}

/** What the user sees who types this password. */
export function signIn(directory: Directory, name: string, password: string): SignIn {
  const user = directory.user(name);
  if (user === undefined || user.password !== password) return { status: 'Denied' };
  if (!user.accountEnabled) return { status: 'Disabled' };
  return { status: user.mustChange === 'no' ? 'SignedIn' : 'PasswordExpired' };
}
