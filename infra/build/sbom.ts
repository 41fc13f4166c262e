// `npm run sbom`: the bill of materials of what is shipped, that is of the packages inside the bundle
// (npm's own sbom --omit=dev leaves out what a development package uses too), and the gate on licences: one
// that is not on the list stops the build. With --write it goes to dist.sbom.json (CycloneDX).

import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bundle } from './bundle.ts';
import { root } from './root.ts';

const allowed = ['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD'];

const files = await bundle();
const folders = new Set(
  files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []),
);
const shipped = await Promise.all(
  [...folders].map(async (folder) => {
    const manifest = await readFile(path.join(root, folder, 'package.json'), 'utf8');
    const { name, version, license } = JSON.parse(manifest);
    return { name: String(name), version: String(version), license: String(license) };
  }),
);
const refused = shipped.filter(({ license }) => !allowed.includes(license));
for (const { name, license } of refused)
  console.error(`${name}: licence ${license} is not allowed.`);
console.log(`${shipped.length} shipped packages, ${refused.length} with a licence to look at.`);
process.exitCode = refused.length > 0 ? 1 : 0;

if (process.argv.includes('--write')) {
  const components = shipped.map(({ name, version, license }) => ({
    type: 'library',
    'bom-ref': `${name}@${version}`,
    name,
    version,
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    licenses: [{ license: { id: license } }],
  }));
  const bom = { bomFormat: 'CycloneDX', specVersion: '1.5', version: 1, components };
  await writeFile(path.join(root, 'dist.sbom.json'), `${JSON.stringify(bom, null, 2)}\n`);
  console.log('Written to dist.sbom.json.');
}
