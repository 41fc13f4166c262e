// What is asked, as it arrives: length, type, content. What is read tolerantly, and what each request that
// cannot be read is told; nothing is looked up for those.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { codeOf, type Reply, type Sent } from '../support/door.ts';
import { type Door, openStage, type Stage } from '../support/journey.ts';
import { askedSince, unknownToMicrosoft } from '../support/seen.ts';

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
const errorsOf = (reply: Reply) => reply.json['errors'] as { pointer: string; detail: string }[];
const pointersOf = (reply: Reply): string[] => errorsOf(reply).map(({ pointer }) => pointer);

describe('length, size, media type', () => {
  test('a chunked body is 411 and says what to send', async () => {
    const reply = await door.send({ headers: json, body: good, chunked: true });
    expect(codeOf(reply)).toBe('411 LengthRequired');
    expect(reply.json['detail']).toMatch(/Content-Length/);
  });

  test('an empty body with a length is no JSON, not a missing length', async () => {
    expect(codeOf(await raw(''))).toBe('400 InvalidRequest');
  });

  test('16 KiB pass, one byte more is 413', async () => {
    const padded = (length: number) => good.replace('}', `,"Note":"${'x'.repeat(length)}"}`);
    const room = 16_384 - padded(0).length;
    expect(codeOf(await raw(padded(room)))).toBe('200 DryRun');
    expect(codeOf(await raw(padded(room + 1)))).toBe('413 PayloadTooLarge');
  });

  test.each([
    ['plain', { 'content-type': 'application/json' }],
    ['with a charset', { 'content-type': 'application/json; charset=utf-8' }],
    ['in capitals', { 'content-type': 'Application/JSON' }],
    ['missing', {}],
    ['with an Origin', { ...json, origin: 'https://evil.example' }],
    ['identity encoding', { ...json, 'content-encoding': 'identity' }],
  ])('taken as JSON: %s', async (_kind, headers) => {
    expect(codeOf(await raw(good, headers))).toBe('200 DryRun');
  });

  test.each([
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['text', { 'content-type': 'text/plain' }],
    ['another JSON', { 'content-type': 'application/json-patch+json' }],
    ['XML', { 'content-type': 'application/xml' }],
    ['none, but an Origin', { origin: 'https://evil.example' }],
    ['gzip', { ...json, 'content-encoding': 'gzip' }],
    ['two encodings', { ...json, 'content-encoding': 'identity, gzip' }],
  ])('415, and what to type with curl: %s', async (_kind, headers) => {
    const reply = await raw(good, headers);
    expect(codeOf(reply)).toBe('415 UnsupportedMediaType');
    expect(reply.json['detail']).toMatch(/curl/);
  });
});

describe('content: 400, with a pointer, nothing looked up', () => {
  const user = 'adele.vance@contoso.com';
  const cases: readonly (readonly [what: string, body: Sent['body'], pointers: string[]])[] = [
    ['no JSON', '{', ['']],
    ['an array', '[]', ['']],
    ['a string', '"x"', ['']],
    ['null', 'null', ['']],
    ['Latin-1', Buffer.from(`{"UserName":"andr\u00e9@contoso.com"}`, 'latin1'), ['']],
    ['UTF-16', Buffer.from(`{"UserName":"${user}"}`, 'utf16le'), ['']],
    ['no UserName', '{}', ['/UserName']],
    ['an empty UserName', '{"UserName":""}', ['/UserName']],
    ['a blank UserName', '{"UserName":"  "}', ['/UserName']],
    ['UserName null', '{"UserName":null}', ['/UserName']],
    ['UserName a number', '{"UserName":5}', ['/UserName']],
    ['UserName an array', `{"UserName":["${user}"]}`, ['/UserName']],
    ['no @', '{"UserName":"adele"}', ['/UserName']],
    ['two @', '{"UserName":"a@b@contoso.com"}', ['/UserName']],
    ['a slash', '{"UserName":"a/b@contoso.com"}', ['/UserName']],
    ['a question mark', '{"UserName":"a?b@contoso.com"}', ['/UserName']],
    ['a blank within', '{"UserName":"a b@contoso.com"}', ['/UserName']],
    ['a dot before the @', '{"UserName":"a.@contoso.com"}', ['/UserName']],
    ['65 characters before the @', `{"UserName":"${'a'.repeat(65)}@contoso.com"}`, ['/UserName']],
    ['49 characters after it', `{"UserName":"a@${'b'.repeat(45)}.com"}`, ['/UserName']],
    ['a $ within', '{"UserName":"a$b@contoso.com"}', ['/UserName']],
    ['a Kelvin sign', '{"UserName":"\u212Aarl@contoso.com"}', ['/UserName']],
    ['residue {{…}}', '{"UserName":"{{issue.reporter}}"}', ['/UserName']],
    ['residue <<…>>', '{"UserName":"<<user>>"}', ['/UserName']],
    ['residue $…', `{"UserName":"$\{user}"}`, ['/UserName']],
    ['residue @{…}', `{"UserName":"@{triggerBody()['user']}"}`, ['/UserName']],
    ['an XML entity', '{"UserName":"o&apos;hara@contoso.com"}', ['/UserName']],
    ['a flag ""', `{"UserName":"${user}","DryRun":""}`, ['/DryRun']],
    ['a flag null', `{"UserName":"${user}","RevokeSessions":null}`, ['/RevokeSessions']],
    ['a flag 2', `{"UserName":"${user}","DryRun":2}`, ['/DryRun']],
    ['a flag "on"', `{"UserName":"${user}","EnableUserIfNeeded":"on"}`, ['/EnableUserIfNeeded']],
    ['a flag {}', `{"UserName":"${user}","EnableUserIfNeeded":{}}`, ['/EnableUserIfNeeded']],
    ['a flag [true]', `{"UserName":"${user}","DryRun":[true]}`, ['/DryRun']],
    ['a flag {{…}}', `{"UserName":"${user}","DryRun":"{{x}}"}`, ['/DryRun']],
    ['two equal names', `{"UserName":"${user}","UserName":"${user}"}`, ['/UserName']],
    ['two that fold to one', `{"userName":"${user}","USERNAME":"${user}"}`, ['/UserName']],
    ['one of them escaped', `{"UserName":"${user}","\\u0055serName":"x@y.z"}`, ['/UserName']],
    ['an unknown name twice', `{"UserName":"${user}","x":1,"x":2}`, ['/x']],
    ['a claim twice', `{"UserName":"${user}","TicketId":"1","ticketid":"2"}`, ['/TicketId']],
    [
      'MFA without a forced change',
      `{"UserName":"${user}","ForceChangePasswordNextSignInWithMfa":true,"ForceChangePasswordNextSignIn":false}`,
      ['/ForceChangePasswordNextSignIn'],
    ],
  ];
  test.each(cases)('%s', async (_what, body, pointers) => {
    const before = stage.tenant.requests.length;
    const reply = await raw(body);
    expect(codeOf(reply)).toBe('400 InvalidRequest');
    expect(pointersOf(reply)).toEqual(pointers);
    expect(askedSince(stage.tenant, before)).toEqual([]);
  });

  const nearMisses: readonly (readonly [sent: string, meant: string])[] = [
    ['User_Name', 'UserName'],
    ['user-name', 'UserName'],
    ['UserNmae', 'UserName'],
    ['Usernames', 'UserName'],
    ['UserPrincipalName', 'UserName'],
    ['upn', 'UserName'],
    ['UserId', 'UserName'],
    ['object_id', 'UserName'],
    ['login', 'UserName'],
    ['EnableUser', 'EnableUserIfNeeded'],
    ['EnableAccount', 'EnableUserIfNeeded'],
    ['AccountEnabled', 'EnableUserIfNeeded'],
    ['EnableUserIfNeded', 'EnableUserIfNeeded'],
    ['ForceChangePassword', 'ForceChangePasswordNextSignIn'],
    ['force_change', 'ForceChangePasswordNextSignIn'],
    ['ForceChangePasswordNextLogon', 'ForceChangePasswordNextSignIn'],
    ['MustChangePassword', 'ForceChangePasswordNextSignIn'],
    ['ForceChangePasswordNextSignInn', 'ForceChangePasswordNextSignIn'],
    ['RevokeSignInSessions', 'RevokeSessions'],
    ['RevokeSession', 'RevokeSessions'],
    ['WhatIf', 'DryRun'],
    ['Dry-Run', 'DryRun'],
    ['DryRnu', 'DryRun'],
  ];
  test.each(nearMisses)('a near-miss is never ignored: %s', async (sent, meant) => {
    const named = meant === 'UserName' ? {} : { UserName: user };
    const reply = await door.reset({ ...named, [sent]: meant === 'UserName' ? user : 'true' });
    expect(codeOf(reply)).toBe('400 InvalidRequest');
    expect(pointersOf(reply)).toEqual([`/${sent}`]);
    expect(errorsOf(reply)[0]?.detail).toContain(meant);
  });

  test.each(['TicketIds', 'Reasons', 'CallrName', 'Displayname', 'Dry', 'XDryRun', 'Comment'])(
    'ignored and named in the warning: %s',
    async (sent) => {
      const reply = await door.reset({ UserName: user, DryRun: true, [sent]: 'x' });
      expect(codeOf(reply)).toBe('200 DryRun');
      expect(reply.json['Warning']).toContain(sent);
    },
  );

  test.each(['Upn', 'UserId', 'user_name', 'UserNames'])(
    'beside UserName its near-miss %s is an unknown field',
    async (sent) => {
      const reply = await door.reset({ UserName: user, DryRun: true, [sent]: 'x' });
      expect(codeOf(reply)).toBe('200 DryRun');
      expect(reply.json['Warning']).toContain(sent);
    },
  );

  test.each([
    ['Freshdesk', { freshdesk_webhook: { UserName: user } }],
    ['Jira', { timestamp: 1, webhookEvent: 'x', issue: { fields: {} } }],
  ])('a payload of fixed form is told what to paste: %s', async (_sender, body) => {
    const reply = await door.reset(body);
    expect(codeOf(reply)).toBe('400 UnsupportedPayload');
    expect(reply.text).toMatch(/UserName/);
    expect(errorsOf(reply)[0]?.detail ?? reply.json['detail']).toMatch(/\{"UserName":/);
  });

  test('nested, but with a UserName at the root: served', async () => {
    const reply = await door.reset({ UserName: user, DryRun: true, issue: { key: 'A-1' } });
    expect(codeOf(reply)).toBe('200 DryRun');
  });

  test('all problems at once', async () => {
    const reply = await door.reset(
      { UserName: '', DryRun: 'maybe', Dry_Run: true, RevokeSessions: null },
      { 'idempotency-key': '' },
    );
    expect(pointersOf(reply).sort()).toEqual(
      ['/UserName', '/DryRun', '/Dry_Run', '/RevokeSessions', '/Idempotency-Key'].sort(),
    );
  });

  test('twenty problems at most, five sent names at most, cleaned and cut', async () => {
    const bad = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`Dry${'_'.repeat(i + 1)}Run`, true]),
    );
    const reply = await door.reset({ UserName: user, ...bad, [`<b>${'x'.repeat(90)}`]: 1 });
    expect(errorsOf(reply)).toHaveLength(20);
    const named = new Set(pointersOf(reply).filter((pointer) => pointer !== ''));
    expect(named.size).toBe(5);
    for (const pointer of named) expect(pointer).toMatch(/^\/[A-Za-z0-9_.-]{1,64}$/);
  });

  test('sent field names in a warning: cleaned, cut, five at most', async () => {
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`Extra${i}`, 1]));
    const long = `Q<script>${'y'.repeat(100)}`;
    const reply = await door.reset({ UserName: user, DryRun: true, [long]: 1, ...many });
    const warning = String(reply.json['Warning']);
    expect(warning).not.toContain('<');
    expect(warning).not.toContain('y'.repeat(65));
    expect(warning.match(/Extra\d/g)).toHaveLength(4);
  });

  test.each([
    ['blank', ''],
    ['over 255 characters', 'k'.repeat(256)],
    ['not ASCII', 'sch\u00fcssel'],
    ['a quoted nothing', '""'],
  ])('an unusable Idempotency-Key is a problem: %s', async (_kind, key) => {
    for (const DryRun of [true, false]) {
      const reply = await door.reset({ UserName: user, DryRun }, { 'idempotency-key': key });
      expect(codeOf(reply)).toBe('400 InvalidRequest');
      expect(pointersOf(reply)).toEqual(['/Idempotency-Key']);
    }
  });

  test('ServiceNow is told the function that does not escape', async () => {
    for (const UserName of [
      'o&apos;hara@contoso.com',
      'a&amp;b@contoso.com',
      'o&#39;h@contoso.com',
    ]) {
      const reply = await door.reset({ UserName });
      expect(errorsOf(reply)[0]?.detail).toContain('setStringParameterNoEscape');
    }
  });
});

describe('read tolerantly', () => {
  const dry = async (body: Sent['body'], headers: Sent['headers'] = json) => {
    const reply = await raw(body, headers);
    expect(codeOf(reply)).toBe('200 DryRun');
    return reply;
  };
  test.each([
    ['a byte order mark', `\ufeff${good}`],
    ['names in any case', '{"username":"adele.vance@contoso.com","DRYRUN":true}'],
    ['blanks around', '{"UserName":" adele.vance@contoso.com\\t","DryRun":" Yes "}'],
    ['"true"', '{"UserName":"adele.vance@contoso.com","DryRun":"TRUE"}'],
    ['"yes"', '{"UserName":"adele.vance@contoso.com","DryRun":"yes"}'],
    ['"1"', '{"UserName":"adele.vance@contoso.com","DryRun":"1"}'],
    ['1', '{"UserName":"adele.vance@contoso.com","DryRun":1}'],
  ])('%s', async (_what, body) => {
    await dry(body);
  });

  test.each([['"no"'], ['"No"'], ['0'], ['"0"'], ['"FALSE"'], ['false']])(
    'a flag %s is false',
    async (text) => {
      const reply = await dry(good.replace('}', `,"ForceChangePasswordNextSignIn":${text}}`));
      expect(reply.json['ForceChangePasswordNextSignIn']).toBe(false);
    },
  );

  test.each([
    ['TicketId', '{}'],
    ['TicketId', '""'],
    ['CallerName', 'null'],
    ['CallerName', 'true'],
    ['Reason', '"{{ticket.reason}}"'],
    ['Reason', `"${'r'.repeat(257)}"`],
    ['TicketId', `"${'t'.repeat(129)}"`],
  ])('%s %s never stops a reset, and the warning names it', async (name, text) => {
    const reply = await dry(good.replace('}', `,"${name}":${text}}`));
    expect(reply.json['Warning']).toContain(name);
  });

  test('a number as TicketId is its text, digit by digit', async () => {
    const reply = await dry(good.replace('}', ',"TicketId":12345678901234567890}'));
    expect(reply.json['Warning']).toBeUndefined();
    await door.host.waitForLine(/"claimedTicketId":"12345678901234567890"/);
  });
});

test('every request to Graph is one that Microsoft has', () => {
  expect(unknownToMicrosoft(stage.tenant)).toEqual([]);
});
