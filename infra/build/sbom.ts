// `npm run sbom`: the bill of materials of what is shipped, that is of the packages inside the bundle
// (npm's own --omit=dev leaves out what a development package uses too), and the gate on licences: one
// that is not on the list stops the build. With --write it goes to dist.sbom.json (CycloneDX).

import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { bundle } from './bundle.ts';
import { root } from './root.ts';

const allowed = ['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD'];

const { inputs } = await bundle();
const folders = new Set(
  Object.keys(inputs).flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []),
);
const shipped = await Promise.all(
  [...folders].map(async (folder): Promise<{ ref: string; license: string }> => {
    const manifest = await readFile(path.join(root, folder, 'package.json'), 'utf8');
    const { name, version, license } = JSON.parse(manifest);
    return { ref: `${name}@${version}`, license: String(license) };
  }),
);
const refused = shipped.filter(({ license }) => !allowed.includes(license));
for (const { ref, license } of refused) console.error(`${ref}: licence ${license} is not allowed.`);
console.log(`${shipped.length} shipped packages, ${refused.length} with a licence to look at.`);
process.exitCode = refused.length > 0 ? 1 : 0;

if (process.argv.includes('--write')) {
  const windows = process.platform === 'win32';
  const { stdout } = await promisify(execFile)(
    windows ? 'npm.cmd' : 'npm',
    ['sbom', '--sbom-format=cyclonedx'],
    { cwd: root, maxBuffer: 64 * 1024 * 1024, shell: windows },
  );
  const bom = JSON.parse(stdout);
  const refs = new Set(shipped.map(({ ref }) => ref));
  const inBundle = (component: { 'bom-ref': string }) => refs.has(component['bom-ref']);
  bom.components = bom.components.filter(inBundle);
  bom.dependencies = bom.dependencies.filter(({ ref }: { ref: string }) => refs.has(ref));
  await writeFile(path.join(root, 'dist.sbom.json'), `${JSON.stringify(bom, null, 2)}\n`);
  console.log(`dist.sbom.json lists ${bom.components.length} of them.`);
}
