// Authorization headers and claims of any shape: nobody is let in by accident, and nothing throws.

import fc from 'fast-check';
import { bearerToken, callerByToken } from '../../lib/caller.ts';
import { aCaller } from '../support/a-valid-user.ts';

const part = fc.string({ unit: fc.constantFrom(...'abcXYZ019_-'), maxLength: 6 });
const nearlyBearer = fc
  .tuple(
    fc.constantFrom('Bearer', 'bearer', 'Basic', 'Bearer:', ''),
    fc.constantFrom(' ', '  ', '\t', ''),
    fc.array(part, { maxLength: 4 }),
    fc.constantFrom('', '=', ',', ' ', '\u00e9'),
  )
  .map(([scheme, gap, parts, end]) => scheme + gap + parts.join('.') + end);
const authorization = fc.oneof({ weight: 3, arbitrary: nearlyBearer }, fc.string());

const role = 'PasswordReset.Invoke';
const someApp = '22222222-0000-4000-8000-00000000000a';
const odd = fc.oneof(
  fc.constantFrom<unknown>(someApp, someApp.toUpperCase(), '', role, [role], [], null, 0, true),
  fc.jsonValue(),
);
const claims = fc.oneof(
  fc.record(
    {
      azp: odd,
      appid: odd,
      oid: odd,
      roles: odd,
      scp: odd,
      preferred_username: odd,
      upn: odd,
      unique_name: odd,
    },
    { requiredKeys: [] },
  ),
  fc.dictionary(fc.string(), fc.jsonValue()),
);
const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';

function judgeHeader(header: string): string | undefined {
  const token = bearerToken({ get: (name) => (name === 'authorization' ? header : null) });
  if (!token.ok) return token.failure === 'no-token' ? undefined : 'Fault';
  if (!/^[\w-]+\.[\w-]+\.[\w-]*$/.test(token.value)) return 'No compact token';
  return /^bearer /i.test(header) && header.endsWith(token.value) ? undefined : 'Another token';
}

function judgeClaims(
  sent: Readonly<Record<string, unknown>>,
  isKnown: boolean,
): string | undefined {
  const callers = isKnown ? [aCaller({ name: 'flows', appIds: [someApp] })] : undefined;
  const result = callerByToken(callers, sent);
  const own = (name: string): unknown => (Object.hasOwn(sent, name) ? sent[name] : undefined);
  if (!result.ok)
    return ['bad-token', 'unknown-app'].includes(result.failure) ? undefined : 'Fault';
  const { caller, holder } = result.value;
  if (!isText(own('azp')) && !isText(own('appid'))) return 'Somebody without an app';
  if (isKnown && holder?.appId.toLowerCase() !== someApp) return 'An app that no entry knows';
  if (!isKnown && !caller.name.startsWith('entra-')) return 'Name of the implicit caller';
  const roles = own('roles');
  const hasRole = Array.isArray(roles) && roles.some((each) => each === role);
  return holder?.hasRole === hasRole ? undefined : 'Role';
}

export const tokens = fc.property(authorization, claims, fc.boolean(), (header, sent, isKnown) => {
  const fault = judgeHeader(header) ?? judgeClaims(sent, isKnown);
  if (fault !== undefined) throw new Error(fault);
});
