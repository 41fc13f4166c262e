// An entry of callers.json from what was typed. The careful values are the defaults: the password is
// withheld and a disabled account stays disabled. What is right is judged by the product, not here.

import type { Entry } from './callers-file.ts';

export const entryOptions = {
  withhold: { type: 'boolean', default: false },
  return: { type: 'boolean', default: false },
  'may-enable': { type: 'boolean', default: false },
  domains: { type: 'string' },
  groups: { type: 'string' },
  limit: { type: 'string' },
  signature: { type: 'string' },
  'entra-app': { type: 'string', multiple: true },
} as const;

export interface Typed {
  readonly withhold: boolean;
  readonly return: boolean;
  readonly 'may-enable': boolean;
  readonly domains?: string | undefined;
  readonly groups?: string | undefined;
  readonly limit?: string | undefined;
  readonly signature?: string | undefined;
  readonly 'entra-app'?: readonly string[] | undefined;
}

/** `hash` is that of the key; who comes with a token has none. Throws one sentence for what contradicts itself. */
export function entryOf(name: string, typed: Typed, hash: string): Entry {
  const { domains, groups, limit, signature, 'entra-app': appIds } = typed;
  if (typed.withhold && typed.return) throw new Error('--withhold or --return, not both.');
  if (signature !== undefined && appIds !== undefined) {
    throw new Error(
      '--signature goes with a function key, --entra-app with a token: make two callers.',
    );
  }
  if (limit !== undefined && !/^\d{1,4}$/.test(limit)) {
    throw new Error('--limit is a whole number of resets per hour, from 1 to 1000.');
  }
  return {
    name,
    ...(appIds === undefined ? { key: [hash] } : { entra: { appIds: [...appIds] } }),
    ...(signature === undefined ? {} : { signature: signatureOf(signature) }),
    password: typed.return ? 'return' : 'withhold',
    ...(domains === undefined ? {} : { domains: list(domains) }),
    ...(groups === undefined ? {} : { groups: list(groups) }),
    mayEnable: typed['may-enable'],
    ...(limit === undefined ? {} : { maxResetsPerHour: Number(limit) }),
  };
}

const list = (text: string): string[] => text.split(',').map((item) => item.trim());

type Signature = NonNullable<Entry['signature']>;
const profiles: readonly Signature['profile'][] = [
  'standard-webhooks',
  'zendesk',
  'glpi',
  'hub-sha256',
  'hub-sha1',
];

function signatureOf(text: string): Signature {
  const [given, secrets, ...more] = text.split(':');
  const profile = profiles.find((known) => known === given);
  if (profile === undefined || !secrets || more.length > 0) {
    throw new Error(
      '--signature is PROFILE:SETTING, such as zendesk:ZENDESK_SECRET; the name of a setting, never a secret.\n' +
        `Profiles: ${profiles.join(', ')}. Two settings while a secret rotates: zendesk:NEW,OLD`,
    );
  }
  return { profile, secrets: list(secrets) };
}
