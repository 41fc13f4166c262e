// Whether a key opens a function, as the Functions host decides it: function key < host key < master key, the header before the query.
// Asked by server.ts before a body is read. It knows nothing of callers: that a key belongs to one is the app's matter.

import type { RegisteredFunction } from './worker.ts';

export interface Keys {
  /** Key name → key. A plain name opens every function (a host key); `function/name` opens that function only. */
  readonly function: Readonly<Record<string, string>>;
  /** Opens everything, /admin included. */
  readonly master: string;
}

export type Gate = (fn: RegisteredFunction, key: string | undefined) => boolean;

export function createGate(keys: Keys): Gate {
  const everywhere = new Set<string>([keys.master]);
  const byFunction = new Map<string, Set<string>>();
  for (const [name, key] of Object.entries(keys.function)) {
    const [owner, keyName] = name.split('/');
    if (owner === undefined || keyName === undefined) everywhere.add(key);
    else byFunction.set(owner, (byFunction.get(owner) ?? new Set()).add(key));
  }

  return (fn, key) => {
    const level = fn.trigger.authLevel?.toLowerCase() ?? 'function';
    if (level === 'anonymous') return true;
    if (key === undefined) return false;
    if (level === 'admin') return key === keys.master;
    return everywhere.has(key) || (byFunction.get(fn.name)?.has(key) ?? false);
  };
}

/** The key a request offers: a header that is there decides alone, so a wrong header with a right `?code=` is refused. */
export function offeredKey(
  header: string | undefined,
  query: Readonly<Record<string, string>>,
): string | undefined {
  if (header !== undefined) return header;
  for (const [name, value] of Object.entries(query)) {
    if (name.toLowerCase() === 'code') return value;
  }
  return undefined;
}
