// The app's way into this process: what it finds under '@azure/functions-core', and which files are loaded, as the Node worker of Azure Functions does it.
// Called once by worker.ts. It knows nothing of functions or invocations.

import { globSync, readFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** The real worker answers `require('@azure/functions-core')` in the same way: the module exists nowhere else. */
export function lendCore(core: object): void {
  const original = Module.prototype.require;
  const lending = function (this: NodeJS.Module, id: string): unknown {
    return id === '@azure/functions-core' ? core : original.call(this, id);
  };
  Module.prototype.require = Object.assign(lending, original);
}

/** Throws whatever an entry file throws. */
export async function loadEntryFiles(folder: string): Promise<void> {
  const manifest: unknown = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const { main, type } = manifest as { main?: string; type?: string };
  if (main === undefined) throw new Error('package.json names no "main".');
  const files = globSync(main, { cwd: folder });
  if (files.length === 0) throw new Error(`No file matches "main": ${main}`);
  const require = createRequire(path.join(folder, 'package.json'));
  for (const file of files.sort()) {
    const full = path.resolve(folder, file);
    const isModule = full.endsWith('.mjs') || (type === 'module' && !full.endsWith('.cjs'));
    if (isModule) await import(pathToFileURL(full).href);
    else require(full);
  }
}
