// The reader over bytes, JSON and requests that are nearly right: it never throws, never guesses and
// never repeats a sent value.

import fc from 'fast-check';
import { type ResetRequest, readRequest } from '../../lib/reset-request.ts';
import { bytesOf } from '../support/a-valid-request.ts';

/** Stands in every sent text; no problem may show it. */
const canary = 'zq7Xv';

const names = [
  'UserName',
  'EnableUserIfNeeded',
  'ForceChangePasswordNextSignIn',
  'ForceChangePasswordNextSignInWithMfa',
  'RevokeSessions',
  'DryRun',
  'TicketId',
  'CallerName',
  'Reason',
];
const oddNames = ['__proto__', 'constructor', 'upn', 'user_name', 'issue', 'a b', '', 'DriRun'];
const spelled = fc.constantFrom(...names).chain((name) =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant(name) },
    fc.mixedCase(fc.constant(name)),
    fc
      .tuple(fc.nat(name.length), fc.string({ maxLength: 2 }))
      .map(([at, text]) => name.slice(0, at) + text + name.slice(at + 1)),
  ),
);
const text = fc.oneof(
  fc.constantFrom('true', 'No', '0', ' yes ', '', ' ', 'adele.vance@contoso.com', "o'h@a.b"),
  fc.constantFrom('11111111-aaaa-4bbb-8ccc-000000000001', '$a@b.c', '&apos;', '{{x}}', '<<y>>'),
  fc.string({ unit: 'binary', maxLength: 300 }).map((sent) => canary + sent),
);
const value = fc.oneof(
  { weight: 6, arbitrary: text },
  fc.constantFrom(true, false, null, 0, 1, 2, -0, 1e21, 0.1),
  fc.constantFrom([], {}, [true], { UserName: canary }),
);
const member = fc
  .tuple(fc.oneof({ weight: 5, arbitrary: spelled }, fc.constantFrom(...oddNames)), value)
  .map(([name, sent]) => `${JSON.stringify(name)}:${JSON.stringify(sent)}`);
const nearlyValid = fc
  .array(member, { maxLength: 12 })
  .map((members) => bytesOf(`{${members.join(',')}}`));
const broken = fc
  .tuple(nearlyValid, fc.nat(), fc.nat(255))
  .map(([bytes, at, byte]) =>
    bytes.map((old, index) => (index === at % bytes.length ? byte : old)),
  );

const body = fc.oneof(
  { weight: 6, arbitrary: nearlyValid },
  { weight: 2, arbitrary: broken },
  fc.uint8Array({ maxLength: 200 }),
  fc.json().map(bytesOf),
);

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const upn = /^\$?[A-Za-z0-9'._!#^~-]{0,63}[A-Za-z0-9'_!#^~-]@[A-Za-z0-9.-]{1,48}$/;
const most = { TicketId: 128, CallerName: 128, Reason: 256 } as const;

function judgeRequest(request: ResetRequest): string | undefined {
  if (!guid.test(request.userName) && !upn.test(request.userName)) return 'UserName';
  if (request.forceChangeWithMfa && !request.forceChange) return 'A contradiction';
  for (const name of ['TicketId', 'CallerName', 'Reason'] as const) {
    const claimed = request.claimed[name] ?? 'x';
    if (claimed.length > most[name] || claimed === '') return `Length of ${name}`;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(claimed)) return `Lines in ${name}`;
    if (!claimed.isWellFormed()) return `Half a character in ${name}`;
  }
  return request.warnings.join().includes(canary) ? 'A sent value in Warning' : undefined;
}

/** What is wrong with what the reader said, or undefined. */
function judge(bytes: Uint8Array, withKeyProblem: boolean, mayEnable: boolean): string | undefined {
  const key = { pointer: '/Idempotency-Key', detail: 'unusable' };
  const result = readRequest(bytes, withKeyProblem ? key : undefined, mayEnable);
  if (result.ok) return withKeyProblem ? 'An unusable key was dropped' : judgeRequest(result.value);
  const { failure } = result;
  if (failure.code !== 'InvalidRequest' && failure.code !== 'UnsupportedPayload') return 'Code';
  const { problems } = failure;
  if (problems.length < 1 || problems.length > 20) return 'Count of problems';
  if (JSON.stringify(problems).includes(canary)) return 'A sent value in a problem';
  const pointers = problems.map(({ pointer }) => pointer);
  if (!pointers.every((pointer) => /^(\/[\w.-]{0,64})?$/.test(pointer))) return 'Pointer';
  const known = ['', 'Idempotency-Key', ...names];
  const sent = new Set(pointers.filter((pointer) => !known.includes(pointer.slice(1))));
  return sent.size > 5 ? 'More than five sent names' : undefined;
}

export const reader = fc.property(body, fc.boolean(), fc.boolean(), (...sent) => {
  const fault = judge(...sent);
  if (fault !== undefined) throw new Error(fault);
});
