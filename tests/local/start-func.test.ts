// `npm run start:func` with a `func` of the test's own on the PATH, and without one. The real tools are not needed here.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

const ROOT = path.resolve(import.meta.dirname, '../..');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'func tools '));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function startFunc(): Promise<{ readonly code: unknown; readonly text: string }> {
  const child = spawn(process.execPath, ['infra/local/start-func.ts', '--no-build'], {
    cwd: ROOT,
    env: { ...process.env, PATH: folder, PORT: '7093' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      text += data;
    });
  }
  const [code]: unknown[] = await once(child, 'close');
  return { code, text };
}

test('without the tools it says how to get them, and what does without', async () => {
  const { code, text } = await startFunc();
  expect(code).toBe(1);
  expect(text).toContain('npm install -g azure-functions-core-tools@4');
  expect(text).toContain('npm start');
});

test('with the tools they run in dist/ with the settings of the local tenant; their exit code counts', async () => {
  const seen = `console.log(JSON.stringify({ argv: process.argv.slice(2), cwd: process.cwd(), env: process.env })); process.exit(4);`;
  writeFileSync(path.join(folder, 'func.cjs'), seen);
  const script = `#!/bin/sh\nexec "${process.execPath}" "${path.join(folder, 'func.cjs')}" "$@"\n`;
  writeFileSync(path.join(folder, 'func'), script, { mode: 0o755 });
  const { code, text } = await startFunc();
  expect(code).toBe(4);
  const { argv, cwd, env } = JSON.parse(text) as {
    readonly argv: readonly string[];
    readonly cwd: string;
    readonly env: Readonly<Record<string, string>>;
  };
  expect(argv).toEqual(['start', '--port', '7093']);
  expect(path.relative(ROOT, cwd)).toBe('dist');
  expect(env['FUNCTIONS_WORKER_RUNTIME']).toBe('node');
  expect(env['GRAPH_ENDPOINT']).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  expect(env['AzureWebJobsStorage']).toContain('AccountName=devstoreaccount1');
});
