// `npm run connector`: writes the connector's files. Without arguments those of the repository, with
// placeholders; with names and --out those that can be imported.

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { connectorFiles, placeholders } from './connector.ts';

const usage =
  'npm run connector -- --host NAME.azurewebsites.net --client-id ID --tenant ID --resource api://ID ' +
  '--website URL --out FOLDER';

function readArguments() {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      host: text,
      'client-id': text,
      tenant: text,
      resource: text,
      website: text,
      out: text,
    },
  });
  return values;
}

async function main(): Promise<void> {
  const { out = path.join(import.meta.dirname, 'connector'), ...given } = readArguments();
  const names = {
    host: given.host ?? placeholders.host,
    clientId: given['client-id'] ?? placeholders.clientId,
    tenantId: given.tenant ?? placeholders.tenantId,
    resource: given.resource ?? placeholders.resource,
    website: given.website ?? placeholders.website,
  };
  await mkdir(out, { recursive: true });
  for (const [name, content] of Object.entries(connectorFiles(names))) {
    const file = path.join(out, name);
    await writeFile(file, content);
    console.log(`wrote ${path.relative(process.cwd(), file)}`);
  }
}

try {
  await main();
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n${usage}`);
  process.exitCode = 1;
}
