// What a deployment would make, foretold by the compiler from a parameter file: every resource with its
// values worked out. What only Azure knows (an identity's id, a URL) stays an expression in brackets.

import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bicep } from '../../infra/azure/bicep.ts';

export type Size = 'small' | 'standard' | 'locked-down';

export interface Resource {
  readonly type: string;
  readonly id: string;
  readonly name: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly [other: string]: unknown;
}

export const subscriptionId = '00000000-0000-0000-0000-000000000001';
export const tenantId = '00000000-0000-0000-0000-000000000002';

/** `parameters` are lines of a .bicepparam that override the size's; `env` is all it can read. */
export async function foretell(
  size: Size,
  parameters = '',
  env: Readonly<Record<string, string>> = {},
): Promise<readonly Resource[]> {
  const folder = path.resolve('.local/azure-tests', randomUUID());
  mkdirSync(folder, { recursive: true });
  try {
    const infra = '../../../infra/azure';
    writeFileSync(
      path.join(folder, 'foretold.bicepparam'),
      `using '${infra}/main.bicep'\nextends '${infra}/${size}.bicepparam'\n${parameters}\n`,
    );
    const where = ['--subscription-id', subscriptionId, '--tenant-id', tenantId];
    const there = ['--resource-group', 'rg-reset', '--location', 'westeurope'];
    const file = path.join(folder, 'foretold.bicepparam');
    const { complaints } = await bicep(
      ['snapshot', file, '--mode', 'overwrite', ...where, ...there],
      { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    );
    if (complaints !== '') throw new Error(complaints);
    const snapshot = readFileSync(path.join(folder, 'foretold.snapshot.json'), 'utf8');
    return JSON.parse(snapshot).predictedResources;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const ofType = (resources: readonly Resource[], type: string): readonly Resource[] =>
  resources.filter((resource) => resource.type === type);

/** The only resource of this type; a second one is a failure of the test. */
export function theOnly(resources: readonly Resource[], type: string): Resource {
  const [resource, ...others] = ofType(resources, type);
  if (resource === undefined || others.length > 0) {
    throw new Error(`${others.length === 0 ? 'no' : 'more than one'} ${type}`);
  }
  return resource;
}

/** The app settings that the deployment sets. */
export const settingsOf = (resources: readonly Resource[]): Readonly<Record<string, unknown>> =>
  theOnly(
    resources.filter(({ id }) => id.includes('appsettings')),
    'Microsoft.Web/sites/config',
  ).properties;

/** Every member name anywhere in a value. */
export function namesIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [name, ...namesIn(inner)]);
}
