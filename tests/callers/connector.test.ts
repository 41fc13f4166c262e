// Are the connector's files what the schemas say, field by field, and do they keep the rules of custom
// connectors? Every rule is broken once, so that a rule that sees nothing is noticed.

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connectorFiles, placeholders } from '../../infra/callers/connector.ts';
import { brokenDefinitionRules, brokenPropertiesRules } from './connector-rules.ts';

const root = path.resolve(import.meta.dirname, '../..');
const folder = path.join(root, 'infra/callers/connector');
const run = promisify(execFile);

interface Field {
  readonly type: string;
  readonly default?: unknown;
  readonly maxLength?: number;
  readonly format?: string;
  readonly 'x-ms-summary': string;
  readonly 'x-ms-visibility'?: string;
}
interface Definition {
  readonly host: string;
  readonly basePath: string;
  readonly definitions: Readonly<
    Record<
      string,
      { readonly required?: readonly string[]; readonly properties: Record<string, Field> }
    >
  >;
}

let scratch = '';
let definitionText = '';
let propertiesText = '';
beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'connector-'));
  definitionText = await readFile(path.join(folder, 'apiDefinition.swagger.json'), 'utf8');
  propertiesText = await readFile(path.join(folder, 'apiProperties.json'), 'utf8');
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

test('the files in the repository are those that npm run connector writes', () => {
  const files = connectorFiles(placeholders);
  expect(Object.keys(files)).toEqual(['apiDefinition.swagger.json', 'apiProperties.json']);
  expect(definitionText).toBe(files['apiDefinition.swagger.json']);
  expect(propertiesText).toBe(files['apiProperties.json']);
});

test('the request: every field with its type, default, length, name and place', () => {
  const { definitions } = JSON.parse(definitionText) as Definition;
  const { required, properties } = definitions['ResetRequest'] ?? { properties: {} };
  expect(required).toEqual(['UserName']);
  expect(
    Object.entries(properties).map(([name, field]) => [
      name,
      field.type,
      field.default ?? field.maxLength,
      field['x-ms-summary'],
      field['x-ms-visibility'],
    ]),
  ).toEqual([
    ['UserName', 'string', undefined, 'User Name', 'important'],
    ['EnableUserIfNeeded', 'boolean', true, 'Enable User if Needed', 'advanced'],
    ['ForceChangePasswordNextSignIn', 'boolean', true, 'Force Change at Next Sign-In', 'advanced'],
    ['ForceChangePasswordNextSignInWithMfa', 'boolean', false, 'Force Change with MFA', 'advanced'],
    ['RevokeSessions', 'boolean', false, 'Revoke Sessions', 'advanced'],
    ['DryRun', 'boolean', false, 'Dry Run', 'advanced'],
    ['TicketId', 'string', 128, 'Ticket Id', 'important'],
    ['CallerName', 'string', 128, 'Caller Name', 'advanced'],
    ['Reason', 'string', 256, 'Reason', 'advanced'],
  ]);
});

test('the answer: every member that a flow can read, the password last and marked', () => {
  const { definitions, host, basePath } = JSON.parse(definitionText) as Definition;
  const answer = Object.entries(definitions['ResetAnswer']?.properties ?? {});
  expect(answer.map(([name, { type }]) => `${name} ${type}`)).toEqual([
    'Status string',
    'UserName string',
    'UserId string',
    'AccountWasEnabled boolean',
    'AccountEnabled boolean',
    'ForceChangePasswordNextSignIn boolean',
    'SessionsRevoked string',
    'PasswordReturned boolean',
    'WouldEnable boolean',
    'WouldRevokeSessions boolean',
    'CompletedAt string',
    'RequestId string',
    'Detail string',
    'Warning string',
    'Password string',
  ]);
  expect(answer.at(-1)?.[1].format).toBe('password');
  expect([host, basePath]).toEqual(['your-app.azurewebsites.net', '/api/entra']);
});

test('no rule of custom connectors is broken', () => {
  expect(brokenDefinitionRules(definitionText)).toEqual([]);
  expect(brokenPropertiesRules(propertiesText)).toEqual([]);
});

const reset = '/paths//user/security/reset-password/post';
const parameter = `${reset}/parameters/0`;
const password = '/definitions/ResetAnswer/properties/Password';
test.each([
  ['"swagger": "2.0"', '"swagger": "3.0.0"', 'the version is not 2.0'],
  ['"Entra ID Password Reset"', '"Reset API"', 'info: the title holds a forbidden word'],
  [/"Enables a user[^"]*"/, '"Short."', 'info: the description has not 30 to 500 characters'],
  ['"ResetPassword"', '"reset-password"', `${reset}: the operationId is not in PascalCase`],
  ['"summary": "Reset a password"', '"summary": ""', `${reset}: no summary of its own`],
  [
    'succeeds without a password.',
    'succeeds without a password',
    `${reset}: the description is no sentence with a period`,
  ],
  [
    '"x-ms-no-generic-test": true',
    '"x-ms-no-generic-test": false',
    `${reset}: a generic test is allowed`,
  ],
  ['"x-ms-safe-operation": false,', '', `${reset}: it is not said to be unsafe`],
  ['"200": {', '"default": {', `${reset}: no 2xx response with a schema`],
  ['"503": {', '"599": {', `${reset}: the response 503 is not listed`],
  ['"Idempotency Key"', '"idempotency key"', `${parameter}: x-ms-summary is not in title case`],
  [
    "'-', UserName).",
    "'-', UserName)",
    `${parameter}: the description is no sentence with a period`,
  ],
  [
    '"x-ms-visibility": "important"',
    '"x-ms-visibility": "loud"',
    `${reset}: an unknown visibility`,
  ],
  ['"x-ms-visibility": "advanced"', '"x-ms-look": "advanced"', /x-ms-look is unknown/],
  ['"format": "password",', '', `${password}: not marked as a password`],
  ['"format": "password",', '"format": "password", "x-ms-test-value": "x",', /could hold a secret/],
  ['"Privacy policy"', '"Privacy"', 'the metadata has no Privacy policy'],
  ['    "swagger"', '  "swagger"', 'the indentation is not four spaces'],
])('a definition with %s → %s breaks a rule', (right, wrong, rule) => {
  const broken = definitionText.replace(right, wrong);
  expect(broken).not.toBe(definitionText);
  expect(brokenDefinitionRules(broken)).toEqual([
    typeof rule === 'string' ? rule : expect.stringMatching(rule),
  ]);
});

test.each([
  ['#1b5e4b', '#007EE5', 'iconBrandColor is missing or one of the two forbidden ones'],
  ['"aad"', '"okta"', 'an unknown identity provider'],
  ['"resourceUri"', '"loginUri2"', 'no resourceUri'],
  ['"scopes": []', '"scopes": [], "clientSecret": "x"', 'a client secret stands in the file'],
  ['"oAuthSettings"', '"settings"', 'there is no way to sign in'],
])('properties with %s → %s break a rule', (right, wrong, rule) => {
  const broken = propertiesText.replace(right, wrong);
  expect(broken).not.toBe(propertiesText);
  expect(brokenPropertiesRules(broken)).toContain(rule);
});

test('npm run connector with names writes files that can be imported', async () => {
  const generate = path.join(root, 'infra/callers/generate.ts');
  const names = {
    '--host': 'contoso-reset.azurewebsites.net',
    '--client-id': '11111111-2222-4333-8444-555555555555',
    '--tenant': '66666666-7777-4888-8999-aaaaaaaaaaaa',
    '--resource': 'api://bbbbbbbb-cccc-4ddd-8eee-ffffffffffff',
    '--website': 'https://helpdesk.contoso.com',
    '--out': scratch,
  };
  await run(process.execPath, [generate, ...Object.entries(names).flat()]);
  const definition = await readFile(path.join(scratch, 'apiDefinition.swagger.json'), 'utf8');
  const properties = await readFile(path.join(scratch, 'apiProperties.json'), 'utf8');
  expect(brokenDefinitionRules(definition)).toEqual([]);
  expect(brokenPropertiesRules(properties)).toEqual([]);
  expect(definition).toContain('"host": "contoso-reset.azurewebsites.net"');
  expect(definition).toContain('66666666-7777-4888-8999-aaaaaaaaaaaa/oauth2/token');
  expect(properties).toContain('"clientId": "11111111-2222-4333-8444-555555555555"');
  expect(properties).toContain('"value": "api://bbbbbbbb-cccc-4ddd-8eee-ffffffffffff"');
  expect(definition + properties).not.toMatch(/your-app|00000000-/);
});

test('npm run connector refuses an unknown argument and says which there are', async () => {
  const generate = path.join(root, 'infra/callers/generate.ts');
  await expect(run(process.execPath, [generate, '--hosts', 'x'])).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('--host NAME.azurewebsites.net'),
  });
});

test('the linter finds nothing in the Swagger 2.0 definition', async () => {
  const redocly = path.join(root, 'node_modules/@redocly/cli/bin/cli.js');
  const file = path.join(folder, 'apiDefinition.swagger.json');
  const { stdout } = await run(
    process.execPath,
    [redocly, 'lint', file, '--extends=recommended-strict', '--format=json'],
    {
      cwd: scratch,
      env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
    },
  );
  expect(JSON.parse(stdout).problems).toEqual([]);
});
