// From raw bytes to the members of the root object, with nothing lost on the way: JSON.parse keeps the
// last of two equal names in silence, so the names are taken from the text itself. Stands between the
// signature (which is over the bytes) and the reader. Knows no field of the request.

import { createScanner } from 'jsonc-parser';

/** A member of the root object as written: equal names appear twice. */
export interface Member {
  readonly name: string;
  readonly value: unknown;
  /** A number's own spelling: 20 digits of a ticket number do not survive a double. */
  readonly numberText: string | undefined;
}

export type JsonFault = 'not-utf-8' | 'not-json' | 'not-an-object';

// jsonc-parser's SyntaxKind is an ambient const enum, which type stripping cannot import.
const opens = new Set([1, 3]); // { [
const closes = new Set([2, 4]); // } ]
const colon = 6;
const numeric = 11;
const endOfText = 17;

/** The root members in the order of the text, or what is wrong with the text as a whole. */
export function rootMembers(bytes: Uint8Array): readonly Member[] | JsonFault {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes); // also drops a BOM
  } catch {
    return 'not-utf-8';
  }
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch {
    return 'not-json';
  }
  if (typeof root !== 'object' || root === null || Array.isArray(root)) return 'not-an-object';
  const values: Readonly<Record<string, unknown>> = { ...root };
  return namesIn(text).map(({ name, numberText }) => ({ name, value: values[name], numberText }));
}

/** The text is known to be JSON: every string before a colon at depth 1 is a name of the root. */
function namesIn(text: string): { name: string; numberText: string | undefined }[] {
  const scanner = createScanner(text, true); // a scanner does not recurse: depth costs no stack
  const names: { name: string; numberText: string | undefined }[] = [];
  let depth = 0;
  let last = '';
  for (let token = scanner.scan(); token !== endOfText; token = scanner.scan()) {
    if (opens.has(token)) depth += 1;
    else if (closes.has(token)) depth -= 1;
    else if (token === colon && depth === 1) {
      const valueToken = scanner.scan();
      if (opens.has(valueToken)) depth += 1;
      const numberText = valueToken === numeric ? scanner.getTokenValue() : undefined;
      names.push({ name: last, numberText });
    } else last = scanner.getTokenValue();
  }
  return names;
}
