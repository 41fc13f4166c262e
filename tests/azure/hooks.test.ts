// What azd runs around its steps, and the plain way to publish: the order in azure.yaml, the words at the
// end, and a deployment site that says yes, no, and nothing.

import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { grantArguments } from '../../infra/azure/hooks/grant.ts';
import { nextStep } from '../../infra/azure/hooks/next-step.ts';
import { publish } from '../../infra/azure/publish.ts';

const azd = readFileSync('azure.yaml', 'utf8');

test('azd provisions, grants, deploys what was built here, and says what is next', () => {
  const hooks = azd.slice(azd.indexOf('\nhooks:')).split(/\n {2}(?=\w)/);
  const runs = hooks
    .slice(1)
    .map((hook) => [
      hook.split(':')[0],
      [...hook.matchAll(/(sh|pwsh)\n +run: (.*)/g)].map(([, shell, line]) => `${shell}> ${line}`),
    ]);
  const both = (script: string) =>
    ['sh', 'pwsh'].map((sh) => `${sh}> node infra/local/bootstrap.mjs infra/${script}`);
  expect(runs).toEqual([
    ['prepackage', both('build/package.ts')],
    ['postprovision', both('azure/hooks/grant.ts')],
    ['predeploy', both('build/package.ts')],
    ['postdeploy', both('azure/hooks/next-step.ts')],
  ]);
  for (const script of ['build/package.ts', 'azure/hooks/grant.ts', 'azure/hooks/next-step.ts']) {
    expect(existsSync(`infra/${script}`)).toBe(true);
  }
});

test('azd ships the bundle as it is, with the standard size', () => {
  expect(azd).toMatch(/project: dist\b/);
  expect(azd).toMatch(/remoteBuild: false/);
  expect(azd).toMatch(/path: infra\/azure\n {2}module: standard\b/);
});

test('the grant is for the app that was provisioned', () => {
  expect(grantArguments({ AZURE_FUNCTION_APP_NAME: 'reset-x' })).toEqual(['--app', 'reset-x']);
  expect(
    grantArguments({
      AZURE_FUNCTION_APP_NAME: 'reset-x',
      GRANT_MODE: 'role',
      GRANT_ADMINISTRATIVE_UNIT: 'aaaaaaaa-0000-0000-0000-000000000001',
    }),
  ).toEqual([
    '--app',
    'reset-x',
    '--mode',
    'role',
    '--administrative-unit',
    'aaaaaaaa-0000-0000-0000-000000000001',
  ]);
});

const deployed = {
  AZURE_FUNCTION_APP_NAME: 'reset-x',
  AZURE_FUNCTION_APP_URL: 'https://reset-x.azurewebsites.net',
  AZURE_RESOURCE_GROUP: 'rg-reset',
};

test('after the deployment it warns loudly while no caller is configured', () => {
  const said = nextStep({ ...deployed, CALLERS_CONFIGURED: 'false' }, false);
  expect(said).toContain('https://reset-x.azurewebsites.net/api/user/security/reset-password');
  expect(said).toContain('WARNING: no caller is configured');
  expect(said).toContain('npm run caller -- add NAME');
  expect(said).toContain('az functionapp keys list -g rg-reset -n reset-x');
  expect(said).toContain(
    `curl https://reset-x.azurewebsites.net/api/user/security/reset-password -H "x-functions-key: KEY" -H "Content-Type: application/json" -d '{"UserName":"adele.vance@contoso.com","DryRun":true}'`,
  );
});

test('it warns too when nothing says that callers are configured', () => {
  expect(nextStep(deployed, false)).toContain('WARNING');
});

test('it does not cry once there are callers, and quotes for Windows', () => {
  const said = nextStep({ ...deployed, CALLERS_CONFIGURED: 'true' }, true);
  expect(said).not.toContain('WARNING');
  expect(said).toContain(`-d "{\\"UserName\\":\\"adele.vance@contoso.com\\",\\"DryRun\\":true}"`);
});

let site: Server;
let origin: string;
let uploads: { url: string; authorization: string; type: string; body: string }[];
let onPublish: { status: number; body: string };
let states: { status: number; body: string }[];

beforeAll(async () => {
  site = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { authorization = '', 'content-type': type = '' } = request.headers;
    const asked = request.url ?? '';
    if (request.method === 'POST') {
      uploads.push({ url: asked, authorization, type, body: Buffer.concat(chunks).toString() });
    }
    const answer = request.method === 'POST' ? onPublish : (states.shift() ?? gone);
    response.writeHead(answer.status).end(answer.body);
  });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  const address = site.address();
  origin = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
});

beforeEach(() => {
  uploads = [];
  onPublish = { status: 202, body: '"42"' };
  states = [];
});

afterAll(() => {
  site.close();
});

const gone = { status: 404, body: '' };
const state = (status: number, text = '') => ({
  status: 200,
  body: JSON.stringify({ status, status_text: text }),
});
const send = () =>
  publish({ scmOrigin: origin, token: 't', zip: Buffer.from('zip'), pollMs: 1, deadlineMs: 5_000 });

test('publishing sends the zip once, with a token and without a remote build', async () => {
  states = [gone, state(1), state(2), state(4)];
  await send();
  expect(uploads).toEqual([
    {
      url: '/api/publish?RemoteBuild=false',
      authorization: 'Bearer t',
      type: 'application/zip',
      body: 'zip',
    },
  ]);
  expect(states).toEqual([]);
});

test('a record that goes away after it was seen is the end of the work', async () => {
  states = [state(2), gone];
  await expect(send()).resolves.toBeUndefined();
});

test('a failed package is a failure in the platform’s words', async () => {
  states = [state(1), state(3, 'package is broken')];
  await expect(send()).rejects.toThrow('package is broken');
});

test('a refusal says what to do', async () => {
  onPublish = { status: 403, body: '' };
  await expect(send()).rejects.toThrow(/answered 403.*ALLOWED_IP_RANGES/);
  onPublish = { status: 400, body: 'BlobUploadFailed' };
  await expect(send()).rejects.toThrow(/answered 400.*try again in some minutes/);
});

test('a token that ends on the way is a failure', async () => {
  states = [state(1), { status: 401, body: '' }];
  await expect(send()).rejects.toThrow(/answered 401.*az login/);
});
