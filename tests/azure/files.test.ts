// The files that decide what is deployed and how the host runs it: host.json, .funcignore, the workflows.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from '@jest/globals';

test('host.json is what the product wants and nothing more', () => {
  expect(JSON.parse(readFileSync('host.json', 'utf8'))).toEqual({
    version: '2.0',
    functionTimeout: '00:02:00',
    extensions: { http: { routePrefix: 'api' } },
    logging: {
      logLevel: { default: 'Information', Microsoft: 'Warning' },
      applicationInsights: {
        samplingSettings: { isEnabled: true, excludedTypes: 'Request;Trace;Exception;Event' },
      },
    },
  });
});

test('.funcignore leaves the bundle, host.json and package.json, and drops every other file', () => {
  const tracked = git('ls-files').filter((file) => file !== 'host.json' && file !== 'package.json');
  expect(tracked.length).toBeGreaterThan(40);
  const unwanted = [
    'node_modules/jest/package.json',
    'node_modules/.bin/jest',
    'dist/main.cjs.map',
    'local.settings.json',
    '.local/bicep/bicep.csproj',
    '.azure/prod/.env',
    'entra-password-reset.zip',
    '__azurite_db_table__.json',
  ];
  const wanted = ['dist/main.cjs', 'host.json', 'package.json'];
  const dropped = ignoredBy('.funcignore', [...tracked, ...unwanted, ...wanted]);
  expect([...tracked, ...unwanted].filter((file) => !dropped.has(file))).toEqual([]);
  expect(wanted.filter((file) => dropped.has(file))).toEqual([]);
});

test('.funcignore does not ignore the folder node_modules itself, or azd would build remotely', () => {
  const lines = readFileSync('.funcignore', 'utf8').split('\n');
  expect(lines).toContain('node_modules/*');
  expect(lines.filter((line) => /^\/?(\*\*\/)?node_modules\/?(\*\*)?$/.test(line))).toEqual([]);
  expect(lines).not.toContain('*');
});

const workflows = readdirSync('.github/workflows').map((file) =>
  path.join('.github/workflows', file),
);

test('there is a workflow that releases and one that deploys', () => {
  expect(workflows).toEqual(
    expect.arrayContaining(['.github/workflows/deploy.yml', '.github/workflows/release.yml']),
  );
});

test.each(workflows)('%s pins every action and stores no secret', (file) => {
  const text = readFileSync(file, 'utf8');
  const uses = [...text.matchAll(/uses: (.*)/g)].map(([, action]) => action ?? '');
  expect(uses.length).toBeGreaterThan(0);
  for (const action of uses) expect(action).toMatch(/^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  expect(text).not.toMatch(/\bsecrets\./);
  expect(text).toMatch(/^permissions:/m);
});

test('no workflow puts what somebody typed into a shell line', () => {
  for (const file of workflows) {
    const runs = readFileSync(file, 'utf8').match(/run: (\|\n(\s{10,}.*\n)+|.*)/g) ?? [];
    expect(runs.filter((run) => /\$\{\{\s*(inputs|github\.event)/.test(run))).toEqual([]);
  }
});

test('a release is attested before it is attached, a deployment verified before it is deployed', () => {
  const release = readFileSync('.github/workflows/release.yml', 'utf8');
  expect(release.indexOf('attest-build-provenance')).toBeGreaterThan(release.indexOf('npm test'));
  expect(release.indexOf('gh release create')).toBeGreaterThan(
    release.indexOf('attest-build-provenance'),
  );
  const deploy = readFileSync('.github/workflows/deploy.yml', 'utf8');
  expect(deploy.indexOf('gh attestation verify')).toBeGreaterThan(0);
  expect(deploy.indexOf('publish.ts')).toBeGreaterThan(deploy.indexOf('gh attestation verify'));
});

test('each alert has its paragraph for the person on call', () => {
  const alerts = readFileSync('infra/azure/modules/alerts.bicep', 'utf8');
  const names = [...alerts.matchAll(/^ {4}name: '([a-z-]+)'$/gm)].map(([, name]) => name);
  const headings = readFileSync('infra/azure/OPERATIONS.md', 'utf8').match(/^### .*$/gm);
  expect(names).toHaveLength(4);
  expect(headings).toEqual(names.map((name) => `### ${name}`));
});

test('each value of the environment is explained, and known to the deploy workflow', () => {
  const parameters = readFileSync('infra/azure/tenant.bicepparam', 'utf8');
  const read = [...parameters.matchAll(/readEnvironmentVariable\('(\w+)'/g)].map(
    ([, name]) => name ?? '',
  );
  const names = [...new Set(read)].filter((name) => name !== 'AZURE_ENV_NAME').sort();
  expect(names).toEqual([
    'ALERT_EMAILS',
    'ALLOWED_IP_RANGES',
    'APP_NAME',
    'ENTRA_AUDIENCE',
    'PROTECTED_GROUP_IDS',
  ]);
  const readme = readFileSync('infra/azure/README.md', 'utf8');
  const deploy = readFileSync('.github/workflows/deploy.yml', 'utf8');
  for (const name of names) {
    expect(readme).toContain(`| \`${name}\` |`);
    expect(deploy).toMatch(new RegExp(`^ {6}${name}: `, 'm'));
  }
});

function git(...args: readonly string[]): readonly string[] {
  return execFileSync('git', args, { encoding: 'utf8' }).split('\n').filter(Boolean);
}

/** Which of the paths the ignore file drops, by git's own rules. */
function ignoredBy(file: string, paths: readonly string[]): ReadonlySet<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'funcignore-'));
  try {
    execFileSync('git', ['init', '--quiet', folder]);
    writeFileSync(path.join(folder, '.gitignore'), readFileSync(file));
    const args = ['-C', folder, 'check-ignore', '--no-index', '--stdin'];
    const out = execFileSync('git', args, { encoding: 'utf8', input: paths.join('\n') });
    return new Set(out.split('\n'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
