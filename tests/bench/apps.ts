// The function apps that the bench compares, as folders that the local host can run. All but the product
// are transpiled and left unbundled.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { transform } from 'esbuild';
import { bundle } from '../../infra/build/bundle.ts';
import { root } from '../../infra/build/root.ts';

const names = ['straightforward', 'runbook', 'empty', 'waits-only'] as const;
export type Rival = (typeof names)[number];
export type App = Rival | 'product' | 'product-cold';

const folder = path.join(root, '.local', 'bench');

export const appFolder = (app: App): string =>
  app === 'product' ? path.join(root, 'dist') : path.join(folder, app);
export const entryOf = (app: App): string => path.join(appFolder(app), 'main.cjs');

export async function buildApps(): Promise<void> {
  await bundle();
  for (const name of names) {
    const source = await readFile(path.join(import.meta.dirname, `${name}.ts`), 'utf8');
    const { code } = await transform(source, { loader: 'ts', format: 'cjs', target: 'node22' });
    await writeApp(name, code);
  }
  // The product without its app-start hook: what the first request costs when nothing was warmed up.
  const product = JSON.stringify(path.join(root, 'dist', 'main.cjs'));
  const withoutHooks =
    "const core = require('@azure/functions-core');\n" +
    'core.registerHook = () => ({ dispose() {} });\n' +
    `require(${product});\n`;
  await writeApp('product-cold', withoutHooks);
}

async function writeApp(name: App, code: string): Promise<void> {
  await mkdir(appFolder(name), { recursive: true });
  await writeFile(entryOf(name), code);
  const manifest = JSON.stringify({ name, main: 'main.cjs' });
  await writeFile(path.join(appFolder(name), 'package.json'), manifest);
  const host = await readFile(path.join(root, 'host.json'), 'utf8');
  await writeFile(path.join(appFolder(name), 'host.json'), host);
}
