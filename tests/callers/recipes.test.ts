// Do the recipes work as they are pasted? Each request is filled in with the examples of its own table,
// sent through the built app as its system sends it, and sent again.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
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

let house: House;
beforeAll(async () => {
  house = await startHouse(allEntries(), secrets);
});
afterAll(() => house?.stop());

const everyBlock = [
  'http request',
  'json body',
  'json caller',
  'json action',
  'text condition',
  'javascript script',
  'javascript signed-script',
  'json signed-caller',
  'json key-caller',
  'bash connector',
  'bash token',
  'bash dry-run',
  'bash reset',
  'bash hand-over',
  'bash key',
  'powershell reset',
  'powershell hand-over',
];
const residue = /\{\{|\$\{|@\{|#\{|<<|YOUR-|API-CLIENT|SHA-256-OF/;

describe.each(recipeFiles())('%s', (file) => {
  const recipe = readRecipe(file);

  test('answers the five questions, in order', () => {
    expect(recipe.headings).toEqual([
      'Who is the user',
      'What to paste',
      'Repeats and waiting',
      'The answer and the password',
      'What is known',
    ]);
  });

  test('has no block that no test knows', () => {
    const names = recipe.blocks.map(({ language, name }) => `${language} ${name}`);
    expect(names.filter((name) => !everyBlock.includes(name))).toEqual([]);
    expect(names).toContain('json caller');
  });

  test('explains every placeholder, and none that is not used', () => {
    const pasted = recipe.blocks.map(({ text }) => text).join('\n');
    for (const placeholder of recipe.placeholders.keys()) expect(pasted).toContain(placeholder);
  });

  test('its entry withholds and does not enable, if a ticketing system holds the key', () => {
    for (const entry of entriesOf(recipe)) {
      if (entry['password'] === 'return') continue;
      expect(entry).toMatchObject({ password: 'withhold', mayEnable: false });
      expect(recipe.text).toMatch(/leavers and shared mailboxes are disabled accounts/);
      expect(recipe.text).toMatch(/hand-over line of \[curl\.md\]/);
    }
  });
});

test('only flows and terminals get the password', () => {
  const returned = allEntries().filter((entry) => entry['password'] === 'return');
  expect(returned.map((entry) => entry['name'])).toEqual([
    'oncall',
    'break-glass',
    'helpdesk-connector',
    'helpdesk-logic-app',
    'helpdesk-flows',
  ]);
});

test('the README names every recipe', () => {
  const { text } = readRecipe('README.md');
  for (const file of recipeFiles()) expect(text).toContain(`[${file}](${file})`);
});

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
  /** What differs the next time that somebody wants a reset on the same ticket. */
  readonly next: readonly [placeholder: string, value: string];
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
    next: ['{{ticket.updated_at_with_timestamp}}', '2026-11-25T09:00:00Z'],
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

/** The connector signs a person in and gets a version 1 token; the others are apps. */
const tokenOf = (caller: string): string =>
  caller === 'helpdesk-connector'
    ? house.tenant.mintToken({
        ver: '1.0',
        scp: 'user_impersonation',
        appid: clientIdOf(caller),
      })
    : house.tenant.mintToken({ azp: clientIdOf(caller) });

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

  const next = await send(
    one.sender(typed(recipe, one.caller, [[...one.next]]), occasion('second')),
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
