// The members of a request, sorted by what their names mean, and what their values say. Between the
// parsed text and the reader; knows nothing of problems or defaults.

import { type Meaning, meaningOf } from './field-name.ts';
import type { Member } from './request-json.ts';
import type { DecidingName, FieldName } from './request-schema.ts';

export interface Miss extends Member {
  readonly of: DecidingName;
}

export interface SentFields {
  readonly all: readonly (Member & { readonly meaning: Meaning })[];
  readonly fields: ReadonlyMap<FieldName, Member>;
  /** Near-misses that count: those of UserName only while it is missing itself. */
  readonly misses: readonly Miss[];
  readonly strangers: readonly Member[];
}

export function sortMembers(members: readonly Member[]): SentFields {
  const all = members.map((member) => ({ ...member, meaning: meaningOf(member.name) }));
  const fields = new Map<FieldName, Member>();
  for (const member of all) {
    if (member.meaning.kind === 'field') fields.set(member.meaning.name, member);
  }
  const misses: Miss[] = [];
  const strangers: Member[] = [];
  for (const member of all) {
    const { meaning } = member;
    if (meaning.kind === 'field') continue;
    const counts =
      meaning.kind === 'near-miss' && !(meaning.of === 'UserName' && fields.has('UserName'));
    if (counts) misses.push({ ...member, of: meaning.of });
    else strangers.push(member);
  }
  return { all, fields, misses, strangers };
}

export const asText = (value: unknown): string | undefined =>
  typeof value === 'string' ? value.trim() : undefined;

const words: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  '1': true,
  false: false,
  no: false,
  '0': false,
};

/** What Jira, ServiceNow, Zammad and GLPI send for a boolean; nothing else becomes one. */
export function asBoolean(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const word = String(value).trim().toLowerCase();
  return Object.hasOwn(words, word) ? words[word] : undefined;
}
