// Is the OpenAPI document true? Its request is compared field by field, its answers with what answer.ts
// really writes, and a linter reads the whole.

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { failures } from '../../infra/callers/answer-schema.ts';
import { openApiDocument } from '../../infra/callers/openapi.ts';
import { type Asking, answerFailure, answerSuccess, type Success } from '../../lib/answer.ts';
import type { Failure, FailureCode } from '../../lib/failure.ts';
import { statusOf } from '../../lib/failure-answer.ts';
import { secret } from '../../lib/secret.ts';

interface Schema {
  readonly type: string;
  readonly required: readonly string[];
  readonly properties: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}
interface Operation {
  readonly security: readonly object[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}
interface Document {
  readonly servers: unknown;
  readonly paths: Readonly<Record<string, { readonly post?: Operation; readonly get?: Operation }>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const document = openApiDocument() as Document;
const { schemas } = document.components;
const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema(document, 'openapi');
const fits = (name: string, value: unknown): boolean | Promise<unknown> =>
  ajv.validate(`openapi#/components/schemas/${name}`, value);

const asking: Asking = { requestId: 'r-1', accept: null, clientRequestId: undefined };

test('the request: every field with its type, default and length', () => {
  const fields = Object.entries(schemas['ResetRequest']?.properties ?? {}).map(
    ([name, { type, default: byDefault, maxLength }]) => [name, type, byDefault, maxLength],
  );
  expect(fields).toEqual([
    ['UserName', 'string', undefined, undefined],
    ['EnableUserIfNeeded', 'boolean', true, undefined],
    ['ForceChangePasswordNextSignIn', 'boolean', true, undefined],
    ['ForceChangePasswordNextSignInWithMfa', 'boolean', false, undefined],
    ['RevokeSessions', 'boolean', false, undefined],
    ['DryRun', 'boolean', false, undefined],
    ['TicketId', 'string', undefined, 128],
    ['CallerName', 'string', undefined, 128],
    ['Reason', 'string', undefined, 256],
  ]);
  expect(schemas['ResetRequest']?.required).toEqual(['UserName']);
  expect(fits('ResetRequest', { UserName: "o'hara@contoso.com" })).toBe(true);
  expect(fits('ResetRequest', { UserName: 'o&apos;hara@contoso.com' })).toBe(false);
});

const common = {
  userName: 'adele.vance@contoso.com',
  userId: '87d349ed-44d7-43e1-9a83-5f2406dee5bd',
  accountEnabled: true,
  forceChange: true,
  requestId: 'r-1',
  warnings: ['w'],
};
const samples: readonly Success[] = [
  {
    ...common,
    status: 'Completed',
    accountWasEnabled: false,
    sessionsRevoked: 'Revoked',
    completedAt: 0,
    password: secret('Autumn-Harbor-41'),
  },
  { ...common, status: 'AlreadyCompleted', completedAt: 0 },
  {
    ...common,
    status: 'DryRun',
    accountWasEnabled: false,
    wouldEnable: true,
    wouldRevokeSessions: false,
  },
];

test.each(samples)('the answer $status: the members that are written, no more, no less', (full) => {
  const wire: Record<string, unknown> = JSON.parse(answerSuccess(full, asking).body);
  const schema = schemas[full.status];
  expect(Object.keys(schema?.properties ?? {}).sort()).toEqual(Object.keys(wire).sort());
  expect(fits(full.status, wire)).toBe(true);
  expect(fits(full.status, { ...wire, Status: 'Sideways' })).toBe(false);

  const quiet: Success = {
    ...full,
    warnings: [],
    ...(full.status === 'Completed' ? { password: undefined } : {}),
  };
  const least = JSON.parse(answerSuccess(quiet, asking).body);
  expect([...(schema?.required ?? [])].sort()).toEqual(Object.keys(least).sort());
});

test('the password is marked as one and stands last', () => {
  const properties = schemas['Completed']?.properties ?? {};
  expect(Object.keys(properties).at(-1)).toBe('Password');
  expect(properties['Password']?.['format']).toBe('password');
});

const evidence = {
  problems: [{ pointer: '/UserName', detail: 'UserName is required.' }],
  fault: 'no-key',
  door: 'function',
  rule: 'domains',
  because: 'role',
  until: new Date(0),
  step: 'read',
  right: 'User.Read.All',
  what: 'type',
  by: 'caller',
  retryAfterSeconds: 5,
};

test.each(Object.keys(statusOf))('the failure %s: its status, and a body that fits', (code) => {
  const problems = code === 'InvalidRequest' || code === 'UnsupportedPayload';
  const { problems: _, ...others } = evidence;
  const failure = { code, ...(problems ? evidence : others) } as unknown as Failure;
  const answer = answerFailure(failure, asking);
  expect(answer.status).toBe(statusOf[code as FailureCode]);
  expect(fits('Problem', JSON.parse(answer.body))).toBe(true);
});

test('every status of the contract with its codes, at both doors', () => {
  expect(failures.map(([status, codes]) => `${status} ${codes.join(' ')}`)).toEqual([
    '400 InvalidRequest UnsupportedPayload',
    '401 Unauthenticated',
    '403 CallerNotAllowed TargetProtected RecentlyReset GraphDenied',
    '404 UserNotFound',
    '409 InProgress',
    '411 LengthRequired',
    '413 PayloadTooLarge',
    '415 UnsupportedMediaType',
    '422 KeyReused DirectorySynced GuestUser FederatedUser PasswordRejected GraphRejected',
    '429 TooManyRequests',
    '500 InternalError',
    '503 NotConfigured GraphUnavailable IdentityUnavailable LedgerUnavailable OutcomeUnknown',
  ]);
  for (const door of ['/user/security/reset-password', '/entra/user/security/reset-password']) {
    expect(Object.keys(document.paths[door]?.post?.responses ?? {})).toEqual(
      '200 400 401 403 404 409 411 413 415 422 429 500 503'.split(' '),
    );
  }
});

test('doors, credentials, one header, and no host name', () => {
  const operations = Object.entries(document.paths).map(([name, { get, post }]) => [
    name,
    (get ?? post)?.security,
    (get ?? post)?.parameters?.map((parameter) => `${parameter.in} ${parameter.name}`),
  ]);
  expect(operations).toEqual([
    ['/user/security/reset-password', [{ functionKey: [] }], ['header Idempotency-Key']],
    ['/entra/user/security/reset-password', [{ entra: [] }], ['header Idempotency-Key']],
    ['/health', [], undefined],
    ['/ready', [{ functionKey: [] }], undefined],
  ]);
  expect(document.servers).toEqual([{ url: '/api' }]);
  expect(openApiDocument()).toEqual(document);
});

test('the linter finds nothing', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'openapi-'));
  try {
    const file = path.join(folder, 'openapi.json');
    await writeFile(file, JSON.stringify(document));
    const redocly = path.resolve(import.meta.dirname, '../../node_modules/@redocly/cli/bin/cli.js');
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [redocly, 'lint', file, '--extends=recommended-strict', '--format=json'],
      {
        cwd: folder,
        env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
      },
    );
    expect(JSON.parse(stdout).problems).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
