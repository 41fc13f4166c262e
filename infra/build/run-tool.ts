// Runs an installed tool, or a script of the repository, with this Node and this terminal.

import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from './root.ts';

const packages = { tsc: 'typescript', biome: '@biomejs/biome' } as const;

/** A tool's own script, found through its package: no shell, no .cmd, the same on every system. */
export async function runTool(tool: keyof typeof packages, args: readonly string[]) {
  const folder = path.join(root, 'node_modules', packages[tool]);
  const { bin } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
  return runScript(path.join(folder, bin[tool]), args);
}

/** The exit code; a signal counts as a failure. */
export const runScript = (script: string, args: readonly string[] = []): Promise<number> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...args], { cwd: root, stdio: 'inherit' });
    child.once('error', () => resolve(1));
    child.once('exit', (code) => resolve(code ?? 1));
  });
