// Signed tokens of the tenant: those for Graph and those for the Entra door of the product, one key set.
// Knows nothing of HTTP and of what a token allows.

import {
  createPublicKey,
  createSign,
  createVerify,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
} from 'node:crypto';

export type Claims = Readonly<Record<string, unknown>>;

export interface SigningKeys {
  sign(claims: Claims, options?: SignOptions): string;
  /** The claims of a token with a good signature of ours; its lifetime and audience are not looked at. */
  verify(token: string): Claims | undefined;
  readonly published: () => readonly object[];
  /** From now on a new key signs; the old one stays published unless `forget` is set. */
  rotate(forget?: boolean): void;
}
export interface SignOptions {
  /** Signs with a key that is not published, under the id of one that is. */
  readonly foreignKey?: boolean;
  /** Overrides of the token's header. */
  readonly header?: Claims;
}

const generate = () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export function createSigningKeys(): SigningKeys {
  let keys: { readonly kid: string; readonly key: KeyObject }[] = [];
  const verified = new Map<string, Claims>();
  let foreign: KeyObject | undefined;
  const rotate = (forget = false): void => {
    keys = [{ kid: randomUUID(), key: generate() }, ...(forget ? [] : keys)];
  };
  rotate();

  return {
    rotate,
    sign: (claims, options = {}) => {
      const [current] = keys;
      if (current === undefined) throw new Error('No signing key.');
      if (options.foreignKey) foreign ??= generate();
      const key = options.foreignKey && foreign ? foreign : current.key;
      const head = base64({ typ: 'JWT', alg: 'RS256', kid: current.kid, ...options.header });
      const text = `${head}.${base64(claims)}`;
      return `${text}.${createSign('sha256').update(text).sign(key, 'base64url')}`;
    },
    verify: (token) => {
      const seen = verified.get(token);
      if (seen !== undefined) return seen;
      const [head, payload, signature] = token.split('.');
      if (!head || !payload || !signature) return undefined;
      const good = keys.some(({ key }) =>
        createVerify('sha256')
          .update(`${head}.${payload}`)
          .verify(createPublicKey(key), signature, 'base64url'),
      );
      if (!good) return undefined;
      const claims: Claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
      verified.set(token, claims);
      return claims;
    },
    published: () =>
      keys.map(({ kid, key }) => ({
        ...createPublicKey(key).export({ format: 'jwk' }),
        use: 'sig',
        alg: 'RS256',
        kid,
      })),
  };
}

/** Lifetime claims from now; a negative number makes an expired token. */
export function lifetime(seconds: number): { iat: number; nbf: number; exp: number } {
  const at = Math.floor(Date.now() / 1000);
  return { iat: at, nbf: at - 300, exp: at + seconds };
}
