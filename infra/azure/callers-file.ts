// infra/azure/callers.json, the parameter file that Bicep reads as CALLERS: read, judged by the product's
// own rules, written whole or not at all. Holds hashes of keys; never sees a key.

import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CallerEntries } from '../../lib/callers-schema.ts';
import type { readConfig } from '../../lib/config.ts';

export type Entry = CallerEntries[number];

/** What the product would say of these callers, in sentences. */
export type Judge = (entries: readonly Entry[]) => readonly string[];

export const callersPath = path.resolve(import.meta.dirname, 'callers.json');

/** No callers at all is no mistake of the file: Bicep then leaves CALLERS out. */
export const judgeWith =
  (read: typeof readConfig): Judge =>
  (entries) => {
    if (entries.length === 0) return [];
    const settings = {
      CALLERS: JSON.stringify(entries),
      AzureWebJobsStorage: 'UseDevelopmentStorage=true',
    };
    const config = read(settings);
    // Signing secrets are in the vault, not here: what is said of them does not count.
    const mistakes = config.ok ? [] : config.failure.filter(({ setting }) => setting === 'CALLERS');
    return mistakes.map(({ detail }) => detail);
  };

export interface CallersFile {
  readonly entries: readonly Entry[];
  /** Writes these instead, unless they are wrong or somebody else wrote meanwhile. */
  replace(entries: readonly Entry[]): Promise<void>;
}

/** Throws one sentence when the file is not what Bicep and the product can read. */
export async function openCallers(file: string, judge: Judge): Promise<CallersFile> {
  const text = await readFile(file, 'utf8');
  return {
    entries: read(file, text, judge),
    async replace(entries) {
      demand(judge, entries, 'Nothing was written');
      if ((await readFile(file, 'utf8')) !== text) {
        throw new Error(
          `${file} was changed by somebody else meanwhile. Nothing was written; try again.`,
        );
      }
      // Beside the file: a rename within one folder is one step, so that a crash leaves the old or the new.
      const beside = `${file}.${randomUUID()}`;
      try {
        await writeFile(beside, render(entries), { flush: true });
        await rename(beside, file);
      } catch (cause) {
        await rm(beside, { force: true });
        throw new Error(`${file} could not be written; it is as it was.`, { cause });
      }
    },
  };
}

function read(file: string, text: string, judge: Judge): readonly Entry[] {
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch (cause) {
    throw new Error(
      `${file} is not JSON. Nothing was changed; git checkout brings the last good one.`,
      { cause },
    );
  }
  if (!Array.isArray(entries))
    throw new Error(`${file} is no list of callers. Nothing was changed.`);
  demand(judge, entries, `${file} is not right as it stands, and nothing was changed`);
  return entries;
}

export function demand(judge: Judge, entries: readonly Entry[], consequence: string): void {
  const mistakes = judge(entries).map((mistake) => `  ${mistake}`);
  if (mistakes.length > 0) throw new Error(`${consequence}:\n${mistakes.join('\n')}`);
}

const widest = 100;

/** JSON as the formatter of this repository leaves it: short lists on one line. */
export const render = (entries: readonly Entry[]): string =>
  `${JSON.stringify(entries, null, 2).replaceAll(
    /^( *.*)\[\n((?: *"[^"\n]*",?\n)+) *\](,?)$/gm,
    (whole, head: string, items: string, comma: string) => {
      const line = `${head}[${items.trim().split(/\n */).join(' ')}]${comma}`;
      return line.length > widest ? whole : line;
    },
  )}\n`;
