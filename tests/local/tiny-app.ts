// A function app of a few lines in a temporary folder, for the tests of the local host: what the host hands over comes back as JSON.
// It is registered through the real '@azure/functions', as the product is.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

export const ECHO = `
app.http('echo', {
  methods: ['POST'], authLevel: 'function', route: 'user/echo/{id?}',
  handler: async (request, context) => {
    const body = Buffer.from(await request.arrayBuffer()).toString('hex');
    context.log('echoed ' + body.length / 2 + ' bytes');
    return {
      status: 201, headers: { 'x-of-the-app': 'yes', 'Content-Type': 'application/json' },
      body: JSON.stringify({
        body, method: request.method, url: request.url, params: request.params,
        headers: Object.fromEntries(request.headers), query: Object.fromEntries(request.query),
        invocationId: context.invocationId, functionName: context.functionName, trace: context.traceContext,
      }),
    };
  },
});
app.http('other', { methods: ['POST'], authLevel: 'function', handler: () => ({ body: 'other' }) });
app.http('secret', { methods: ['POST'], authLevel: 'admin', handler: () => ({ body: 'secret' }) });
app.http('open', { methods: ['GET'], authLevel: 'anonymous', handler: () => ({ jsonBody: { Status: 'Healthy' } }) });
app.http('bytes', { methods: ['GET'], authLevel: 'anonymous', handler: () => ({ body: new Uint8Array([0, 255, 254, 10]) }) });
`;

/** `source` is CommonJS that finds `app` in scope; returns the folder and the way to remove it. */
export function writeApp(
  source: string,
  hostJson: string = JSON.stringify({ version: '2.0' }),
): { readonly folder: string; readonly remove: () => void } {
  const folder = mkdtempSync(path.join(tmpdir(), 'tiny app '));
  const library = createRequire(import.meta.url).resolve('@azure/functions');
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ main: 'main.cjs' }));
  writeFileSync(path.join(folder, 'host.json'), hostJson);
  writeFileSync(
    path.join(folder, 'main.cjs'),
    `const { app } = require(${JSON.stringify(library)});\n${source}`,
  );
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
