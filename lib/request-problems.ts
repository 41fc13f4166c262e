// Everything that is wrong with a request, at once, each with a pointer and what to write instead.
// Repeats no sent value; shows sent names cleaned, cut, and only a few of them in one answer.

import type { Failure, Problem } from './failure.ts';
import { fold } from './fold.ts';
import { validateRequest } from './generated/validators.mjs';
import type { JsonFault } from './request-json.ts';
import { type DecidingName, decidingNames, type FieldName } from './request-schema.ts';
import { asBoolean, asText, type SentFields } from './sent-fields.ts';
import { isResidue } from './template-residue.ts';

const mostProblems = 20;
export const mostNames = 5;
const longestName = 64;

export const invalidRequest = (problems: readonly Problem[]): Failure => ({
  code: 'InvalidRequest',
  problems: problems.slice(0, mostProblems),
});

export function textProblem(fault: JsonFault): Problem {
  const detail = {
    'not-utf-8': 'The body is not UTF-8. Save or send it as UTF-8, without Latin-1 or UTF-16.',
    'not-json': 'The body is not JSON. Send {"UserName":"name@domain"}.',
    'not-an-object': 'The body is not a JSON object. Send {"UserName":"name@domain"}.',
  }[fault];
  return { pointer: '', detail };
}

const pasteThis: Problem = {
  pointer: '/UserName',
  detail:
    'UserName is missing at the root of the body; nested objects are not searched. Paste this ' +
    'and fill in the user from your system: {"UserName":"name@domain","TicketId":"123"}',
};

/** @param problems of the request; that UserName is missing is among them, and said better here. */
export const unsupportedPayload = (problems: readonly Problem[]): Failure => ({
  code: 'UnsupportedPayload',
  problems: [pasteThis, ...problems.filter(({ pointer }) => pointer !== pasteThis.pointer)].slice(
    0,
    mostProblems,
  ),
});

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A fixed payload of some system, in which nobody is named where we look. */
export function isOfAnotherShape({ all, fields, misses }: SentFields): boolean {
  const named = fields.has('UserName') || misses.some(({ of }) => of === 'UserName');
  return !named && all.some(({ value }) => isObject(value));
}

export function problemsOf(sent: SentFields): readonly Problem[] {
  const pointerTo = namePointers();
  return [
    ...repeatedNames(sent, pointerTo),
    ...sent.misses.map(({ name, of }) => ({
      pointer: pointerTo(name),
      detail: `This is not a field of the request. Did you mean ${of}? Write ${of}.`,
    })),
    ...wrongValues(sent),
    ...contradictions(sent),
  ];
}

export const cleanName = (name: string): string =>
  name.slice(0, longestName).replace(/[^A-Za-z0-9_.-]/g, '_') || '_';

/** Pointers to sent names, until enough of them have been shown. */
function namePointers(): (name: string) => string {
  const shown = new Set<string>();
  return (name) => {
    const clean = cleanName(name);
    if (!shown.has(clean) && shown.size >= mostNames) return '';
    shown.add(clean);
    return `/${clean}`;
  };
}

function repeatedNames({ all }: SentFields, pointerTo: (name: string) => string): Problem[] {
  const byName = Map.groupBy(all, ({ name }) => fold(name));
  return [...byName.values()].flatMap(([first, ...others]) => {
    if (first === undefined || others.length === 0) return [];
    const { name, meaning } = first;
    const detail =
      'This name is sent more than once (names match in any letter case). Send it once.';
    return { pointer: meaning.kind === 'field' ? `/${meaning.name}` : pointerTo(name), detail };
  });
}

/** The values as the schema sees them, after texts were trimmed and words became booleans. */
function wrongValues({ fields, misses }: SentFields): Problem[] {
  const normal: Partial<Record<FieldName, unknown>> = {};
  for (const name of decidingNames) {
    const value = fields.get(name)?.value;
    if (fields.has(name)) {
      normal[name] = (name === 'UserName' ? asText(value) : asBoolean(value)) ?? value;
    }
  }
  validateRequest(normal);
  const wrong = new Set(
    (validateRequest.errors ?? []).map(({ instancePath, params }) =>
      String(params['missingProperty'] ?? instancePath.slice(1)),
    ),
  );
  // A near-miss of the missing UserName has been named already.
  if (misses.some(({ of }) => of === 'UserName')) wrong.delete('UserName');
  return decidingNames
    .filter((name) => wrong.has(name))
    .map((name) => ({
      pointer: `/${name}`,
      detail: fields.has(name)
        ? valueDetail(name, fields.get(name)?.value)
        : `${name} is required.`,
    }));
}

function valueDetail(name: DecidingName, value: unknown): string {
  const text = asText(value) ?? '';
  if (isResidue(text)) {
    return `${name} holds a placeholder that your system did not fill in. Check its name there.`;
  }
  if (name !== 'UserName') return `${name} must be true or false.`;
  if (/&(?:[a-z]+|#\d+|#x[0-9a-f]+);/i.test(text)) {
    return (
      'UserName holds an XML entity. In ServiceNow use setStringParameterNoEscape instead of ' +
      'setStringParameter.'
    );
  }
  return 'UserName must be a user principal name (name@domain) or an object id (a GUID).';
}

function contradictions({ fields }: SentFields): Problem[] {
  const force = asBoolean(fields.get('ForceChangePasswordNextSignIn')?.value);
  const withMfa = asBoolean(fields.get('ForceChangePasswordNextSignInWithMfa')?.value);
  if (withMfa !== true || force !== false) return [];
  const detail =
    'ForceChangePasswordNextSignInWithMfa: true implies ForceChangePasswordNextSignIn: true. ' +
    'Leave out the false, or ask for neither.';
  return [{ pointer: '/ForceChangePasswordNextSignIn', detail }];
}
