// Builds dist/: one minified CommonJS file with its source map, host.json, and a package.json that names
// the file. SDKs are in it and are evaluated when first needed: adapters are imported dynamically.

import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { generateSources } from './generated.ts';
import { root } from './root.ts';

const modulePath = (file: string): string => path.join(root, 'node_modules', file);
const dist = path.join(root, 'dist');

/**
 * An index file that re-exports everything is evaluated whole, all credentials and clients with it, when
 * a lazy part needs one name of it. These are the files behind the names that are needed.
 */
const withoutBarrels = {
  '@azure/identity': modulePath(
    '@azure/identity/dist/esm/credentials/managedIdentityCredential/index.js',
  ),
  '@azure/data-tables': modulePath('@azure/data-tables/dist/esm/TableClient.js'),
};

/**
 * The managed identity of Kubernetes trades a file for a token, which does not exist in Azure Functions;
 * and MSAL does not declare that clients which nobody imports may be left out. Without them 160 KB less,
 * `jsonwebtoken` and `semver` among it, and a start that is shorter by a tenth.
 */
const withoutUnusedIdentities: Plugin = {
  name: 'without-unused-identities',
  setup({ onLoad, onResolve, resolve }) {
    onLoad({ filter: /managedIdentityCredential[\\/]tokenExchangeMsi\.js$/ }, () => ({
      contents: 'export const tokenExchangeMsi = { isAvailable: async () => false };',
    }));
    onResolve({ filter: /^(@azure\/msal-node$|\.)/ }, async ({ path: name, ...from }) => {
      const inMsal = !name.startsWith('.') || /[\\/]msal-node[\\/]/.test(from.importer);
      if (!inMsal || from.pluginData === 'resolving') return null;
      const { kind, importer, resolveDir } = from;
      const found = await resolve(name, { kind, importer, resolveDir, pluginData: 'resolving' });
      return { ...found, sideEffects: false };
    });
  },
};

/** The files of which something is in the bundle. */
const filesIn = ({ outputs }: Metafile): readonly string[] =>
  Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? file : [])),
  );

/** Rebuilds dist/ from the sources; the files of which something went into it. */
export async function bundle(): Promise<readonly string[]> {
  await generateSources(root);
  await rm(dist, { recursive: true, force: true });
  await mkdir(dist);
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['functions/main.ts'],
    outfile: path.join(dist, 'main.cjs'),
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    minify: true,
    keepNames: false,
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'none',
    external: ['@azure/functions-core'], // exists only inside the worker
    alias: withoutBarrels,
    mainFields: ['module', 'main'], // jsonc-parser's UMD main breaks at load when bundled
    plugins: [withoutUnusedIdentities],
    metafile: true,
    logLevel: 'error',
  });
  await copyFile(path.join(root, 'host.json'), path.join(dist, 'host.json'));
  const { name, version, engines } = JSON.parse(
    await readFile(path.join(root, 'package.json'), 'utf8'),
  );
  const manifest = { name, version, private: true, main: 'main.cjs', engines };
  await writeFile(path.join(dist, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  const files = filesIn(metafile);
  if (files.some((file) => file.endsWith('workloadIdentityCredential.js'))) {
    throw new Error(
      '@azure/identity has other files than before: look at withoutUnusedIdentities in infra/build/bundle.ts.',
    );
  }
  return files;
}

if (import.meta.main) await bundle();
