// What is asked: raw bytes and headers become a ResetRequest, or every problem at once.
// Stands after the signature and before anybody is looked up. Reads tolerantly, never ambiguously:
// nothing unclear becomes false or a default. Repeats no sent value, and few sent names.

import type { Failure, Problem } from './failure.ts';
import { fold, type Meaning, meaningOf } from './field-name.ts';
import { validateRequest } from './generated/validators.mjs';
import { type JsonFault, type Member, rootMembers } from './request-json.ts';
import {
  type ClaimName,
  claimNames,
  type DecidingName,
  type FieldName,
  requestSchema,
} from './request-schema.ts';
import { err, ok, type Result } from './result.ts';
import { isResidue } from './template-residue.ts';

export interface ResetRequest {
  readonly userName: string;
  readonly enableUserIfNeeded: boolean;
  /** An explicit `true` differs from the default: a caller that may not enable is told so. */
  readonly enableAskedExplicitly: boolean;
  readonly forceChange: boolean;
  readonly forceChangeWithMfa: boolean;
  readonly revokeSessions: boolean;
  readonly dryRun: boolean;
  /** What the sender says of itself; authorises nothing. */
  readonly claimed: Readonly<Partial<Record<ClaimName, string>>>;
  /** Sentences for `Warning`: fields that were ignored or cut. */
  readonly warnings: readonly string[];
}

const mostProblems = 20;
const mostNames = 5;
const longestName = 64;

/** @param mayEnable the caller's policy: false turns the default of EnableUserIfNeeded to false. */
export function readRequest(
  bytes: Uint8Array,
  keyProblem: Problem | undefined,
  mayEnable: boolean,
): Result<ResetRequest, Failure> {
  const members = rootMembers(bytes);
  if (typeof members === 'string') {
    return invalid(keyProblem ? [jsonProblem(members), keyProblem] : [jsonProblem(members)]);
  }
  const sent = members.map((member) => ({ ...member, meaning: meaningOf(member.name) }));
  const isField = (name: FieldName) => (member: { meaning: Meaning }) =>
    member.meaning.kind === 'field' && member.meaning.name === name;
  const named = sent.some(isField('UserName'));
  const missed = sent.filter(
    ({ meaning: m }) => m.kind === 'near-miss' && !(named && m.of === 'UserName'),
  );
  if (!named && !missed.some(({ meaning: m }) => m.kind === 'near-miss' && m.of === 'UserName')) {
    if (sent.some(({ value }) => isObject(value))) return err(unsupportedPayload);
  }
  const say = nameSayer();
  const fields = new Map<FieldName, Member>();
  for (const member of sent) {
    if (member.meaning.kind === 'field') fields.set(member.meaning.name, member);
  }
  const problems = [
    ...duplicates(sent, say),
    ...missed.map(({ name, meaning }) => nearMiss(name, meaning, say)),
    ...fieldProblems(fields, missed.length > 0 && !named),
    ...(keyProblem ? [keyProblem] : []),
  ];
  if (problems.length > 0) return invalid(problems);

  const flag = (name: DecidingName, byDefault: boolean): boolean =>
    asBoolean(fields.get(name)?.value) ?? byDefault;
  const claims = claimNames.map((name) => readClaim(name, fields.get(name)));
  const strangers = sent.filter(
    (member) => member.meaning.kind !== 'field' && !missed.includes(member),
  );
  const forceChangeWithMfa = flag('ForceChangePasswordNextSignInWithMfa', false);
  return ok({
    userName: asText(fields.get('UserName')?.value) ?? '',
    enableUserIfNeeded: flag('EnableUserIfNeeded', mayEnable),
    enableAskedExplicitly: flag('EnableUserIfNeeded', false),
    forceChange: flag('ForceChangePasswordNextSignIn', true),
    forceChangeWithMfa,
    revokeSessions: flag('RevokeSessions', false),
    dryRun: flag('DryRun', false),
    claimed: Object.fromEntries(
      claims.flatMap(({ name, text }) => (text === undefined ? [] : [[name, text]])),
    ),
    warnings: [
      ...claims.flatMap(({ warning }) => (warning === undefined ? [] : [warning])),
      ...ignoredFields(strangers.map(({ name }) => name)),
    ],
  });
}

const invalid = (problems: readonly Problem[]): Result<never, Failure> =>
  err({ code: 'InvalidRequest', problems: problems.slice(0, mostProblems) });

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function jsonProblem(fault: JsonFault): Problem {
  const detail = {
    'not-utf-8': 'The body is not UTF-8. Save or send it as UTF-8, without Latin-1 or UTF-16.',
    'not-json': 'The body is not JSON. Send {"UserName":"name@domain"}.',
    'not-an-object': 'The body is not a JSON object. Send {"UserName":"name@domain"}.',
  }[fault];
  return { pointer: '', detail };
}

const unsupportedPayload: Failure = {
  code: 'UnsupportedPayload',
  problems: [
    {
      pointer: '/UserName',
      detail:
        'UserName is missing at the root of the body; nested objects are not searched. Paste this ' +
        'and fill in the user from your system: {"UserName":"name@domain","TicketId":"123"}',
    },
  ],
};

/** Sent names are shown cleaned and cut, and only so many of them in one answer. */
function nameSayer(): (name: string) => string | undefined {
  const said = new Set<string>();
  return (name) => {
    const clean = cleanName(name);
    if (!said.has(clean) && said.size >= mostNames) return undefined;
    said.add(clean);
    return clean;
  };
}

const cleanName = (name: string): string =>
  name.slice(0, longestName).replace(/[^A-Za-z0-9_.-]/g, '_');

function duplicates(
  sent: readonly (Member & { readonly meaning: Meaning })[],
  say: (name: string) => string | undefined,
): Problem[] {
  const count = new Map<string, number>();
  for (const { name } of sent) count.set(fold(name), (count.get(fold(name)) ?? 0) + 1);
  const repeated = sent.filter(
    ({ name }, index) =>
      (count.get(fold(name)) ?? 0) > 1 &&
      sent.findIndex((other) => fold(other.name) === fold(name)) === index,
  );
  return repeated.map(({ name, meaning }) => {
    const shown = meaning.kind === 'field' ? meaning.name : say(name);
    return {
      pointer: shown === undefined ? '' : `/${shown}`,
      detail: 'This name is sent more than once (names match in any letter case). Send it once.',
    };
  });
}

function nearMiss(
  name: string,
  meaning: Meaning,
  say: (name: string) => string | undefined,
): Problem {
  const shown = say(name);
  const of = meaning.kind === 'near-miss' ? meaning.of : 'UserName';
  return {
    pointer: shown === undefined ? '' : `/${shown}`,
    detail: `This is not a field of the request. Did you mean ${of}? Write ${of}.`,
  };
}

/** The values, through the schema: one problem a field. */
function fieldProblems(fields: ReadonlyMap<FieldName, Member>, userNameMissed: boolean): Problem[] {
  const normal: Partial<Record<FieldName, unknown>> = {};
  for (const [name, { value }] of fields) {
    if (isClaim(name)) continue;
    normal[name] = name === 'UserName' ? (asText(value) ?? value) : (asBoolean(value) ?? value);
  }
  validateRequest(normal);
  const wrong = new Set(
    (validateRequest.errors ?? []).map(({ instancePath, params }) =>
      String(params['missingProperty'] ?? instancePath.slice(1)),
    ),
  );
  const problems: Problem[] = [];
  for (const name of decidingFields) {
    if (!wrong.has(name) || (name === 'UserName' && userNameMissed)) continue;
    const value = fields.get(name)?.value;
    problems.push({ pointer: `/${name}`, detail: valueDetail(name, value, fields.has(name)) });
  }
  const force = asBoolean(fields.get('ForceChangePasswordNextSignIn')?.value);
  const withMfa = asBoolean(fields.get('ForceChangePasswordNextSignInWithMfa')?.value);
  if (withMfa === true && force === false) {
    problems.push({
      pointer: '/ForceChangePasswordNextSignIn',
      detail:
        'ForceChangePasswordNextSignInWithMfa: true implies ForceChangePasswordNextSignIn: true. ' +
        'Leave out the false, or ask for neither.',
    });
  }
  return problems;
}

const isClaim = (name: FieldName): name is ClaimName => claimNames.some((claim) => claim === name);
const decidingFields: readonly DecidingName[] = [
  'UserName',
  'EnableUserIfNeeded',
  'ForceChangePasswordNextSignIn',
  'ForceChangePasswordNextSignInWithMfa',
  'RevokeSessions',
  'DryRun',
];

function valueDetail(name: DecidingName, value: unknown, present: boolean): string {
  const text = typeof value === 'string' ? value.trim() : undefined;
  if (!present) return `${name} is required.`;
  if (text !== undefined && isResidue(text)) {
    return `${name} holds a placeholder that your system did not fill in. Check its name there.`;
  }
  if (name !== 'UserName') return `${name} must be true or false.`;
  if (text !== undefined && /&(?:[a-z]+|#\d+|#x[0-9a-f]+);/i.test(text)) {
    return (
      'UserName holds an XML entity. In ServiceNow use setStringParameterNoEscape instead of ' +
      'setStringParameter.'
    );
  }
  return 'UserName must be a user principal name (name@domain) or an object id (a GUID).';
}

const asText = (value: unknown): string | undefined =>
  typeof value === 'string' ? value.trim() : undefined;

const words: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  '1': true,
  false: false,
  no: false,
  '0': false,
};

function asBoolean(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const word = String(value).trim().toLowerCase();
  return Object.hasOwn(words, word) ? words[word] : undefined;
}

interface Claim {
  readonly name: ClaimName;
  readonly text?: string;
  readonly warning?: string;
}

/** Claims never stop a reset: what is unusable counts as absent, what is too long is cut. */
function readClaim(name: ClaimName, member: Member | undefined): Claim {
  if (member === undefined) return { name };
  const raw = member.numberText ?? member.value;
  const text = typeof raw === 'string' ? oneLine(raw) : '';
  if (text === '' || isResidue(text)) {
    return { name, warning: `${name} is empty or unusable and was left out of the record.` };
  }
  const most = requestSchema.properties[name].maxLength;
  if (text.length <= most) return { name, text };
  const cut = text.slice(0, most).toWellFormed();
  return { name, text: cut, warning: `${name} was cut to ${most} characters.` };
}

/** Line breaks could forge a second line in a log, and Azurite refuses U+2028 in a transaction. */
const oneLine = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim();

function ignoredFields(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const shown = [...new Set(names.map(cleanName))].slice(0, mostNames).join(', ');
  const more = names.length > mostNames ? `, and ${names.length - mostNames} more` : '';
  return [`Unknown fields were ignored: ${shown}${more}.`];
}
