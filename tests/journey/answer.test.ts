// What every answer carries, in which form, and what the host answers by itself.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { codeOf, entraDoor, type Reply, type Sent } from '../support/door.ts';
import { type Door, openStage, type Stage } from '../support/journey.ts';
import { unknownToMicrosoft } from '../support/seen.ts';

let stage: Stage;
let door: Door;
beforeAll(async () => {
  stage = await openStage();
  door = await stage.open();
});
afterAll(() => stage.close());

const json = { 'content-type': 'application/json' };
const good = '{"UserName":"adele.vance@contoso.com","DryRun":true}';
const raw = (body: Sent['body'], headers: Sent['headers'] = json): Promise<Reply> =>
  door.send({ headers, ...(body === undefined ? {} : { body }) });

describe('what every answer carries', () => {
  const common = (reply: Reply) => [
    reply.headers['cache-control'],
    reply.headers['x-content-type-options'],
    typeof reply.headers['x-ms-request-id'],
    /[^\n]\n$/.test(reply.text),
    reply.headers['location'],
  ];
  const expected = ['no-store', 'nosniff', 'string', true, undefined];

  test('each door, each status', async () => {
    const replies = [
      await raw(good),
      await raw(good, { ...json, accept: 'text/plain' }),
      await raw('{'),
      await raw(good, { 'content-type': 'text/plain' }),
      await door.send({ headers: json, body: good, chunked: true }),
      await raw('x'.repeat(16_385)),
      await door.reset({ UserName: 'nobody@contoso.com' }),
      await door.reset({ UserName: 'global.admin@contoso.com' }),
      await door.reset({ UserName: 'synced@contoso.com' }),
      await door.entra('no-token', { UserName: 'x@contoso.com' }),
      await door.entra(undefined, { UserName: 'x@contoso.com' }),
      await door.send({ method: 'GET', path: '/api/health' }),
      await door.send({ method: 'GET', path: '/api/ready' }),
      await door.send({ method: 'GET', path: '/api/openapi.json' }),
    ];
    expect(replies.map(({ status }) => status)).toEqual([
      200, 200, 400, 415, 411, 413, 404, 403, 422, 401, 401, 200, 200, 200,
    ]);
    for (const reply of replies) expect(common(reply)).toEqual(expected);
    const ids = replies.map(({ headers }) => headers['x-ms-request-id']);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('a failure says the same in body and header, under 1 KiB', async () => {
    const replies = [
      await raw('{'),
      await door.reset({ UserName: 'nobody@contoso.com' }),
      await door.reset({ UserName: 'global.admin@contoso.com' }),
      await door.reset({ UserName: 'federated@fabrikam.com' }),
      await door.entra('a.b.c', { UserName: 'x@contoso.com' }),
    ];
    for (const { status, headers, json: body, text } of replies) {
      expect(headers['content-type']).toBe('application/json');
      expect(Object.keys(body).slice(0, 6)).toEqual([
        'type',
        'title',
        'status',
        'detail',
        'requestId',
        'error',
      ]);
      expect([body['type'], body['status']]).toEqual(['about:blank', status]);
      expect(body['requestId']).toBe(headers['x-ms-request-id']);
      expect(body['error']).toEqual({
        code: headers['x-ms-error-code'],
        message: body['detail'],
      });
      expect(Buffer.byteLength(text)).toBeLessThan(1024);
    }
  });

  test.each([
    ['application/problem+json', 'application/problem+json'],
    ['application/problem+json, application/json', 'application/problem+json'],
    ['application/json, application/problem+json;q=0.9', 'application/problem+json'],
    ['*/*', 'application/json'],
    ['application/*', 'application/json'],
    ['text/plain', 'application/json'],
    ['text/html', 'application/json'],
    ['application/problem+json;q=0', 'application/json'],
  ])('a failure for Accept: %s is %s', async (accept, type) => {
    const reply = await raw('{', { ...json, accept });
    expect(reply.status).toBe(400);
    expect(reply.headers['content-type']).toBe(type);
    expect(reply.json['status']).toBe(400);
  });

  test.each([
    ['text/plain', true],
    ['text/plain, application/json;q=0.9', true],
    ['text/plain;q=0.9, application/json;q=0.5, */*;q=0.1', true],
    ['Text/Plain', true],
    ['application/json', false],
    ['*/*', false],
    ['text/*', false],
    ['application/json, text/plain, */*', false],
    ['text/plain;q=0.5, application/json', false],
    ['text/plain;q=0, application/json', false],
    ['text/html, application/xhtml+xml', false],
  ])('a success for Accept: %s is plain text: %s', async (accept, plain) => {
    const reply = await raw(good, { ...json, accept });
    expect(reply.headers['content-type']).toMatch(plain ? /^text\/plain/ : /^application\/json$/);
    expect(reply.text.startsWith('DryRun')).toBe(plain);
  });

  test('for a person at a terminal: status line, password, the password for the phone', async () => {
    const user = stage.user({ accountEnabled: false });
    const headers = { accept: 'text/plain', 'idempotency-key': 'plain-1' };
    const reply = await door.reset({ UserName: user.id }, headers);
    const [status = '', password = '', spelled = ''] = reply.text.split('\n');
    expect(status).toMatch(/^Completed/);
    expect(status).toContain(user.userPrincipalName);
    expect(stage.tenant.signIn(user.id, password).status).toBe('PasswordExpired');
    expect(spelled.split(' ').length).toBeGreaterThanOrEqual(password.length);

    const replay = await door.reset({ UserName: user.id }, headers);
    expect(replay.text).toMatch(/^AlreadyCompleted/);
    expect(replay.text).not.toContain(password);
    expect(replay.headers['idempotent-replayed']).toBe('true');
    expect(replay.text.trimEnd().split('\n').length).toBeGreaterThanOrEqual(2);

    const dry = await door.reset({ UserName: user.id, DryRun: true }, headers);
    expect(dry.text).toMatch(/^DryRun.*\n.+\n$/s);
  });

  test.each([
    ['abc-123', 'abc-123'],
    ['~!"#$%&()*+', '~!"#$%&()*+'],
    ['x'.repeat(128), 'x'.repeat(128)],
    ['x'.repeat(129), undefined],
    ['two words', undefined],
    ['caf\u00e9', undefined],
    ['', undefined],
  ])('x-ms-client-request-id %j comes back as %j', async (sent, echoed) => {
    const headers = { ...json, 'x-ms-client-request-id': sent };
    const replies = [await raw(good, headers), await raw('{', headers)];
    replies.push(await door.send({ method: 'GET', path: '/api/health', headers }));
    for (const reply of replies) expect(reply.headers['x-ms-client-request-id']).toBe(echoed);
  });

  test('no answer repeats a sent value', async () => {
    const secret = 'Zq7-not-to-be-seen';
    const replies = [
      await door.reset({ UserName: `${secret} x` }),
      await door.reset({ UserName: `${secret}@contoso.com` }),
      await door.reset({ UserName: `${secret}@contoso.com`, DryRun: secret }),
      await door.reset({ UserName: 'adele.vance@contoso.com', DryRun: true, TicketId: { secret } }),
      await door.reset({ UserName: 'adele.vance@contoso.com', DryRun: true, Reason: secret }),
      await raw(`{"UserName":"${secret}"`, json),
      await raw(good, { 'content-type': secret }),
      await door.reset({ UserName: 'a' }, { 'idempotency-key': `${secret}\u00fc` }),
    ];
    for (const reply of replies) {
      expect(reply.text).not.toContain(secret);
      expect(JSON.stringify(reply.headers)).not.toContain(secret);
    }
  });
});

describe('the other doors, and what the host answers by itself', () => {
  test('health says only that', async () => {
    const reply = await door.send({
      method: 'GET',
      path: '/api/health',
      headers: { 'x-functions-key': undefined },
    });
    expect([reply.status, reply.headers['content-type'], reply.text]).toEqual([
      200,
      'application/json',
      '{"Status":"Healthy"}\n',
    ]);
  });

  test('the OpenAPI document is for everybody and names both doors', async () => {
    const reply = await door.send({
      method: 'GET',
      path: '/api/openapi.json',
      headers: { 'x-functions-key': undefined },
    });
    expect(reply.headers['content-type']).toBe('application/json');
    expect(String(reply.json['openapi'])).toMatch(/^3\.1\./);
    const paths = Object.keys(Object(reply.json['paths']));
    expect(paths.some((path) => path.endsWith('/entra/user/security/reset-password'))).toBe(true);
    expect(paths.some((path) => path.endsWith('/user/security/reset-password'))).toBe(true);
  });

  const hostMade: readonly (readonly [status: number, what: string, sent: Sent])[] = [
    [401, 'no key', { headers: { 'x-functions-key': undefined } }],
    [401, 'a wrong key', { headers: { 'x-functions-key': 'wrong' } }],
    [
      401,
      'a wrong key before a right ?code=',
      {
        path: '/api/user/security/reset-password?code=local-function-key-0123456789',
        headers: { 'x-functions-key': 'wrong' },
      },
    ],
    [
      401,
      'ready without a key',
      { method: 'GET', path: '/api/ready', headers: { 'x-functions-key': undefined } },
    ],
    [404, 'GET', { method: 'GET' }],
    [404, 'PUT', { method: 'PUT' }],
    [404, 'HEAD', { method: 'HEAD' }],
    [404, 'OPTIONS', { method: 'OPTIONS' }],
    [404, 'another path', { path: '/api/user/security/reset' }],
    [404, 'POST health', { path: '/api/health' }],
    [404, 'GET at the Entra door', { method: 'GET', path: entraDoor }],
  ];
  test.each(hostMade)('%d, empty and without our headers: %s', async (status, _what, sent) => {
    const reply = await door.send({ body: good, ...sent });
    expect([reply.status, reply.text]).toEqual([status, '']);
    expect(reply.headers['x-ms-request-id']).toBeUndefined();
    expect(reply.headers['x-ms-error-code']).toBeUndefined();
  });

  test('the key may stand in ?code=', async () => {
    const reply = await door.send({
      path: '/api/user/security/reset-password?code=local-function-key-0123456789',
      headers: { ...json, 'x-functions-key': undefined },
      body: good,
    });
    expect(codeOf(reply)).toBe('200 DryRun');
  });

  test('the function door does not look at a token, the Entra door does not look at a key', async () => {
    const authorization = 'Bearer not.a.token';
    expect(codeOf(await raw(good, { ...json, authorization }))).toBe('200 DryRun');
    const reply = await door.send({ path: entraDoor, headers: json, body: good });
    expect(codeOf(reply)).toBe('401 Unauthenticated');
    expect(reply.headers['www-authenticate']).toMatch(/^Bearer/);
  });
});

test('every request to Graph is one that Microsoft has', () => {
  expect(unknownToMicrosoft(stage.tenant)).toEqual([]);
});
