// Reads a recipe of infra/callers as a machine: the fenced blocks by name, the placeholders with their
// examples. Fills them in as the caller's system would. Knows nothing of what a block means.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const recipeFolder = path.resolve(import.meta.dirname, '../../infra/callers');

export interface Block {
  readonly language: string;
  /** The word behind the language: request, body, caller, … */
  readonly name: string;
  readonly text: string;
}

export interface Recipe {
  readonly file: string;
  readonly text: string;
  readonly headings: readonly string[];
  readonly blocks: readonly Block[];
  readonly placeholders: ReadonlyMap<string, string>;
}

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export const recipeFiles = (): readonly string[] =>
  readdirSync(recipeFolder)
    .filter((name) => name.endsWith('.md') && name !== 'README.md')
    .sort();

export function readRecipe(file: string): Recipe {
  const text = readFileSync(path.join(recipeFolder, file), 'utf8');
  const blocks = [...text.matchAll(/^( *)```(\S+) ?(.*)\n([\s\S]*?)^ *```$/gm)].map(
    ([, indent = '', language = '', name = '', content = '']) => ({
      language,
      name,
      text: content.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }),
  );
  // A pipe inside a table is written \| there.
  const rows = [...text.matchAll(/^\| `(.+?)` \|.+\| `(.+?)` \|$/gm)].map(
    ([, placeholder = '', example = '']): [string, string] => [
      placeholder.replaceAll('\\|', '|'),
      example,
    ],
  );
  return {
    file,
    text,
    headings: [...text.matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading),
    blocks,
    placeholders: new Map(rows),
  };
}

/** The text of the block of that name; a recipe without it is a mistake. */
export function block({ blocks, file }: Recipe, name: string): string {
  const found = blocks.filter((one) => one.name === name);
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw new Error(`${file} has ${found.length} blocks named ${name}.`);
  }
  return only.text;
}

/** What the system, and the person who pastes, put in. Longer placeholders first: one may hold another. */
export function fillIn(text: string, values: Iterable<readonly [string, string]>): string {
  const ordered = [...values].sort(([a], [b]) => b.length - a.length);
  return ordered.reduce((filled, [name, value]) => filled.replaceAll(name, value), text);
}

/** A request as in an HTTP file: the request line, then one header a line. */
export function parseRequest(text: string): HttpRequest {
  const [first = '', ...lines] = text.trim().split('\n');
  const [, method, url] = /^([A-Z]+) (\S+) HTTP\/1\.1$/.exec(first) ?? [];
  if (method === undefined || url === undefined) throw new Error(`Not a request line: ${first}`);
  const headers = lines.map((line): [string, string] => {
    const [, name, value] = /^([A-Za-z-]+): (.+)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new Error(`Not a header: ${line}`);
    return [name, value];
  });
  return { method, url, headers };
}
