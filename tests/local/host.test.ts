// The local host answers as the real one was measured to (the table is in its own words below): what the app sees, and what it never sees.

import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, startHost } from '../../infra/local/host.ts';
import { ECHO, writeApp } from './tiny-app.ts';

const KEY = 'local-function-key-0123456789';
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const app = writeApp(
  `${ECHO}
app.hook.appStart(() => { started = 'appStart ran'; });
let started = 'appStart did not run';
app.http('started', { methods: ['GET'], authLevel: 'anonymous', handler: () => ({ body: started }) });
app.hook.preInvocation((hook) => {
  if (hook.invocationContext.functionName === 'hooked') hook.functionHandler = () => ({ body: 'from the pre hook' });
});
app.hook.postInvocation((hook) => {
  if (hook.invocationContext.functionName === 'hooked') hook.result = { ...hook.result, headers: { 'x-post': 'seen' } };
});
app.http('hooked', { methods: ['GET'], authLevel: 'anonymous', handler: () => ({ body: 'never' }) });
app.http('throws', { methods: ['GET'], authLevel: 'anonymous', handler: () => { throw new Error('broken in the handler'); } });
app.http('badStatus', { methods: ['GET'], authLevel: 'anonymous', handler: () => ({ status: 7 }) });
app.http('badHeader', { methods: ['GET'], authLevel: 'anonymous', handler: () => ({ headers: { 'a b': 'c' } }) });
app.http('badResult', { methods: ['GET'], authLevel: 'anonymous', handler: () => 'text' });
let finished = 0;
app.http('slow', { methods: ['POST'], authLevel: 'anonymous', handler: async (request, context) => {
  context.log('slow began');
  await new Promise((resolve) => setTimeout(resolve, 300));
  finished += 1;
  context.log('slow finished');
  return { body: 'late' };
} });
app.http('finished', { methods: ['GET'], authLevel: 'anonymous', handler: () => ({ body: String(finished) }) });
let ticks = 0;
app.timer('tick', { schedule: '* * * * * *', handler: (timer, context) => { ticks += 1; context.warn('ticked', timer.isPastDue); } });
app.timer('failing', { schedule: '0 0 3 * * *', handler: () => { throw new Error('broken in the timer'); } });
app.http('ticks', { methods: ['GET'], authLevel: 'anonymous', handler: () => ({ body: String(ticks) }) });
app.http('levels', { methods: ['GET'], authLevel: 'anonymous', handler: (request, context) => {
  context.trace('a trace'); context.debug('a debug line'); context.error('an error'); return { status: 204 };
} });`,
);
let host: Host;

beforeAll(async () => {
  host = await startHost({
    app: app.folder,
    env: { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '1000' },
    keys: { function: { default: KEY, 'other/mine': 'key-of-other' }, master: 'the-master-key' },
    quiet: true,
  });
});

afterAll(async () => {
  await host?.stop();
  app.remove();
});

/** One valid call of `echo`; a test breaks one thing of it. */
function echo(
  change: {
    path?: string;
    method?: string;
    headers?: Record<string, string>;
    body?: string | Uint8Array<ArrayBuffer>;
  } = {},
) {
  const { path = '/api/user/echo', method = 'POST', headers, body = 'abc' } = change;
  const init = { method, headers: headers ?? { 'x-functions-key': KEY } };
  return fetch(`${host.url}${path}`, method === 'POST' ? { ...init, body } : init);
}

interface Seen {
  readonly body: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly query: Record<string, string>;
  readonly params: Record<string, string>;
  readonly invocationId: string;
  readonly functionName: string;
  readonly trace: { readonly traceParent: string };
}
const seen = async (response: Response): Promise<Seen> => (await response.json()) as Seen;

/** What the host answers by itself has no body and no header of the app. */
async function expectEmpty(response: Response, status: number): Promise<void> {
  expect(response.status).toBe(status);
  expect(await response.text()).toBe('');
  expect(response.headers.get('content-type')).toBeNull();
  expect(response.headers.get('www-authenticate')).toBeNull();
  expect(response.headers.get('x-of-the-app')).toBeNull();
  expect(response.headers.get('allow')).toBeNull();
}

/** Bytes as they are, for what fetch would not send. Resolves with the whole answer. */
async function raw(text: string): Promise<string> {
  const socket = connect(Number(new URL(host.url).port), '127.0.0.1');
  socket.end(text.replaceAll('\n', '\r\n'));
  let answer = '';
  socket.on('data', (data) => {
    answer += data.toString('latin1');
  });
  await once(socket, 'close');
  return answer;
}
const jsonOf = (answer: string): Seen =>
  JSON.parse(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1)) as Seen;

test('a valid call reaches the function, and its answer the caller', async () => {
  const response = await echo({ path: '/api/user/echo/42' });
  expect(response.status).toBe(201);
  expect(response.headers.get('x-of-the-app')).toBe('yes');
  expect(response.headers.get('content-type')).toBe('application/json');
  const { body, params, functionName } = await seen(response);
  expect(body).toBe('616263');
  expect(params).toEqual({ id: '42' });
  expect(functionName).toBe('echo');
});

test('raw bytes reach the function unchanged, and leave it unchanged', async () => {
  const bytes = new Uint8Array([0xef, 0xbb, 0xbf, 0xff, 0x00, 0x0a]);
  expect((await seen(await echo({ body: bytes }))).body).toBe('efbbbfff000a');
  const answer = await fetch(`${host.url}/api/bytes`);
  expect([...new Uint8Array(await answer.arrayBuffer())]).toEqual([0, 255, 254, 10]);
  expect(answer.headers.get('content-length')).toBe('4');
});

test('every invocation has an id and a span of its own, and keeps the trace of the caller', async () => {
  const headers = {
    'x-functions-key': KEY,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  };
  const first = await seen(await echo({ headers }));
  const second = await seen(await echo({ headers }));
  const alone = await seen(await echo());
  expect(first.invocationId).toMatch(GUID);
  expect(second.invocationId).not.toBe(first.invocationId);
  expect(first.trace.traceParent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
  expect(first.trace.traceParent).not.toContain('b7ad6b7169203331');
  expect(second.trace.traceParent).not.toBe(first.trace.traceParent);
  expect(alone.trace.traceParent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
});

test.each([
  ['no key', '/api/user/echo', {}],
  ['a wrong key', '/api/user/echo', { 'x-functions-key': 'wrong' }],
  ['a wrong ?code=', '/api/user/echo?code=wrong', {}],
  [
    'a wrong header beside a right ?code=',
    `/api/user/echo?code=${KEY}`,
    { 'x-functions-key': 'wrong' },
  ],
  [
    'an empty header beside a right ?code=',
    `/api/user/echo?code=${KEY}`,
    { 'x-functions-key': '' },
  ],
  ['the key of another function', '/api/user/echo', { 'x-functions-key': 'key-of-other' }],
  ['a function key where an admin key is asked', '/api/secret', { 'x-functions-key': KEY }],
  ['a bearer token', '/api/user/echo', { authorization: `Bearer ${KEY}` }],
])('%s is 401, empty', async (_case, path, headers) => {
  await expectEmpty(await echo({ path, headers }), 401);
});

test.each([
  ['the key in the header', '/api/user/echo', { 'x-functions-key': KEY }, 201],
  ['the key in ?code=', `/api/user/echo?code=${KEY}`, {}, 201],
  ['the key in ?CODE=', `/api/user/echo?CODE=${KEY}`, {}, 201],
  [
    'a right header beside a wrong ?code=',
    '/api/user/echo?code=wrong',
    { 'x-functions-key': KEY },
    201,
  ],
  ['the master key', '/api/user/echo', { 'x-functions-key': 'the-master-key' }, 201],
  [
    'the master key for an admin function',
    '/api/secret',
    { 'x-functions-key': 'the-master-key' },
    200,
  ],
  ['the key of the function alone', '/api/other', { 'x-functions-key': 'key-of-other' }, 200],
])('%s opens the door', async (_case, path, headers, status) => {
  expect((await echo({ path, headers })).status).toBe(status);
});

test('an anonymous function asks for no key and minds no wrong one', async () => {
  expect((await fetch(`${host.url}/api/open`)).status).toBe(200);
  const wrong = await fetch(`${host.url}/api/open`, { headers: { 'x-functions-key': 'wrong' } });
  expect(await wrong.json()).toEqual({ Status: 'Healthy' });
});

test('the accepted key is handed on in headers and url', async () => {
  const both = await seen(await echo({ path: '/api/user/echo?code=abc&x=1' }));
  expect(both.headers['x-functions-key']).toBe('local-function-key-0123456789');
  expect(both.url).toBe(`${host.url}/api/user/echo?code=abc&x=1`);
  expect(both.query).toEqual({ code: 'abc', x: '1' });
});

test('a chunked body never arrives; its header does', async () => {
  const request = httpRequest(`${host.url}/api/user/echo`, {
    method: 'POST',
    headers: { 'x-functions-key': KEY, 'transfer-encoding': 'chunked' },
  });
  request.end('{"UserName":"adele"}');
  const [response] = await once(request, 'response');
  let text = '';
  for await (const piece of response) text += piece;
  const { body, headers } = JSON.parse(text) as Seen;
  expect(body).toBe('');
  expect(headers['transfer-encoding']).toBe('chunked');
  expect(headers['content-length']).toBeUndefined();
});

test.each([
  ['GET where POST is mapped', 'GET', '/api/user/echo'],
  ['PUT where POST is mapped', 'PUT', '/api/user/echo'],
  ['HEAD where GET is mapped', 'HEAD', '/api/open'],
  ['OPTIONS', 'OPTIONS', '/api/user/echo'],
  ['an unknown route', 'GET', '/api/nothing'],
  ['a route without the prefix', 'GET', '/open'],
  ['a longer route', 'GET', '/api/open/more'],
  ['the name of a function that has a route', 'POST', '/api/echo'],
])('%s is 404, empty', async (_case, method, path) => {
  await expectEmpty(await echo({ method, path }), 404);
});

test('routes match without regard to case, and with a slash at the end', async () => {
  expect((await echo({ path: '/API/User/ECHO/' })).status).toBe(201);
});

test('a header or query that was sent twice is joined with a comma', async () => {
  const answer = await raw(
    `POST /api/user/echo?a=1&a=2 HTTP/1.1
Host: somebody.else:81
X-Functions-Key: ${KEY}
X-Twice: one
x-twice: two
Content-Type: application/json
content-type: text/plain
Content-Length: 0
Connection: close

`,
  );
  const { headers, query, url } = jsonOf(answer);
  expect(headers['x-twice']).toBe('one,two');
  expect(headers['content-type']).toBe('application/json,text/plain');
  expect(query).toEqual({ a: '1,2' });
  expect(headers['host']).toBe('somebody.else:81');
  expect(url).toBe('http://somebody.else:81/api/user/echo?a=1&a=2');
});

test("anyone's x-ms-client-principal is passed on", async () => {
  const headers = { 'x-functions-key': KEY, 'x-ms-client-principal': 'eyJhIjoxfQ==' };
  expect((await seen(await echo({ headers }))).headers['x-ms-client-principal']).toBe(
    'eyJhIjoxfQ==',
  );
});

test('a content encoding is not looked at', async () => {
  const headers = { 'x-functions-key': KEY, 'content-encoding': 'gzip' };
  expect((await seen(await echo({ headers }))).body).toBe('616263');
});

test.each(['throws', 'badStatus', 'badHeader', 'badResult'])(
  'a handler that fails (%s) is 500, empty, and one line of the log tells',
  async (name) => {
    await expectEmpty(await fetch(`${host.url}/api/${name}`), 500);
    const line = await host.waitForLine(new RegExp(`^error ${name} The function failed: `));
    if (name === 'throws') expect(line).toContain('broken in the handler');
  },
);

test('a body over the limit is 500, empty; at the limit it arrives', async () => {
  await expectEmpty(await echo({ body: 'x'.repeat(1001) }), 500);
  expect((await seen(await echo({ body: 'x'.repeat(1000) }))).body.length).toBe(2000);
});

test('the home page is 204', async () => {
  const response = await fetch(host.url);
  expect(response.status).toBe(204);
  expect(await response.text()).toBe('');
});

test('a malformed request is 400, empty', async () => {
  expect(await raw('GARBAGE\n\n')).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n(?:[^\r]+\r\n)*\r\n$/);
});

test('hooks run: appStart before the first call, preInvocation and postInvocation around each', async () => {
  expect(await (await fetch(`${host.url}/api/started`)).text()).toBe('appStart ran');
  const hooked = await fetch(`${host.url}/api/hooked`);
  expect(await hooked.text()).toBe('from the pre hook');
  expect(hooked.headers.get('x-post')).toBe('seen');
});

test('a caller that hangs up does not stop the function', async () => {
  const request = httpRequest(`${host.url}/api/slow`, { method: 'POST' });
  request.on('error', () => {});
  request.end();
  await host.waitForLine(/slow began/);
  request.destroy();
  await host.waitForLine(/slow finished/);
  expect(await (await fetch(`${host.url}/api/finished`)).text()).toBe('1');
});

test('a caller that hangs up before its body is whole does not start the function', async () => {
  const socket = connect(Number(new URL(host.url).port), '127.0.0.1');
  const head = `POST /api/user/echo HTTP/1.1\r\nHost: a\r\nX-Functions-Key: ${KEY}\r\nContent-Length: 777\r\n\r\n`;
  socket.write(`${head}{"UserName":"adele.vanc`);
  await once(socket, 'connect');
  socket.destroy();
  await echo();
  await echo();
  expect(host.lines.some((line) => line.includes('echoed 777'))).toBe(false);
  expect(host.lines.some((line) => line.includes('echoed 23 bytes'))).toBe(false);
});

test('logs are lines of level, function and message; below Information nothing is written', async () => {
  await fetch(`${host.url}/api/levels`);
  expect(await host.waitForLine(/an error/)).toBe('error levels an error');
  await echo();
  expect(await host.waitForLine(/echoed 3/)).toBe('information echo echoed 3 bytes');
  expect(host.lines.filter((line) => /a trace|a debug line/.test(line))).toEqual([]);
});

test('onLine sees what comes later', async () => {
  const later = new Promise<string>((resolve) => {
    host.onLine((line) => {
      if (line.includes('echoed 9')) resolve(line);
    });
  });
  await echo({ body: '123456789' });
  expect(await later).toBe('information echo echoed 9 bytes');
});

test('a timer runs when it is asked for, and only then', async () => {
  const ticks = async () => (await fetch(`${host.url}/api/ticks`)).text();
  expect(await ticks()).toBe('0');
  await host.invokeTimer('tick');
  expect(await ticks()).toBe('1');
  expect(await host.waitForLine(/ticked/)).toBe('warning tick ticked false');
  await expect(host.invokeTimer('failing')).rejects.toThrow('broken in the timer');
  await expect(host.invokeTimer('nothing')).rejects.toThrow('404');
});

test.each([
  ['the master key', 'the-master-key', 'tick', 'POST', 202],
  ['no such function', 'the-master-key', 'nothing', 'POST', 404],
  ['a function key', KEY, 'tick', 'POST', 401],
  ['another method', 'the-master-key', 'tick', 'GET', 404],
])('POST /admin/functions: %s', async (_case, key, name, method, status) => {
  const url = `${host.url}/admin/functions/${name}`;
  await expectEmpty(await fetch(url, { method, headers: { 'x-functions-key': key } }), status);
});

test('the names of the functions are told', () => {
  expect(host.functions.slice(0, 5)).toEqual(['echo', 'other', 'secret', 'open', 'bytes']);
});
