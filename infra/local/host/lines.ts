// The log of a child process, line by line: kept, passed on, waited for.
// Used by ../host.ts. It does not know what a line means.

import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Lines {
  /** Oldest first. */
  readonly lines: readonly string[];
  readonly onLine: (callback: (line: string) => void) => void;
  readonly waitForLine: (pattern: RegExp, deadlineMs?: number) => Promise<string>;
}

export function collectLines(child: ChildProcess, quiet: boolean): Lines {
  const lines: string[] = [];
  const listeners = new Set<(line: string) => void>();
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (!quiet) process.stdout.write(`${line}\n`);
      for (const listener of listeners) listener(line);
    });
  }
  return {
    lines,
    onLine: (callback) => listeners.add(callback),
    waitForLine: (pattern, deadlineMs = 10_000) => {
      const past = lines.find((line) => pattern.test(line));
      if (past !== undefined) return Promise.resolve(past);
      return new Promise((resolve, reject) => {
        const timeout = setTimeout(() => {
          listeners.delete(listener);
          reject(new Error(`No line of the log matched ${pattern}.${lastLines(lines)}`));
        }, deadlineMs);
        const listener = (line: string): void => {
          if (!pattern.test(line)) return;
          clearTimeout(timeout);
          listeners.delete(listener);
          resolve(line);
        };
        listeners.add(listener);
      });
    },
  };
}

/** For the sentence that says why a process is gone. */
export function lastLines(lines: readonly string[]): string {
  return lines.length === 0 ? '' : ` Its last lines:\n${lines.slice(-15).join('\n')}`;
}
