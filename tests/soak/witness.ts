// Sees what really happens to the users of the tenant, beneath HTTP: every password that is set and every account
// that is enabled with the password it was disabled with, whether or not anybody was told. Judges nothing.

import type { User } from '../support/ledger-stage.ts';

export interface Change {
  readonly userId: string;
  readonly at: number;
  readonly password: string;
}

export interface Witness {
  /** Passwords that were set, oldest first. */
  readonly changes: readonly Change[];
  /** Enablings that left the password which the account had when it was disabled. */
  readonly enabledUnchanged: readonly Change[];
  watch(user: User): void;
  /** An administrator disables the account: its password of now is an old one from here on. */
  disable(user: User): void;
}

export function createWitness(): Witness {
  const changes: Change[] = [];
  const enabledUnchanged: Change[] = [];
  const atDisabling = new Map<string, string>();
  return {
    changes,
    enabledUnchanged,
    watch(user) {
      let { password, accountEnabled } = user;
      if (!accountEnabled) atDisabling.set(user.id, password);
      Object.defineProperty(user, 'password', {
        enumerable: true,
        get: () => password,
        set: (value: string) => {
          password = value;
          const seen = changes.findLast(({ userId }) => userId === user.id);
          // The same PATCH once more changes nothing more.
          if (seen?.password !== value) changes.push({ userId: user.id, at: Date.now(), password });
        },
      });
      Object.defineProperty(user, 'accountEnabled', {
        enumerable: true,
        get: () => accountEnabled,
        set: (value: boolean) => {
          const enables = value && !accountEnabled;
          if (enables && atDisabling.get(user.id) === password)
            enabledUnchanged.push({ userId: user.id, at: Date.now(), password });
          accountEnabled = value;
        },
      });
    },
    disable(user) {
      atDisabling.set(user.id, user.password);
      user.accountEnabled = false;
    },
  };
}
