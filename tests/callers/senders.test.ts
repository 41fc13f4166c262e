// What each system really sends, beside the recipes: its irregular values, its repeats, its fixed payloads,
// and what somebody who captured a request could send.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { type Delivery, type House, hashOf, keyOf, type Reply, send, startHouse } from './house.ts';
import { clientIdOf, secrets } from './recipe-entries.ts';
import { flow, glpi, hub, plain, type Sender, serviceNow, zammad, zendesk } from './senders.ts';

const user = 'adele.vance@contoso.com';
const newSecret = `whsec_${Buffer.from('the-next-secret-of-the-rotation').toString('base64')}`;
const jiraSecret = "It's a Secret to Everybody";

const ticketing = (name: string, signature?: object) => ({
  name,
  key: [hashOf(keyOf(name))],
  password: 'withhold',
  mayEnable: false,
  ...(signature === undefined ? {} : { signature }),
});

let house: House;
beforeAll(async () => {
  house = await startHouse(
    [
      ticketing('plain'),
      ticketing('zendesk', { profile: 'zendesk', secrets: ['ZENDESK_SECRET'] }),
      ticketing('zammad', { profile: 'hub-sha1', secrets: ['ZAMMAD_SECRET'] }),
      ticketing('glpi', { profile: 'glpi', secrets: ['GLPI_SECRET'] }),
      ticketing('jira-admin', { profile: 'hub-sha256', secrets: ['JIRA_SECRET'] }),
      ticketing('peer', {
        profile: 'standard-webhooks',
        secrets: ['NEW_SECRET', 'SERVICENOW_SECRET'],
      }),
      { name: 'flows', entra: { appIds: [clientIdOf('flows')] }, password: 'return' },
    ],
    { ...secrets, JIRA_SECRET: jiraSecret, NEW_SECRET: newSecret },
  );
});
afterAll(() => house?.stop());

type Headers = Delivery['headers'];
const json: Headers = [['Content-Type', 'application/json']];

/** A request through the function door, as the maker typed it. */
const typed = (caller: string, body: unknown, headers: Headers = []): Delivery => ({
  url: `${house.url}/api/user/security/reset-password`,
  headers: [['x-functions-key', keyOf(caller)], ...headers],
  body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
});
const idempotent = (key: string): Headers => [...json, ['Idempotency-Key', key]];
const through = (
  sender: Sender,
  delivery: Delivery,
  event = 'event',
  now = new Date(),
  secret = '',
) => send(sender(delivery, { event, now, secret }));

const completed = { status: 200, json: { Status: 'Completed', PasswordReturned: false } };
const already = { status: 200, json: { Status: 'AlreadyCompleted', PasswordReturned: false } };
const refused = (status: number, code: string) => ({
  status,
  headers: { 'x-ms-error-code': code },
});
const pointersOf = ({ json: { errors } }: Reply): unknown =>
  Array.isArray(errors) ? errors.map(({ pointer }) => pointer) : [];

/** Resets that reached the directory while `act` ran. */
async function writesDuring(act: () => Promise<unknown>): Promise<number> {
  const patches = () => house.tenant.requests.filter(({ method }) => method === 'PATCH').length;
  const before = patches();
  await act();
  return patches() - before;
}

describe('ServiceNow', () => {
  test('booleans of GlideRecord.getValue are the texts 1 and 0', async () => {
    const reply = await through(
      serviceNow,
      typed(
        'plain',
        { UserName: user, ForceChangePasswordNextSignIn: '0', RevokeSessions: '1' },
        idempotent('sn-1'),
      ),
    );
    expect(reply).toMatchObject(completed);
    expect(reply.json).toMatchObject({
      ForceChangePasswordNextSignIn: false,
      SessionsRevoked: 'Revoked',
    });
  });

  test('an empty field is null, and never becomes false', async () => {
    const reply = await through(
      serviceNow,
      typed('plain', { UserName: user, ForceChangePasswordNextSignIn: null }, idempotent('sn-2')),
    );
    expect(reply).toMatchObject(refused(400, 'InvalidRequest'));
    expect(pointersOf(reply)).toEqual(['/ForceChangePasswordNextSignIn']);
  });
});

describe('Jira', () => {
  test.each([
    ['True', true],
    ['yes', true],
    ['No', false],
  ])('a smart value renders a boolean as %s', async (text, force) => {
    const body = { UserName: ` ${user} `, ForceChangePasswordNextSignIn: text };
    const reply = await through(plain, typed('plain', body, idempotent(`jira-${text}`)));
    expect(reply).toMatchObject(completed);
    expect(reply.json['ForceChangePasswordNextSignIn']).toBe(force);
  });

  test('smart values that rendered to nothing, or not at all, are refused', async () => {
    const body = { UserName: '{{issue.customfield_10050}}', RevokeSessions: '' };
    const reply = await through(plain, typed('plain', body, idempotent('jira-4')));
    expect(reply).toMatchObject(refused(400, 'InvalidRequest'));
    expect(pointersOf(reply)).toEqual(['/UserName', '/RevokeSessions']);
  });

  test('extra fields are named in Warning and change nothing', async () => {
    const body = { UserName: user, Summary: 'x', Priority: { name: 'High' }, TicketId: 42 };
    const reply = await through(plain, typed('plain', body, idempotent('jira-5')));
    expect(reply).toMatchObject(completed);
    expect(reply.json['Warning']).toMatch(/Unknown fields were ignored: Summary, Priority\./);
  });

  test('the fixed payload of the admin webhook is refused with the JSON to paste', async () => {
    const body = {
      timestamp: 1_764_000_000_000,
      webhookEvent: 'jira:issue_updated',
      user: { accountId: '5b10a', displayName: 'Lee Gu' },
      issue: { id: '10002', key: 'IT-42', fields: { summary: 'Reset' } },
    };
    const attempt = () =>
      through(hub, typed('jira-admin', body), 'webhook-1', new Date(), jiraSecret);
    const reply = await attempt();
    expect(reply).toMatchObject(refused(400, 'UnsupportedPayload'));
    expect(reply.json['detail']).toContain('{"UserName":"name@domain","TicketId":"123"}');
    expect(await attempt()).toMatchObject({ status: 400 });
  });

  test('the legacy webhook of Service Management is fixed too', async () => {
    const body = { timestamp: 1_764_000_000_000, issue: { key: 'HELP-1' }, comment: null };
    const reply = await through(plain, typed('plain', body, json));
    expect(reply).toMatchObject(refused(400, 'UnsupportedPayload'));
  });
});

describe('Zendesk', () => {
  const body = JSON.stringify({ UserName: user, RevokeSessions: 'no', ticket: { id: 1 } });
  const attempt = (event: string, now: Date) =>
    through(zendesk, typed('zendesk', body), event, now, secrets.ZENDESK_SECRET);

  test('signs each attempt anew, and names the delivery: one reset', async () => {
    const now = Date.now();
    expect(await attempt('a', new Date(now))).toMatchObject(completed);
    expect(await attempt('a', new Date(now + 30_000))).toMatchObject(already);
  });

  test('a captured request under another invocation id, or with a key, resets nothing', async () => {
    const now = new Date(Date.now() - 60_000);
    expect(await attempt('b', now)).toMatchObject(completed);
    expect(await attempt('c', now)).toMatchObject(already);
    const captured = zendesk(typed('zendesk', body), {
      event: 'b',
      now,
      secret: secrets.ZENDESK_SECRET,
    });
    const headers: Headers = [...captured.headers, ['Idempotency-Key', 'mine']];
    expect(await send({ ...captured, headers })).toMatchObject(already);
  });

  test('unsigned, wrongly signed or stale is 401', async () => {
    expect(await through(plain, typed('zendesk', body, json))).toMatchObject({ status: 401 });
    const wrong = await through(zendesk, typed('zendesk', body), 'd', new Date(), 'x'.repeat(20));
    expect(wrong).toMatchObject(refused(401, 'Unauthenticated'));
    expect(await attempt('e', new Date(Date.now() - 301_000))).toMatchObject({ status: 401 });
    expect(await attempt('e', new Date(Date.now() + 330_000))).toMatchObject({ status: 401 });
  });
});

describe('Freshservice, Freshdesk', () => {
  test('simple content arrives wrapped, and is refused with the JSON to paste', async () => {
    const body = { freshdesk_webhook: { ticket_id: 42, ticket_requester_email: user } };
    const reply = await through(plain, typed('plain', body, json));
    expect(reply).toMatchObject(refused(400, 'UnsupportedPayload'));
    expect(reply.json['errors']).toEqual([
      { pointer: '/UserName', detail: expect.stringContaining('{"UserName":"name@domain"') },
    ]);
  });

  test('a key without quotes and the same key in quotes are one delivery', async () => {
    const body = { UserName: user };
    expect(await through(plain, typed('plain', body, idempotent('SR-42-1')))).toMatchObject(
      completed,
    );
    expect(await through(plain, typed('plain', body, idempotent('"SR-42-1"')))).toMatchObject(
      already,
    );
  });

  test('names without quotes are no JSON', async () => {
    const reply = await through(plain, typed('plain', `{UserName: "${user}"}`, json));
    expect(reply).toMatchObject(refused(400, 'InvalidRequest'));
    expect(reply.json['detail']).toBe('The body is not JSON. Send {"UserName":"name@domain"}.');
  });
});

describe('Zammad', () => {
  const attempt = (delivery: string, at: string) =>
    through(
      zammad,
      {
        ...typed('zammad', { UserName: user, Reason: `Approved ${at}` }),
        url: `${house.url}/api/user/security/reset-password?code=${keyOf('zammad')}`,
        headers: [],
      },
      delivery,
      new Date(),
      secrets.ZAMMAD_SECRET,
    );

  test('renders its body anew on a repeat, under the same delivery: one reset', async () => {
    expect(await attempt('job-1', '10:00:00')).toMatchObject(completed);
    expect(await attempt('job-1', '10:00:10')).toMatchObject(already);
  });

  test('a captured body is the same delivery under whatever name, the repeated one too', async () => {
    expect(await attempt('job-2', '11:00:00')).toMatchObject(completed);
    expect(await attempt('job-2', '11:00:10')).toMatchObject(already);
    expect(await attempt('stolen-1', '11:00:00')).toMatchObject(already);
    expect(await attempt('stolen-2', '11:00:10')).toMatchObject(already);
  });

  test('repeats a refusal five times: five cheap refusals, nothing written', async () => {
    const written = await writesDuring(async () => {
      for (let count = 0; count < 5; count += 1) {
        const reply = await through(
          zammad,
          typed('zammad', { UserName: 'nobody@contoso.com' }),
          'job-3',
          new Date(),
          secrets.ZAMMAD_SECRET,
        );
        expect(reply).toMatchObject(refused(404, 'UserNotFound'));
      }
    });
    expect(written).toBe(0);
  });
});

describe('GLPI', () => {
  const body = { UserName: user, RevokeSessions: 1, ForceChangePasswordNextSignIn: 0 };
  const ago = (seconds: number): Date => new Date(Date.now() - seconds * 1000);
  const queuedAt = (time: Date, more: Headers = []) =>
    through(glpi, typed('glpi', body, more), 'queue', time, secrets.GLPI_SECRET);

  test('no content type, numbers for booleans, signed an hour ago', async () => {
    const reply = await queuedAt(ago(3_600));
    expect(reply).toMatchObject(completed);
    expect(reply.json).toMatchObject({
      ForceChangePasswordNextSignIn: false,
      SessionsRevoked: 'Revoked',
    });
    expect(reply.json['Warning']).not.toMatch(/Idempotency-Key/);
  });

  test('the same queue entry again, and with a key of somebody else: one reset', async () => {
    const queued = ago(7_200);
    expect(await queuedAt(queued)).toMatchObject(completed);
    expect(await queuedAt(queued)).toMatchObject(already);
    expect(await queuedAt(queued, [['Idempotency-Key', 'stolen']])).toMatchObject(already);
  });

  test('older than a day is 401', async () => {
    expect(await queuedAt(ago(86_500))).toMatchObject(refused(401, 'Unauthenticated'));
  });

  test('without a content type but from a browser it is no JSON', async () => {
    expect(await queuedAt(ago(10), [['Origin', 'https://evil.example']])).toMatchObject(
      refused(415, 'UnsupportedMediaType'),
    );
  });
});

describe('HaloPSA, ManageEngine', () => {
  test.each(['<<user^login>>', '$RequesterLogin'])(
    'the unfilled variable %s is refused',
    async (name) => {
      const reply = await through(plain, typed('plain', { UserName: name }, idempotent('halo-1')));
      expect(reply).toMatchObject(refused(400, 'InvalidRequest'));
      expect(pointersOf(reply)).toEqual(['/UserName']);
    },
  );
});

describe('Power Automate', () => {
  const call = (
    event: string,
    body: unknown,
    token = house.tenant.mintToken({ azp: clientIdOf('flows') }),
  ) =>
    send(
      flow(
        {
          url: `${house.url}/api/entra/user/security/reset-password`,
          headers: json,
          body: JSON.stringify(body),
        },
        { event, now: new Date(), token },
      ),
    );

  test('no Accept, names in camel case, its own headers as the key', async () => {
    const first = await call('run-1', { userName: user, ticketId: 'INC0042' });
    expect(first).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json', 'x-ms-client-request-id': 'run-run-1' },
      json: { Status: 'Completed', PasswordReturned: true },
    });
    expect(first.headers).not.toHaveProperty('location');
    expect(await call('run-1', { UserName: user })).toMatchObject(already);
  });

  test('an Apply to each repeats run and step: each user is reset once', async () => {
    const users = [user, "o'hara@contoso.com", 'unit.member@contoso.com'];
    for (const UserName of users) {
      expect(await call('run-2', { UserName })).toMatchObject({ json: { Status: 'Completed' } });
    }
    for (const UserName of users) expect(await call('run-2', { UserName })).toMatchObject(already);
  });

  test('an error can be bound: flat, as application/json, with a code and a sentence', async () => {
    const reply = await call('run-3', { UserName: 'nobody@contoso.com' });
    expect(reply).toMatchObject({ status: 404, headers: { 'content-type': 'application/json' } });
    expect(reply.json['error']).toMatchObject({
      code: 'UserNotFound',
      message: expect.stringMatching(/e-mail address need not be the user principal name/),
    });
  });

  test('the workflow headers authorise nothing', async () => {
    expect(await call('run-4', { UserName: user }, 'none')).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': expect.stringMatching(/^Bearer /) },
    });
  });
});

describe('a Standard Webhooks sender, played by the package standardwebhooks', () => {
  const body = JSON.stringify({ UserName: user, TicketId: 'SW-1' });
  const signed = (id: string, at: Date, secret: string, more = ''): Delivery =>
    typed('peer', body, [
      ...json,
      ['webhook-id', id],
      ['webhook-timestamp', String(Math.floor(at.getTime() / 1000))],
      ['webhook-signature', `${more}${new Webhook(secret).sign(id, at, body)}`],
    ]);

  test('renews its time on a repeat, keeps its id: one reset', async () => {
    const now = Date.now();
    expect(await send(signed('msg_1', new Date(now), newSecret))).toMatchObject(completed);
    expect(await send(signed('msg_1', new Date(now + 60_000), newSecret))).toMatchObject(already);
  });

  test('either secret of a rotation, and several signatures in one header', async () => {
    const old = signed('msg_2', new Date(), secrets.SERVICENOW_SECRET, 'v1a,abc v1,AAAA ');
    expect(await send(old)).toMatchObject(completed);
    const unknown = `whsec_${Buffer.from('nobody-knows-this-secret').toString('base64')}`;
    expect(await send(signed('msg_3', new Date(), unknown))).toMatchObject(
      refused(401, 'Unauthenticated'),
    );
  });

  test('the id is covered by the signature: another one is 401', async () => {
    const captured = signed('msg_4', new Date(), newSecret);
    expect(await send(captured)).toMatchObject(completed);
    const headers = captured.headers.map(([name, value]): [string, string] =>
      name === 'webhook-id' ? [name, 'msg_5'] : [name, value],
    );
    expect(await send({ ...captured, headers })).toMatchObject({ status: 401 });
  });
});

describe('terminals', () => {
  const key = [['Idempotency-Key', 'terminal-1']] as const;

  test('curl -d sends a form type: 415, and what to type', async () => {
    const form: Headers = [['Content-Type', 'application/x-www-form-urlencoded'], ...key];
    const reply = await through(plain, typed('plain', { UserName: user }, form));
    expect(reply).toMatchObject(refused(415, 'UnsupportedMediaType'));
    expect(reply.json['detail']).toMatch(/--json '\{"UserName":"name@domain"\}'/);
  });

  test('a file of a Windows editor begins with a BOM', async () => {
    const body = Buffer.from(`\ufeff{"UserName":"${user}"}`, 'utf8');
    expect(await through(plain, typed('plain', body, [...json, ...key]))).toMatchObject(completed);
  });

  test('UTF-16 and Latin-1 of Windows PowerShell are refused, not guessed', async () => {
    for (const encoding of ['utf16le', 'latin1'] as const) {
      const body = Buffer.from(`{"UserName":"${user}","Reason":"Prüfung"}`, encoding);
      const reply = await through(plain, typed('plain', body, json));
      expect(reply).toMatchObject(refused(400, 'InvalidRequest'));
      expect(reply.json['detail']).toMatch(/^The body is not UTF-8\./);
    }
  });
});
