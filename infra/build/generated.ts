// What is made from the JSON Schemas before the bundle: validators without a compiler inside (loading and
// running ajv costs 60-90 ms at every cold start, its output 1 ms), and the OpenAPI document as it is
// served. Writes lib/generated/, which is not committed.

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Ajv } from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { build } from 'esbuild';
import { callersSchema } from '../../lib/callers-schema.ts';
import { requestSchema } from '../../lib/request-schema.ts';
import { openApiDocument } from '../callers/openapi.ts';

const types = `import type { ErrorObject } from 'ajv';
import type { CallerEntries } from '../callers-schema.ts';
import type { RequestFields } from '../request-schema.ts';
interface Validator<T> {
  (data: unknown): data is T;
  errors?: ErrorObject<string, Record<string, unknown>>[] | null;
}
export declare const validateRequest: Validator<RequestFields>;
export declare const validateCallers: Validator<CallerEntries>;
`;

/** Writes validators.mjs and openapi.mjs, with their types, below `root`/lib/generated. */
export async function generateSources(root: string): Promise<void> {
  const ajv = new Ajv({
    allErrors: true, // all problems of a request at once; bodies end at 16 KiB
    schemas: [requestSchema, callersSchema],
    code: { source: true, esm: true },
  });
  const contents = standalone.default(ajv, {
    validateRequest: 'request',
    validateCallers: 'callers',
  });
  const folder = path.join(root, 'lib', 'generated');
  await mkdir(folder, { recursive: true });
  await build({
    // ajv leaves a require() for its string length helper: bundling resolves it
    stdin: { contents, resolveDir: root, sourcefile: 'validators.js' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    outfile: path.join(folder, 'validators.mjs'),
    logLevel: 'error',
  });
  await writeFile(path.join(folder, 'validators.d.mts'), types);
  const openApiText = JSON.stringify(`${JSON.stringify(openApiDocument())}\n`);
  await writeFile(path.join(folder, 'openapi.mjs'), `export const openApiText = ${openApiText};\n`);
  await writeFile(
    path.join(folder, 'openapi.d.mts'),
    'export declare const openApiText: string;\n',
  );
}
