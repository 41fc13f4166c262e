// The reader, sentence by sentence: what is accepted and as what, and what is refused with
// which pointer.

import { expect, test } from '@jest/globals';
import type { Problem } from '../../lib/failure.ts';
import { type ResetRequest, readRequest } from '../../lib/reset-request.ts';
import { aBody, aReadRequest, bytesOf, userName } from '../support/a-valid-request.ts';

const keyFault: Problem = { pointer: '/Idempotency-Key', detail: 'unusable' };

function read(body: Uint8Array): ResetRequest {
  const result = readRequest(body, undefined, true);
  if (!result.ok) throw new Error(`Refused: ${JSON.stringify(result.failure)}`);
  return result.value;
}

function problemsOf(body: Uint8Array, key?: Problem): readonly Problem[] {
  const result = readRequest(body, key, true);
  if (result.ok || result.failure.code !== 'InvalidRequest') {
    throw new Error(`Not an invalid request: ${JSON.stringify(result)}`);
  }
  return result.failure.problems;
}

const pointersOf = (body: Uint8Array): readonly string[] =>
  problemsOf(body).map(({ pointer }) => pointer);

// --- fields and defaults ---------------------------------------------------------------------------

test('the smallest body gets the defaults of the table', () => {
  expect(read(bytesOf('{"UserName":"adele.vance@contoso.com"}'))).toStrictEqual({
    userName: 'adele.vance@contoso.com',
    enableUserIfNeeded: true,
    enableAskedExplicitly: false,
    forceChange: true,
    forceChangeWithMfa: false,
    revokeSessions: false,
    dryRun: false,
    claimed: {},
    warnings: [],
  });
});

test.each([
  ['EnableUserIfNeeded', false, { enableUserIfNeeded: false }],
  ['EnableUserIfNeeded', true, { enableAskedExplicitly: true }],
  ['ForceChangePasswordNextSignIn', false, { forceChange: false }],
  ['ForceChangePasswordNextSignInWithMfa', true, { forceChangeWithMfa: true }],
  ['RevokeSessions', true, { revokeSessions: true }],
  ['DryRun', true, { dryRun: true }],
  ['TicketId', 'INC0012345', { claimed: { TicketId: 'INC0012345' } }],
  ['CallerName', 'Megan Bowen', { claimed: { CallerName: 'Megan Bowen' } }],
  ['Reason', 'Locked out', { claimed: { Reason: 'Locked out' } }],
])('%s: %j', (name, value, changes) => {
  expect(read(aBody({ [name]: value }))).toEqual(aReadRequest(changes));
});

test('a caller that may not enable gets another default, and keeps what is said explicitly', () => {
  const body = (changes: object) => readRequest(aBody({ ...changes }), undefined, false);
  expect(body({})).toMatchObject({
    value: { enableUserIfNeeded: false, enableAskedExplicitly: false },
  });
  expect(body({ EnableUserIfNeeded: true })).toMatchObject({
    value: { enableUserIfNeeded: true, enableAskedExplicitly: true },
  });
  expect(body({ EnableUserIfNeeded: 'no' })).toMatchObject({
    value: { enableUserIfNeeded: false, enableAskedExplicitly: false },
  });
});

// --- bytes -----------------------------------------------------------------------------------------

test('a byte order mark is dropped', () => {
  expect(read(bytesOf('\uFEFF{"UserName":"adele.vance@contoso.com"}')).userName).toBe(userName);
});

test.each([
  [
    'Latin-1',
    Buffer.from('{"UserName":"adele.vance@contoso.com","Reason":"M\u00fcller"}', 'latin1'),
  ],
  ['UTF-16 with a mark', Buffer.from('\uFEFF{"UserName":"adele.vance@contoso.com"}', 'utf16le')],
  ['a cut character', Buffer.from([0x7b, 0x22, 0xc3])],
])('%s is no UTF-8', (_what, body) => {
  expect(problemsOf(body)).toEqual([
    {
      pointer: '',
      detail: 'The body is not UTF-8. Save or send it as UTF-8, without Latin-1 or UTF-16.',
    },
  ]);
});

test.each([
  ['UTF-16 without a mark', Buffer.from('{"UserName":"adele.vance@contoso.com"}', 'utf16le')],
  ['nothing', bytesOf('')],
  ['blank', bytesOf('  \n')],
  ['a form', bytesOf('UserName=adele.vance%40contoso.com')],
  ['cut off', bytesOf('{"UserName":"adele.vance@contoso.com"')],
  ['a comment', bytesOf('{"UserName":"adele.vance@contoso.com"} // please')],
  ['a trailing comma', bytesOf('{"UserName":"adele.vance@contoso.com",}')],
  ['single quotes', bytesOf("{'UserName':'adele.vance@contoso.com'}")],
  ['two documents', bytesOf('{"UserName":"adele.vance@contoso.com"}{}')],
  ['two marks', bytesOf('\uFEFF\uFEFF{"UserName":"adele.vance@contoso.com"}')],
  ['XML', bytesOf('<UserName>adele.vance@contoso.com</UserName>')],
])('%s is no JSON', (_what, body) => {
  expect(problemsOf(body)).toEqual([
    { pointer: '', detail: 'The body is not JSON. Send {"UserName":"name@domain"}.' },
  ]);
});

test.each(['null', 'true', '1', '"adele.vance@contoso.com"', '[]', '[{"UserName":"a@b.c"}]'])(
  'the root must be an object, not %s',
  (text) => {
    expect(problemsOf(bytesOf(text))).toEqual([
      { pointer: '', detail: 'The body is not a JSON object. Send {"UserName":"name@domain"}.' },
    ]);
  },
);

// --- names -----------------------------------------------------------------------------------------

test.each(['username', 'USERNAME', 'uSERnAME', 'UserName'])('%s is UserName', (name) => {
  expect(read(bytesOf(`{"${name}":"adele.vance@contoso.com"}`)).userName).toBe(userName);
});

test('every field is found in any letter case', () => {
  const shouting = {
    ENABLEUSERIFNEEDED: false,
    forcechangepasswordnextsignin: true,
    FORCECHANGEPASSWORDNEXTSIGNINWITHMFA: true,
    revokeSessions: true,
    dryrun: true,
    ticketID: 'T-1',
    CALLERNAME: 'Megan',
    reason: 'x',
  };
  expect(read(aBody(shouting))).toEqual({
    userName: 'adele.vance@contoso.com',
    enableUserIfNeeded: false,
    enableAskedExplicitly: false,
    forceChange: true,
    forceChangeWithMfa: true,
    revokeSessions: true,
    dryRun: true,
    claimed: { TicketId: 'T-1', CallerName: 'Megan', Reason: 'x' },
    warnings: [],
  });
});

const twice = 'This name is sent more than once (names match in any letter case). Send it once.';

test.each([
  ['equal', '{"UserName":"a@b.c","UserName":"d@e.f"}', '/UserName'],
  ['folded', '{"UserName":"a@b.c","username":"a@b.c"}', '/UserName'],
  ['escaped', '{"UserName":"a@b.c","\\u0055serName":"d@e.f"}', '/UserName'],
  ['a flag', '{"UserName":"a@b.c","DryRun":true,"dryRun":true}', '/DryRun'],
  ['a claim', '{"UserName":"a@b.c","reason":"x","REASON":"y"}', '/Reason'],
  ['an unknown name', '{"UserName":"a@b.c","Colour":"x","colour":"y"}', '/Colour'],
  ['__proto__', '{"UserName":"a@b.c","__proto__":{"x":1},"__PROTO__":{}}', '/__proto__'],
  ['the same __proto__', '{"UserName":"a@b.c","__proto__":1,"__proto__":2}', '/__proto__'],
  ['three times', '{"UserName":"a@b.c","DryRun":true,"dryRun":true,"DRYRUN":1}', '/DryRun'],
])('two names that fold to one: %s', (_what, text, pointer) => {
  expect(problemsOf(bytesOf(text))).toEqual([{ pointer, detail: twice }]);
});

test('equal names are only looked for at the root', () => {
  const text =
    '{"UserName":"adele.vance@contoso.com","Reason":"x","More":{"a":1,"a":2,"UserName":3}}';
  expect(read(bytesOf(text)).warnings).toEqual(['Unknown fields were ignored: More.']);
});

test('names in texts and in arrays are no members', () => {
  const text =
    '{"UserName":"adele.vance@contoso.com","Reason":"\\"DryRun\\": true","List":[{"DryRun":true},"a:b"]}';
  expect(read(bytesOf(text))).toMatchObject({
    dryRun: false,
    claimed: { Reason: '"DryRun": true' },
  });
});

test('a Kelvin sign is no k: the name is not folded to a known one', () => {
  expect(pointersOf(aBody({ 'Revo\u212AeSessions': true }))).toEqual(['/Revo_eSessions']);
  expect(read(aBody({ 'Tic\u212AetId': 'T-1' }))).toEqual(
    aReadRequest({ warnings: ['Unknown fields were ignored: Tic_etId.'] }),
  );
});

test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
  'a field called %s is an unknown field like any other',
  (name) => {
    const body = bytesOf(`{"UserName":"adele.vance@contoso.com","${name}":{"dryRun":true}}`);
    expect(read(body)).toEqual(
      aReadRequest({ warnings: [`Unknown fields were ignored: ${name}.`] }),
    );
  },
);

test('a near-miss of a deciding name is refused and the name is suggested', () => {
  expect(problemsOf(aBody({ DriRun: true }))).toEqual([
    {
      pointer: '/DriRun',
      detail: 'This is not a field of the request. Did you mean DryRun? Write DryRun.',
    },
  ]);
});

test('a near-miss of UserName counts only while UserName is missing', () => {
  expect(problemsOf(bytesOf('{"User_Name":"adele.vance@contoso.com"}'))).toEqual([
    {
      pointer: '/User_Name',
      detail: 'This is not a field of the request. Did you mean UserName? Write UserName.',
    },
  ]);
  expect(read(aBody({ User_Name: 'x', UserId: 'y' })).warnings).toEqual([
    'Unknown fields were ignored: User_Name, UserId.',
  ]);
});

test('a near-miss of another field is refused beside a UserName', () => {
  expect(pointersOf(aBody({ ForceChange: true, 'Enable-User': 1, WhatIf: 'yes' }))).toEqual([
    '/ForceChange',
    '/Enable-User',
    '/WhatIf',
  ]);
});

test.each(['TiketId', 'Ticket_Id', 'CalerName', 'Reasons'])(
  'a near-miss of a claim (%s) is only an unknown field',
  (name) => {
    expect(read(aBody({ [name]: 'x' })).warnings).toEqual([
      `Unknown fields were ignored: ${name}.`,
    ]);
  },
);

test('unknown fields are named, five at most, cleaned and cut', () => {
  const unknown = {
    'a b': 1,
    '<script>': 1,
    [`x${'y'.repeat(80)}`]: 1,
    '\u00fc.ok-1_': 1,
    five: 1,
    six: 1,
    seven: 1,
  };
  expect(read(aBody(unknown)).warnings).toEqual([
    `Unknown fields were ignored: a_b, _script_, x${'y'.repeat(63)}, _.ok-1_, five, and 2 more.`,
  ]);
});

test('five unknown fields are no more than five', () => {
  expect(read(aBody({ one: 1, two: 2, three: 3, four: 4, five: 5 })).warnings).toEqual([
    'Unknown fields were ignored: one, two, three, four, five.',
  ]);
});

test('a name that is empty has one when it is shown', () => {
  expect(read(aBody({ '': 1 })).warnings).toEqual(['Unknown fields were ignored: _.']);
  const twice = bytesOf('{"UserName":"adele.vance@contoso.com","":1,"":2}');
  expect(pointersOf(twice)).toEqual(['/_']);
});

test('in problems too, five sent names at most; the others have no name in their pointer', () => {
  const names = ['DriRun', 'DryRan', 'DryRuns', 'Dry-Run', 'Dry_Run', 'DryR', 'DryRun1'];
  const body = aBody(Object.fromEntries(names.map((name) => [name, true])));
  expect(pointersOf(body)).toEqual([
    '/DriRun',
    '/DryRan',
    '/DryRuns',
    '/Dry-Run',
    '/Dry_Run',
    '',
    '',
  ]);
});

test('twenty problems at most', () => {
  const names = Array.from({ length: 30 }, (_, i) => `DryRu${String.fromCharCode(0x100 + i)}`);
  expect(problemsOf(aBody(Object.fromEntries(names.map((name) => [name, 1]))))).toHaveLength(20);
});

test('all problems of a request at once', () => {
  const text =
    '{"UserName":"","userNAME":"","EnableUserIfNeeded":"maybe","DryRun":null,"RevokeSession":true,' +
    '"ForceChangePasswordNextSignIn":2}';
  expect(problemsOf(bytesOf(text), keyFault).map(({ pointer }) => pointer)).toEqual([
    '/UserName',
    '/RevokeSession',
    '/UserName',
    '/EnableUserIfNeeded',
    '/ForceChangePasswordNextSignIn',
    '/DryRun',
    '/Idempotency-Key',
  ]);
});

test('an unusable key is a problem of its own, also beside an unreadable body', () => {
  expect(problemsOf(aBody(), keyFault)).toEqual([keyFault]);
  expect(problemsOf(bytesOf('nonsense'), keyFault)).toEqual([
    { pointer: '', detail: 'The body is not JSON. Send {"UserName":"name@domain"}.' },
    keyFault,
  ]);
});

// --- UserName --------------------------------------------------------------------------------------

test.each([
  ['a UPN', 'adele.vance@contoso.com'],
  ['an apostrophe', "o'hara@contoso.com"],
  ['a guest', 'adele_fabrikam.com#EXT#@contoso.onmicrosoft.com'],
  ['a leading $', '$adele@contoso.com'],
  ['all the signs', "a.b-c_d!e#f^g~h'i9@contoso.com"],
  ['64 before and 48 after', `${'a'.repeat(64)}@${'b'.repeat(44)}.com`],
  ['an object id', '11111111-aaaa-4BBB-8ccc-000000000001'],
])('UserName: %s', (_what, name) => {
  expect(read(aBody({ UserName: name })).userName).toBe(name);
});

test('UserName is trimmed, its letters are kept', () => {
  expect(read(aBody({ UserName: '  Adele.Vance@Contoso.com\r\n' })).userName).toBe(
    'Adele.Vance@Contoso.com',
  );
});

const wrongUser = 'UserName must be a user principal name (name@domain) or an object id (a GUID).';
const residue = (name: string) =>
  `${name} holds a placeholder that your system did not fill in. Check its name there.`;
const entity =
  'UserName holds an XML entity. In ServiceNow use setStringParameterNoEscape instead of ' +
  'setStringParameter.';

test.each<[string, unknown, string]>([
  ['empty', '', wrongUser],
  ['blank', ' \t ', wrongUser],
  ['null', null, wrongUser],
  ['a number', 4711, wrongUser],
  ['true', true, wrongUser],
  ['an array', ['adele.vance@contoso.com'], wrongUser],
  ['an object', { upn: 'adele.vance@contoso.com' }, wrongUser],
  ['no @', 'adele.vance', wrongUser],
  ['two @', 'a@b@contoso.com', wrongUser],
  ['nothing before @', '@contoso.com', wrongUser],
  ['nothing after @', 'adele@', wrongUser],
  ['a dot before @', 'adele.@contoso.com', wrongUser],
  ['a $ inside', 'ade$le@contoso.com', wrongUser],
  ['a space', 'adele vance@contoso.com', wrongUser],
  ['a slash', 'adele/vance@contoso.com', wrongUser],
  ['a question mark', 'adele?x@contoso.com', wrongUser],
  ['a percent sign', 'adele%20@contoso.com', wrongUser],
  ['a backslash', 'CONTOSO\\adele', wrongUser],
  ['an accent', 'ad\u00e8le@contoso.com', wrongUser],
  ['a line break', 'adele\n@contoso.com', wrongUser],
  ['65 before @', `${'a'.repeat(65)}@contoso.com`, wrongUser],
  ['49 after @', `a@${'b'.repeat(45)}.com`, wrongUser],
  ['an empty label', 'a@contoso..com', wrongUser],
  ['a label that ends in -', 'a@contoso-.com', wrongUser],
  ['a label that begins with -', 'a@-contoso.com', wrongUser],
  ['a GUID in braces', '{11111111-aaaa-4bbb-8ccc-000000000001}', wrongUser],
  ['a GUID too short', '11111111-aaaa-4bbb-8ccc-00000000001', wrongUser],
  ['Jira', '{{issue.reporter.emailAddress}}', residue('UserName')],
  ['Halo', '<<user_email>>', residue('UserName')],
  ['a script', '$' + '{user.email}', residue('UserName')],
  ['a flow', "@{triggerBody()?['upn']}", residue('UserName')],
  ['residue inside', 'adele.{{x}}@contoso.com', residue('UserName')],
  ['&apos;', 'o&apos;hara@contoso.com', entity],
  ['&amp;', 'r&amp;d@contoso.com', entity],
  ['&#39;', 'o&#39;hara@contoso.com', entity],
  ['&#x27;', 'o&#x27;hara@contoso.com', entity],
])('UserName refused: %s', (_what, value, detail) => {
  expect(problemsOf(aBody({ UserName: value }))).toEqual([{ pointer: '/UserName', detail }]);
});

test('without a UserName and without anything like it', () => {
  expect(problemsOf(bytesOf('{}'))).toEqual([
    { pointer: '/UserName', detail: 'UserName is required.' },
  ]);
});

// --- booleans --------------------------------------------------------------------------------------

test.each<[unknown, boolean]>([
  [true, true],
  [1, true],
  ['true', true],
  ['True', true],
  ['TRUE', true],
  ['yes', true],
  ['Yes', true],
  ['1', true],
  [' true ', true],
  [false, false],
  [0, false],
  ['false', false],
  ['FALSE', false],
  ['no', false],
  ['No', false],
  ['0', false],
])('a boolean may be %j', (sent, meant) => {
  const { dryRun, forceChange } = read(
    aBody({ DryRun: sent, ForceChangePasswordNextSignIn: sent }),
  );
  expect({ dryRun, forceChange }).toEqual({ dryRun: meant, forceChange: meant });
});

test.each<[unknown]>([
  [''],
  [' '],
  [null],
  ['on'],
  ['off'],
  ['y'],
  ['n'],
  ['t'],
  ['2'],
  ['01'],
  ['null'],
  ['undefined'],
  ['constructor'],
  [2],
  [-1],
  [0.5],
  [[]],
  [[true]],
  [{}],
])('nothing ambiguous becomes false or a default: %j', (sent) => {
  const flags = [
    'EnableUserIfNeeded',
    'ForceChangePasswordNextSignIn',
    'ForceChangePasswordNextSignInWithMfa',
    'RevokeSessions',
    'DryRun',
  ];
  const body = aBody(Object.fromEntries(flags.map((name) => [name, sent])));
  expect(problemsOf(body)).toEqual(
    flags.map((name) => ({ pointer: `/${name}`, detail: `${name} must be true or false.` })),
  );
});

test.each(['{{ticket.force}}', '<<force>>', '$' + '{force}', "@{variables('force')}"])(
  'residue in a boolean: %s',
  (sent) => {
    expect(problemsOf(aBody({ DryRun: sent }))).toEqual([
      { pointer: '/DryRun', detail: residue('DryRun') },
    ]);
  },
);

test('an explicit false beside the change with MFA is a contradiction', () => {
  const detail =
    'ForceChangePasswordNextSignInWithMfa: true implies ForceChangePasswordNextSignIn: true. ' +
    'Leave out the false, or ask for neither.';
  expect(
    problemsOf(
      aBody({
        ForceChangePasswordNextSignInWithMfa: 'yes',
        ForceChangePasswordNextSignIn: '0',
      }),
    ),
  ).toEqual([{ pointer: '/ForceChangePasswordNextSignIn', detail }]);
  expect(
    read(
      aBody({ ForceChangePasswordNextSignInWithMfa: false, ForceChangePasswordNextSignIn: false }),
    ),
  ).toEqual(aReadRequest({ forceChange: false }));
});

// --- claims ----------------------------------------------------------------------------------------

const leftOut = (name: string) => `${name} is empty or unusable and was left out of the record.`;

test.each<[unknown]>([
  [''],
  ['   '],
  [null],
  [true],
  [[]],
  [['INC1']],
  [{ id: 'INC1' }],
  ['{{issue.key}}'],
  ['<<ticket>>'],
  ['$' + '{ticket}'],
  ["@{triggerBody()?['id']}"],
])('a claim never stops a reset: %j counts as absent and is named', (sent) => {
  expect(read(aBody({ TicketId: sent, CallerName: sent, Reason: sent }))).toEqual(
    aReadRequest({ warnings: [leftOut('TicketId'), leftOut('CallerName'), leftOut('Reason')] }),
  );
});

test.each([
  ['4711', '4711'],
  ['0', '0'],
  ['-1.50', '-1.50'],
  ['1e3', '1e3'],
  ['12345678901234567890123', '12345678901234567890123'],
  ['0.10', '0.10'],
])('a number is taken as its text: %s', (number, text) => {
  const body = bytesOf(`{"UserName":"adele.vance@contoso.com", "ticketId" : ${number} }`);
  expect(read(body)).toEqual(aReadRequest({ claimed: { TicketId: text } }));
});

test.each([
  ['TicketId', 128],
  ['CallerName', 128],
  ['Reason', 256],
] as const)('%s is cut at %i characters, and Warning names it', (name, most) => {
  expect(read(aBody({ [name]: 'x'.repeat(most) }))).toEqual(
    aReadRequest({ claimed: { [name]: 'x'.repeat(most) } }),
  );
  expect(read(aBody({ [name]: `${'x'.repeat(most)}y` }))).toEqual(
    aReadRequest({
      claimed: { [name]: 'x'.repeat(most) },
      warnings: [`${name} was cut to ${most} characters.`],
    }),
  );
});

test('a cut leaves no half character, and a half character that was sent becomes a whole one', () => {
  const pair = '\u{1F511}';
  expect(read(aBody({ TicketId: 'x'.repeat(127) + pair })).claimed).toEqual({
    TicketId: `${'x'.repeat(127)}\uFFFD`,
  });
  const body = bytesOf('{"UserName":"adele.vance@contoso.com","TicketId":"a\\ud83d"}');
  expect(read(body).claimed).toEqual({ TicketId: 'a\uFFFD' });
});

test('claims are trimmed and kept on one line', () => {
  expect(
    read(aBody({ Reason: ' one\r\ntwo\u2028three\u2029four\u0085five\tsix\u0000 ' })).claimed,
  ).toEqual({
    Reason: 'one two three four five six',
  });
});

test('warnings come in the order of the table, unknown fields last', () => {
  expect(read(aBody({ Colour: 1, Reason: '', TicketId: null })).warnings).toEqual([
    leftOut('TicketId'),
    leftOut('Reason'),
    'Unknown fields were ignored: Colour.',
  ]);
});

// --- foreign payloads ------------------------------------------------------------------------------

test.each([
  ['Freshdesk', { freshdesk_webhook: { ticket_id: 1, UserName: userName } }],
  ['Jira', { timestamp: 1, webhookEvent: 'jira:issue_updated', issue: { key: 'A-1' }, user: {} }],
  ['anything nested', { data: { UserName: userName }, TicketId: 1 }],
])('an object one level down and no UserName: %s', (_who, payload) => {
  expect(readRequest(bytesOf(JSON.stringify(payload)), undefined, true)).toEqual({
    ok: false,
    failure: {
      code: 'UnsupportedPayload',
      problems: [
        {
          pointer: '/UserName',
          detail:
            'UserName is missing at the root of the body; nested objects are not searched. Paste ' +
            'this and fill in the user from your system: {"UserName":"name@domain","TicketId":"123"}',
        },
      ],
    },
  });
});

test('a foreign payload hides nothing else that is wrong, twenty problems at most', () => {
  const keyProblem = { pointer: '/Idempotency-Key', detail: 'blank' };
  const problemsWith = (wrong: object) => {
    const read = readRequest(bytesOf(JSON.stringify({ issue: {}, ...wrong })), keyProblem, true);
    if (read.ok || read.failure.code !== 'UnsupportedPayload') throw new Error('another answer');
    return read.failure.problems;
  };
  expect(problemsWith({ DriRun: true, RevokeSessions: 'maybe' })).toEqual([
    { pointer: '/UserName', detail: expect.stringContaining('Paste this') },
    { pointer: '/DriRun', detail: expect.stringContaining('DryRun') },
    { pointer: '/RevokeSessions', detail: 'RevokeSessions must be true or false.' },
    keyProblem,
  ]);
  const misses = Array.from({ length: 30 }, (_, i) => [`DryRun${String.fromCodePoint(65 + i)}`, 1]);
  expect(problemsWith(Object.fromEntries(misses))).toHaveLength(20);
});

test.each([
  ['a near-miss of UserName', { upn: userName, issue: {} }, ['/upn']],
  ['a UserName of its own', { UserName: '', issue: {} }, ['/UserName']],
  ['only an array', { list: [{}] }, ['/UserName']],
  ['only null', { issue: null }, ['/UserName']],
  ['only a text and a number', { issue: 'A-1', id: 7 }, ['/UserName']],
])('an object one level down, but %s: an ordinary mistake', (_what, payload, pointers) => {
  expect(pointersOf(bytesOf(JSON.stringify(payload)))).toEqual(pointers);
});
