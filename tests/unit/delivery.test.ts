// The names of a delivery: which header gives the key, what a signature adds, what makes
// two requests the same one.

import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { keyProblem, nameDelivery } from '../../lib/delivery.ts';
import type { ResetRequest } from '../../lib/reset-request.ts';
import type { Signed } from '../../lib/signature.ts';
import { aReadRequest, headersOf } from '../support/a-valid-request.ts';

type Sent = Readonly<Record<string, string | null>>;

const named = (headers: Sent, signed?: Signed, caller = 'zendesk', request = aReadRequest()) =>
  nameDelivery(caller, headersOf(headers), signed, request);
const namesOf = (headers: Sent, signed?: Signed) => named(headers, signed).names;
const only = (headers: Sent, signed?: Signed): string => {
  const [name, ...others] = namesOf(headers, signed);
  if (name === undefined || others.length > 0) throw new Error('Not one name.');
  return name;
};

const signed: Signed = { hash: 'ab'.repeat(32), webhookId: undefined };
const standard: Signed = { hash: 'cd'.repeat(32), webhookId: 'msg_1' };
const flow = {
  'x-ms-workflow-run-id': '08584',
  'x-ms-workflow-operation-name': 'Reset_password',
};
const everything = {
  'idempotency-key': 'ticket-1',
  'webhook-id': 'msg_1',
  'x-zammad-delivery': 'z-1',
  'x-zendesk-webhook-invocation-id': 'i-1',
  ...flow,
};

test('the first present header gives the key', () => {
  const byKey = only({ 'idempotency-key': 'ticket-1' });
  const byZammad = only({ 'x-zammad-delivery': 'z-1' });
  const byZendesk = only({ 'x-zendesk-webhook-invocation-id': 'i-1' });
  const byFlow = only(flow);
  expect(new Set([byKey, byZammad, byZendesk, byFlow]).size).toBe(4);
  expect(only(everything)).toBe(byKey);
  expect(only({ ...everything, 'idempotency-key': null })).toBe(byZammad);
  expect(only({ ...everything, 'idempotency-key': null, 'x-zammad-delivery': null })).toBe(
    byZendesk,
  );
  expect(only({ 'webhook-id': 'msg_1', ...flow })).toBe(byFlow);
});

test('a key is stored as SHA-256 of caller, header name and value, and as nothing else', () => {
  expect(only({ 'idempotency-key': 'ticket-1' })).toMatch(/^[0-9a-f]{64}$/);
  const name = (caller: string, headers: Sent) => named(headers, undefined, caller).names[0];
  const values = [
    name('zendesk', { 'idempotency-key': 'a' }),
    name('zendesk', { 'idempotency-key': 'b' }),
    name('jira', { 'idempotency-key': 'a' }),
    name('zendesk', { 'x-zammad-delivery': 'a' }),
    name('zendesk', { 'x-zendesk-webhook-invocation-id': 'a' }),
  ];
  expect(new Set(values).size).toBe(5);
});

test('what stands in the tables does not change in silence: rows live for eight days', () => {
  // SHA-256 of the JSON texts ["zendesk","signed","abab…"], ["zendesk","webhook-id","msg_1"] and so on
  expect(named({ 'idempotency-key': 'ticket-1' }, { ...signed, webhookId: 'msg_1' })).toEqual({
    names: [
      '28dc8528b62aae6a08657845cd4c383d0bc144a119d9bc33fecd3e8e5c591742',
      '25cda606c117c83f8f1074f71575a9b38d9561066dfc5b0ffccf4fabc4b51503',
      'ddefde2cffd37489adc0ad3af54fbaf6d68ba42d067e704e81ab31b4ac8bf02b',
    ],
    fingerprint: '23b28de8e236222e6a62760b56aba94ccf49dcec4ca10ce96e29c26dd73d91c6',
  });
  expect(only({ 'x-zammad-delivery': 'z-1' })).toBe(
    'e5933db23fa0ad6feee3cbd6f2562ba746732b836f8c5c500704583940aeaa20',
  );
  expect(only({ 'x-zendesk-webhook-invocation-id': 'i-1' })).toBe(
    '2ea4dd74afbab15fd73db166ae9d6c6a019d0f1c0e83459d1113c3c32646a3fe',
  );
  expect(only(flow)).toBe('9a0565c892d18b4ecb831f5ca2d91b99d902c54f944fbb7d3b3cbd9477bd72e7');
});

test('without a header that names it the delivery has no name', () => {
  expect(namesOf({})).toEqual([]);
  expect(namesOf({ 'x-request-id': '1', 'x-ms-client-request-id': '2' })).toEqual([]);
});

// --- Idempotency-Key -------------------------------------------------------------------------------

test.each([
  ['quoted', '"ticket-1"'],
  ['with blanks around it', '  ticket-1  '],
  ['quoted, with blanks around it', ' "ticket-1" '],
])('%s it is the same key', (_what, value) => {
  expect(only({ 'idempotency-key': value })).toBe(only({ 'idempotency-key': 'ticket-1' }));
});

test('escapes inside quotes are those of a Structured Field string', () => {
  expect(only({ 'idempotency-key': String.raw`"a\"b\\c"` })).toBe(
    only({ 'idempotency-key': String.raw`a"b\c` }),
  );
  expect(only({ 'idempotency-key': '"a' })).not.toBe(only({ 'idempotency-key': 'a' }));
  expect(only({ 'idempotency-key': 'a"' })).not.toBe(only({ 'idempotency-key': 'a' }));
  expect(only({ 'idempotency-key': '"a"b"' })).not.toBe(only({ 'idempotency-key': 'a"b' }));
});

test('letter case makes another key', () => {
  expect(only({ 'idempotency-key': 'A' })).not.toBe(only({ 'idempotency-key': 'a' }));
});

const unusable = {
  pointer: '/Idempotency-Key',
  detail: 'The Idempotency-Key header must be 1 to 255 visible ASCII characters, sent once.',
};

test.each([
  ['absent', null, undefined],
  ['one character', 'x', undefined],
  ['255 characters', 'k'.repeat(255), undefined],
  ['255 characters in quotes', `"${'k'.repeat(255)}"`, undefined],
  ['all visible signs', `!#$%&'()*+,-./:;<=>?@[]^_{|}~`, undefined],
  ['256 characters', 'k'.repeat(256), unusable],
  ['empty', '', unusable],
  ['blank', '   ', unusable],
  ['empty quotes', '""', unusable],
  ['a blank inside', 'a b', unusable],
  ['a blank inside quotes', '"a b"', unusable],
  ['a tab inside', 'a\tb', unusable],
  ['an accent', 'cl\u00e9', unusable],
  ['a control character', 'a\u007fb', unusable],
])('Idempotency-Key, %s', (_what, value, problem) => {
  expect(keyProblem(headersOf({ 'idempotency-key': value }))).toEqual(problem);
});

test.each(['{{ticket.id}}', '<<id>>', '$' + '{id}', "@{triggerBody()['id']}", '"{{ticket.id}}"'])(
  'a placeholder is no key: %s would be the same for every ticket',
  (value) => {
    expect(keyProblem(headersOf({ 'idempotency-key': value }))).toEqual({
      pointer: '/Idempotency-Key',
      detail: 'The Idempotency-Key header holds a placeholder that your system did not fill in.',
    });
  },
);

test('sent twice it is unusable', () => {
  const headers = new Headers([
    ['idempotency-key', 'a'],
    ['idempotency-key', 'b'],
  ]);
  expect(keyProblem(headers)).toEqual(unusable);
});

// --- the other headers -----------------------------------------------------------------------------

test('webhook-id counts only where a signature covers it', () => {
  expect(namesOf({ 'webhook-id': 'msg_1' })).toEqual([]);
  expect(namesOf({ 'webhook-id': 'msg_1' }, signed)).toHaveLength(1);
  expect(namesOf({}, standard)).toHaveLength(2);
});

test.each(['x-zammad-delivery', 'x-zendesk-webhook-invocation-id'])(
  '%s: trimmed, and nothing when it is blank or unusable',
  (header) => {
    expect(only({ [header]: ' z-1 ' })).toBe(only({ [header]: 'z-1' }));
    expect(namesOf({ [header]: '' })).toEqual([]);
    expect(namesOf({ [header]: 'a b' })).toEqual([]);
    expect(namesOf({ [header]: 'k'.repeat(256) })).toEqual([]);
    expect(namesOf({ [header]: 'k'.repeat(255) })).toHaveLength(1);
  },
);

test('a flow needs the run and the operation; the user tells the items of a loop apart', () => {
  expect(namesOf({ ...flow, 'x-ms-workflow-run-id': null })).toEqual([]);
  expect(namesOf({ ...flow, 'x-ms-workflow-operation-name': null })).toEqual([]);
  expect(namesOf({ ...flow, 'x-ms-workflow-run-id': ' ' })).toEqual([]);
  const of = (userName: string, headers: Sent = flow) =>
    named(headers, undefined, 'zendesk', aReadRequest({ userName })).names[0];
  expect(of('a@contoso.com')).not.toBe(of('b@contoso.com'));
  expect(of('A@Contoso.com')).toBe(of('a@contoso.com'));
  expect(of('a@contoso.com', { ...flow, 'x-ms-workflow-run-id': '08585' })).not.toBe(
    of('a@contoso.com'),
  );
  expect(of('a@contoso.com', { ...flow, 'x-ms-workflow-operation-name': 'Again' })).not.toBe(
    of('a@contoso.com'),
  );
  expect(of('a@contoso.com', { ...flow, 'x-ms-workflow-run-id': ' 08584 ' })).toBe(
    of('a@contoso.com'),
  );
});

test('blanks around a value name nothing, also where the server left them', () => {
  const untrimmed = (sent: Sent) => ({ get: (name: string) => sent[name] ?? null });
  const names = (sent: Sent) =>
    nameDelivery('zendesk', untrimmed(sent), undefined, aReadRequest()).names;
  expect(
    names({
      'x-ms-workflow-run-id': ' 08584 ',
      'x-ms-workflow-operation-name': ' Reset_password ',
    }),
  ).toEqual(namesOf(flow));
  expect(names({ ...flow, 'x-ms-workflow-run-id': '  ' })).toEqual([]);
  expect(names({ ...flow, 'x-ms-workflow-operation-name': '  ' })).toEqual([]);
});

test('run, operation and user do not run into each other', () => {
  const of = (run: string, step: string) =>
    only({ 'x-ms-workflow-run-id': run, 'x-ms-workflow-operation-name': step });
  expect(of('ab', 'c')).not.toBe(of('a', 'bc'));
});

// --- signing callers -------------------------------------------------------------------------------

test('the signed bytes come first, then a verified webhook-id, then the key', () => {
  const [bytes, id, key, ...rest] = namesOf({ 'idempotency-key': 'ticket-1' }, standard);
  expect(rest).toEqual([]);
  expect([bytes]).toEqual(namesOf({}, { ...standard, webhookId: undefined }));
  expect([bytes, id]).toEqual(namesOf({}, standard));
  expect(key).toBe(only({ 'idempotency-key': 'ticket-1' }));
});

test('with a verified webhook-id the unsigned headers after it give no key', () => {
  expect(namesOf({ ...everything, 'idempotency-key': null }, standard)).toEqual(
    namesOf({}, standard),
  );
});

test('where no header gives a key, the signed bytes alone are the name', () => {
  expect(namesOf({}, signed)).toHaveLength(1);
  expect(namesOf({}, signed)).not.toEqual(namesOf({}, { ...signed, hash: '00'.repeat(32) }));
});

test('no unsigned header ever makes a captured signed request new', () => {
  const first = namesOf({}, signed)[0];
  for (const headers of [
    { 'idempotency-key': 'new' },
    { 'webhook-id': 'new' },
    { 'x-zammad-delivery': 'new' },
    { 'x-zendesk-webhook-invocation-id': 'new' },
    flow,
  ]) {
    expect(namesOf(headers, signed)[0]).toBe(first);
  }
});

test('a name of signed bytes is none of a key with the same text', () => {
  expect(only({ 'idempotency-key': signed.hash })).not.toBe(only({}, signed));
  expect(only({ 'idempotency-key': 'msg_1' })).not.toBe(namesOf({}, standard)[1]);
});

// --- the fingerprint -------------------------------------------------------------------------------

const fingerprint = (changes: Partial<ResetRequest> = {}) =>
  named({}, undefined, 'zendesk', aReadRequest(changes)).fingerprint;

test('the fingerprint is a hash', () => {
  expect(fingerprint()).toMatch(/^[0-9a-f]{64}$/);
  expect(fingerprint()).not.toBe(createHash('sha256').update('').digest('hex'));
});

test.each<[string, Partial<ResetRequest>]>([
  ['another user', { userName: 'megan.bowen@contoso.com' }],
  ['EnableUserIfNeeded', { enableUserIfNeeded: false }],
  ['ForceChangePasswordNextSignIn', { forceChange: false }],
  ['ForceChangePasswordNextSignInWithMfa', { forceChangeWithMfa: true }],
  ['RevokeSessions', { revokeSessions: true }],
])('%s makes another request', (_what, changes) => {
  expect(fingerprint(changes)).not.toBe(fingerprint());
});

test.each<[string, Partial<ResetRequest>]>([
  ['letter case of the user', { userName: 'ADELE.Vance@CONTOSO.com' }],
  ['what the sender claims', { claimed: { TicketId: '2', CallerName: 'x', Reason: 'y' } }],
  ['warnings', { warnings: ['x'] }],
  ['saying the default', { enableAskedExplicitly: true }],
])('%s makes no other request', (_what, changes) => {
  expect(fingerprint(changes)).toBe(fingerprint());
});

test('the fingerprint does not depend on caller or headers', () => {
  expect(named(everything, standard, 'jira').fingerprint).toBe(fingerprint());
});

// --- properties ------------------------------------------------------------------------------------

test('whatever the headers hold, names are hashes, at most three, and never repeat', () => {
  const value = fc.option(
    fc.string().filter((text) => !/[\0\r\n]/.test(text) && /^[\0-\xff]*$/.test(text)),
  );
  fc.assert(
    fc.property(value, value, value, value, fc.boolean(), (key, zammad, run, step, isSigned) => {
      const headers = {
        'idempotency-key': key,
        'x-zammad-delivery': zammad,
        'x-ms-workflow-run-id': run,
        'x-ms-workflow-operation-name': step,
      };
      const names = namesOf(headers, isSigned ? standard : undefined);
      expect(names.length).toBeLessThanOrEqual(3);
      expect(new Set(names).size).toBe(names.length);
      for (const name of names) expect(name).toMatch(/^[0-9a-f]{64}$/);
    }),
    { numRuns: 300 },
  );
});
