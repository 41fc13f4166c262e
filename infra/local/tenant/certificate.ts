// The certificate of the local tenant, made anew at each start; its PEM lies in a private folder until
// the tenant stops, for NODE_EXTRA_CA_CERTS.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
  readonly caFile: string;
}

export async function makeCertificate(): Promise<Certificate & { remove(): Promise<void> }> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  const folder = await mkdtemp(join(tmpdir(), 'local-tenant-')); // readable by this user only
  const caFile = join(folder, 'ca.pem');
  await writeFile(caFile, cert, { mode: 0o600 });
  return { key, cert, caFile, remove: () => rm(folder, { recursive: true, force: true }) };
}
