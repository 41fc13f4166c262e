// Do the recipes work as they are pasted? Each request is filled in with the examples of its own table,
// sent through the built app as its system sends it, and sent again.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openApiDocument } from '../../infra/callers/openapi.ts';
import { type Delivery, type House, keyOf, send, startHouse } from './house.ts';
import { block, fillIn, parseRequest, type Recipe, readRecipe, recipeFiles } from './recipe.ts';
import { allEntries, clientIdOf, entriesOf, secrets } from './recipe-entries.ts';
import {
  connector,
  flow,
  glpi,
  type Occasion,
  plain,
  type Sender,
  serviceNow,
  zammad,
  zendesk,
} from './senders.ts';
import { type Instance, runScript } from './servicenow-instance.ts';

let house: House;
beforeAll(async () => {
  house = await startHouse(allEntries(), secrets);
});
afterAll(() => house?.stop());

const residue = /\{\{|\$\{|@\{|#\{|<<|YOUR-|API-CLIENT|SHA-256-OF/;

/** What the person and the system put in; `changed` is the next event of the same ticket. */
function typed(
  recipe: Recipe,
  caller: string,
  changed: readonly [string, string][] = [],
): Delivery {
  const values = new Map([
    ...recipe.placeholders,
    ...changed,
    ['https://YOUR-APP.azurewebsites.net', house.url],
    ['YOUR-FUNCTION-KEY', keyOf(caller)],
  ]);
  const filled = (text: string): string => {
    const result = fillIn(text, values);
    expect(result).not.toMatch(residue);
    return result;
  };
  if (recipe.blocks.some(({ name }) => name === 'action')) {
    const { Reset_password: action } = JSON.parse(block(recipe, 'action'));
    const { method, uri, headers, body } = action.inputs;
    return {
      method,
      url: filled(uri),
      headers: Object.entries(JSON.parse(filled(JSON.stringify(headers)))),
      body: filled(JSON.stringify(body)),
    };
  }
  const body = filled(block(recipe, 'body')).trim();
  expect(() => JSON.parse(body)).not.toThrow();
  return { ...parseRequest(filled(block(recipe, 'request'))), body };
}

interface Case {
  readonly file: string;
  readonly caller: string;
  readonly sender: Sender;
  readonly secret?: string;
  /** Whether a repeat is signed anew, at a later time. */
  readonly renews?: boolean;
  /** What differs the next time that somebody wants a reset on the same ticket; else only the time does. */
  readonly next?: readonly [placeholder: string, value: string];
}

const status = '{{issue.statuscategorychangedate.format("yyyyMMddHHmmss")}}';
const cases: readonly Case[] = [
  {
    file: 'servicenow.md',
    caller: 'servicenow',
    sender: serviceNow,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of ServiceNow
    next: ['${delivery}', '9d385017c611228701d22104cc95c371-5'],
  },
  { file: 'jira-cloud.md', caller: 'jira', sender: plain, next: [status, '20261125090000'] },
  {
    file: 'jira-service-management.md',
    caller: 'jsm',
    sender: plain,
    next: [status, '20261125090000'],
  },
  {
    file: 'zendesk.md',
    caller: 'zendesk',
    sender: zendesk,
    secret: secrets.ZENDESK_SECRET,
    renews: true,
  },
  {
    file: 'freshservice.md',
    caller: 'freshservice',
    sender: plain,
    next: ['{{ticket.reset_number}}', '2'],
  },
  {
    file: 'zammad.md',
    caller: 'zammad',
    sender: zammad,
    secret: secrets.ZAMMAD_SECRET,
    next: ['#{ticket.updated_at}', '2026-11-25 09:00:00 UTC'],
  },
  {
    file: 'glpi.md',
    caller: 'glpi',
    sender: glpi,
    secret: secrets.GLPI_SECRET,
    next: ['{{ item.date_mod }}', '2026-11-25T09:00:00+01:00'],
  },
  {
    file: 'halo-manageengine.md',
    caller: 'halo',
    sender: plain,
    next: ['TICKET-RESET', '4711-2'],
  },
  {
    file: 'power-automate-http.md',
    caller: 'helpdesk-flows',
    sender: flow,
    next: ["@{workflow()?['run']?['name']}", '08584676123456789012345678901CU99'],
  },
  {
    file: 'custom-connector.md',
    caller: 'helpdesk-connector',
    sender: connector,
    next: ["@{workflow()?['run']?['name']}", '08584676123456789012345678902CU99'],
  },
  {
    file: 'logic-apps.md',
    caller: 'helpdesk-logic-app',
    sender: flow,
    next: ["@{workflow()['run']['name']}", '08584676123456789012345678903CU99'],
  },
];

/** The connector signs a person in (here with a version 1 token, as older registrations give); the others are apps. */
const tokenOf = (caller: string): string =>
  caller === 'helpdesk-connector'
    ? house.tenant.mintToken({
        ver: '1.0',
        scp: 'user_impersonation',
        appid: clientIdOf(caller),
      })
    : house.tenant.mintToken({ azp: clientIdOf(caller) });

test('the document for tools is served to everybody, and names no host', async () => {
  const reply = await send({
    method: 'GET',
    url: `${house.url}/api/openapi.json`,
    headers: [['Host', 'evil.example']],
    body: '',
  });
  expect(reply).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' } });
  expect(reply.json).toEqual(openApiDocument());
  expect(reply.text).not.toContain('evil.example');
});

test('every page with a request is sent', () => {
  const withRequest = recipeFiles().filter((file) =>
    readRecipe(file).blocks.some(({ name }) => name === 'request' || name === 'action'),
  );
  expect(cases.map(({ file }) => file).sort()).toEqual(withRequest);
});

test.each(cases)('$file: done, done before, and done anew for the next event', async (one) => {
  const recipe = readRecipe(one.file);
  const returns = entriesOf(recipe).some(
    ({ name, password }) => name === one.caller && password === 'return',
  );
  const now = new Date();
  const occasion = (event: string, later = 0): Occasion => ({
    event,
    now: new Date(now.getTime() + later),
    token: tokenOf(one.caller),
    ...(one.secret === undefined ? {} : { secret: one.secret }),
  });

  const first = await send(one.sender(typed(recipe, one.caller), occasion('first')));
  expect(first).toMatchObject({
    status: 200,
    json: {
      Status: 'Completed',
      UserName: 'adele.vance@contoso.com',
      PasswordReturned: returns,
      ForceChangePasswordNextSignIn: true,
    },
  });
  expect('Password' in first.json).toBe(returns);
  expect(String(first.json['Warning'] ?? '')).not.toMatch(/Idempotency-Key|Unknown fields|claimed/);

  const again = occasion('first', one.renews ? 7_000 : 0);
  const second = await send(one.sender(typed(recipe, one.caller), again));
  expect(second).toMatchObject({
    status: 200,
    headers: { 'idempotent-replayed': 'true' },
    json: { Status: 'AlreadyCompleted', PasswordReturned: false },
  });
  expect('Password' in second.json).toBe(false);

  const changed: [string, string][] = one.next === undefined ? [] : [[...one.next]];
  const next = await send(
    one.sender(typed(recipe, one.caller, changed), occasion('second', one.renews ? 60_000 : 0)),
  );
  expect(next).toMatchObject({ status: 200, json: { Status: 'Completed' } });
});

test.each(['power-automate-http.md', 'custom-connector.md', 'logic-apps.md'])(
  '%s: the condition reads PasswordReturned and nothing else',
  (file) => {
    const recipe = readRecipe(file);
    const expression =
      file === 'logic-apps.md'
        ? JSON.stringify(JSON.parse(block(recipe, 'action')).If_password_returned.expression)
        : block(recipe, 'condition').trim();
    const [, member = ''] =
      /body\('Reset_(?:a_)?password'\)\?\['(\w+)'\]"?, ?true/.exec(
        expression.replaceAll(',true', ', true'),
      ) ?? [];
    expect(member).toBe('PasswordReturned');
    expect(expression).not.toMatch(/statusCode|outputs/);
    expect(recipe.text).toMatch(/Never branch on the status code/);
  },
);

test('logic-apps.md: the identity is the credential, and nothing of the step is kept', () => {
  const { Reset_password: action } = JSON.parse(block(readRecipe('logic-apps.md'), 'action'));
  expect(action.type).toBe('Http');
  expect(action.inputs.authentication).toEqual({
    type: 'ManagedServiceIdentity',
    audience: 'api://API-CLIENT-ID',
  });
  expect(action.runtimeConfiguration).toEqual({
    secureData: { properties: ['inputs', 'outputs'] },
  });
});

describe('servicenow.md: the scripts', () => {
  const recipe = readRecipe('servicenow.md');
  const script = (name: string): string =>
    fillIn(block(recipe, name), [['https://YOUR-APP.azurewebsites.net', house.url]]);
  const instance = (more: Partial<Instance> = {}): Instance => ({
    user: "o'hara@contoso.com",
    ticket: 'RITM0010042',
    modCount: 3,
    now: new Date(),
    properties: {
      'reset.signing_secret': secrets.SERVICENOW_SECRET.slice('whsec_'.length),
      'reset.function_key': keyOf('servicenow-signed'),
    },
    message: {
      request: fillIn(block(recipe, 'request'), [
        ['https://YOUR-APP.azurewebsites.net', house.url],
        ['YOUR-FUNCTION-KEY', keyOf('servicenow')],
      ]),
      body: block(recipe, 'body'),
    },
    ...more,
  });
  const deliver = (delivery: Delivery) =>
    send(serviceNow(delivery, { event: 'approval', now: new Date() }));

  test.each([
    ['script', 40],
    ['signed-script', 50],
  ])('%s: one approval is one reset, and the log keeps no answer', async (name, modCount) => {
    const first = runScript(script(name), instance({ modCount }));
    const answer = await deliver(first.sent);
    expect(answer.json).toMatchObject({
      Status: 'Completed',
      UserName: "o'hara@contoso.com",
      PasswordReturned: false,
    });

    const later = new Date(Date.now() + 9_000);
    const second = runScript(script(name), instance({ modCount, now: later, answer }));
    expect(second.log).toEqual(['Password reset RITM0010042: 200 ']);
    expect(second.sent.body).toBe(first.sent.body);
    expect((await deliver(second.sent)).json).toMatchObject({ Status: 'AlreadyCompleted' });

    const next = runScript(script(name), instance({ modCount: modCount + 1 }));
    expect((await deliver(next.sent)).json).toMatchObject({ Status: 'Completed' });
  });

  test('a refusal is logged by its code', async () => {
    const unknown = instance({ user: 'nobody@contoso.com', modCount: 60 });
    const answer = await deliver(runScript(script('script'), unknown).sent);
    const { log } = runScript(script('script'), { ...unknown, answer });
    expect(log).toEqual(['Password reset RITM0010042: 404 UserNotFound']);
  });

  test('setStringParameter would spoil an apostrophe, and the answer says what to use', async () => {
    const spoiled = script('script').replaceAll('setStringParameterNoEscape', 'setStringParameter');
    const answer = await deliver(runScript(spoiled, instance({ modCount: 61 })).sent);
    expect(answer).toMatchObject({ status: 400, headers: { 'x-ms-error-code': 'InvalidRequest' } });
    expect(answer.json['detail']).toMatch(/setStringParameterNoEscape/);
  });

  test('the signed body is ASCII, whatever the ticket is called', async () => {
    const { sent } = runScript(
      script('signed-script'),
      instance({ ticket: 'RITM-Zürich-日本', modCount: 62 }),
    );
    expect(sent.body).toBe(
      `{"UserName":"o'hara@contoso.com","TicketId":"RITM-Z\\u00fcrich-\\u65e5\\u672c"}`,
    );
    expect((await deliver(sent)).json).toMatchObject({ Status: 'Completed' });
  });

  test('a changed body no longer fits the signature', async () => {
    const { sent } = runScript(script('signed-script'), instance({ modCount: 63 }));
    const body = String(sent.body).replace("o'hara", 'adele.vance');
    expect(await deliver({ ...sent, body })).toMatchObject({ status: 401 });
  });
});
