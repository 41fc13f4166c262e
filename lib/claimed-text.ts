// What a sender says of itself: ticket, person, reason. It decides nothing, so it never stops a reset:
// what is unusable counts as absent, what is too long is cut, and a warning says so.

import type { Member } from './request-json.ts';
import { type ClaimedName, requestSchema } from './request-schema.ts';
import { isResidue } from './template-residue.ts';

export interface ClaimedText {
  readonly name: ClaimedName;
  readonly text?: string;
  readonly warning?: string;
}

export function readClaimed(name: ClaimedName, member: Member | undefined): ClaimedText {
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
