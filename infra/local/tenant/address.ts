// From the path of a request to the path of Microsoft's metadata, keys apart.
// Knows what is an address, not what is behind it.

import { decoded } from './faults.ts';
import { metadata } from './metadata.ts';

export interface Segment {
  readonly text: string;
  /** Written as `name('key')`: it can be nothing but a key. */
  readonly quoted?: boolean;
  /** Of an alternate key: `name(property='key')`. */
  readonly property?: string;
}
export interface Address {
  /** As in the metadata, keys as {}. */
  readonly template: string;
  readonly keys: readonly Segment[];
}

/** Real paths that the metadata at hand leaves out, with their methods and query options. */
const listOptions = ['$select', '$top', '$filter'];
const paths: typeof metadata.paths = {
  ...metadata.paths,
  '/applications': { get: listOptions, post: [] },
  '/applications/{}': { get: ['$select'], patch: [] },
  '/servicePrincipals/{}/appRoleAssignments/{}': { get: ['$select'], delete: [] },
  '/servicePrincipals/{}/appRoleAssignedTo': { get: listOptions, post: [] },
  '/servicePrincipals/{}/appRoleAssignedTo/{}': { get: ['$select'], delete: [] },
};

/** The query options of a path for a method; undefined: it does not know the method. */
export const optionsOf = (template: string, method: string): readonly string[] | undefined =>
  paths[template]?.[method.toLowerCase()];

function segmentsOf(path: string): readonly Segment[] {
  return path
    .split('/')
    .slice(1)
    .flatMap((raw): Segment[] => {
      const text = decoded(raw);
      const [, name, property, key] = /^(\w+)\((?:(\w+)=)?'((?:[^']|'')*)'\)$/.exec(text) ?? [];
      if (name === undefined || key === undefined) return [{ text }];
      const quoted = { text: key.replaceAll("''", "'"), quoted: true };
      return [{ text: name }, property === undefined ? quoted : { ...quoted, property }];
    });
}

const templates = Object.keys(paths).map((path) => ({ path, parts: path.split('/').slice(1) }));

/** A key with a leading $, encoded or not, has to be quoted: whether Graph takes %24 nobody has shown. */
const fits = (part: string | undefined, segment: Segment): boolean =>
  part === '{}'
    ? segment.quoted === true || (segment.text !== '' && !segment.text.startsWith('$'))
    : part === segment.text && !segment.quoted;

/** The address, or the first segment that leads nowhere. */
export function resolveAddress(path: string): Address | { readonly stranger: string } {
  const segments = segmentsOf(path);
  let open = templates;
  for (const [i, segment] of segments.entries()) {
    const next = open.filter(({ parts }) => fits(parts[i], segment));
    const literal = next.filter(({ parts }) => parts[i] !== '{}');
    open = literal.length > 0 ? literal : next;
    if (open.length === 0) return { stranger: segment.text };
  }
  const whole = open.find(({ parts }) => parts.length === segments.length);
  if (whole === undefined) return { stranger: segments.at(-1)?.text ?? '' };
  return { template: whole.path, keys: segments.filter((_, i) => whole.parts[i] === '{}') };
}
