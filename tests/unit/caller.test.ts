// Who calls, and what may that caller do?

import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import {
  bearerToken,
  type Caller,
  callerByKey,
  callerByToken,
  callerMayAsk,
  callerMayReach,
  domainOf,
} from '../../lib/caller.ts';
import { aReadRequest, headersOf } from '../support/a-valid-request.ts';
import { aCaller, anotherGroup, someGroup } from '../support/a-valid-user.ts';

const refused = (failure: unknown) => ({ ok: false, failure });
const notAllowed = (rule: string) => refused({ code: 'CallerNotAllowed', rule });
const hashOf = (key: string) => createHash('sha256').update(key).digest();

// --- the function door -----------------------------------------------------------------------------

const zendesk = aCaller({ name: 'zendesk', keyHashes: [hashOf('key-1'), hashOf('key-2')] });
const jira = aCaller({ name: 'jira', keyHashes: [hashOf('key-3')] });
const flows = aCaller({ name: 'flows', appIds: ['22222222-0000-4000-8000-00000000000a'] });
const callers = [zendesk, jira, flows];

const ask = (
  known: readonly Caller[] | undefined,
  header: string | null,
  code: string | null = null,
) => callerByKey(known, headersOf({ 'x-functions-key': header }), code);
const byKey = (header: string | null, code: string | null = null) => ask(callers, header, code);

test('CALLERS unset: every holder of a key is the caller function-key, and gets the password', () => {
  expect(ask(undefined, 'anything')).toEqual({
    ok: true,
    value: {
      caller: {
        name: 'function-key',
        keyHashes: [],
        appIds: [],
        signature: undefined,
        password: 'return',
        domains: undefined,
        groups: undefined,
        mayEnable: true,
        maxResetsPerHour: 500,
      },
      holder: undefined,
    },
  });
});

test.each([
  ['key-1', 'zendesk'],
  ['key-2', 'zendesk'],
  ['key-3', 'jira'],
])('%s is %s', (key, name) => {
  expect(byKey(key)).toMatchObject({ ok: true, value: { caller: { name }, holder: undefined } });
});

test.each(['key-4', 'KEY-1', 'key-1x', 'key-', hashOf('key-1').toString('hex')])(
  '%s is nobody',
  (key) => {
    expect(byKey(key)).toEqual(refused('unknown-key'));
  },
);

test('a key may stand in ?code=, the header goes first', () => {
  expect(byKey(null, 'key-3')).toMatchObject({ value: { caller: { name: 'jira' } } });
  expect(byKey('key-1', 'key-3')).toMatchObject({ value: { caller: { name: 'zendesk' } } });
  expect(byKey('key-4', 'key-3')).toEqual(refused('unknown-key'));
});

test.each([
  [null, null],
  ['', null],
  [null, ''],
])('no key: header %j, query %j', (header, code) => {
  expect(byKey(header, code)).toEqual(refused('no-key'));
  expect(ask(undefined, header, code)).toEqual(refused('no-key'));
});

test('with no entry at all nobody is let in', () => {
  expect(ask([], 'key-1')).toEqual(refused('unknown-key'));
});

test('the function door knows no token and no principal', () => {
  const headers = headersOf({
    authorization: 'Bearer a.b.c',
    'x-ms-client-principal': 'eyJhdXRoX3R5cCI6ImFhZCJ9',
    'x-ms-client-principal-id': '11111111-aaaa-4bbb-8ccc-000000000001',
  });
  expect(callerByKey(undefined, headers, null)).toEqual(refused('no-key'));
});

// --- the Entra door --------------------------------------------------------------------------------

test.each([
  ['Bearer aaa.bbb.ccc', 'aaa.bbb.ccc'],
  ['bearer aaa.bbb.ccc', 'aaa.bbb.ccc'],
  ['BEARER   aaa.bbb.c_-1', 'aaa.bbb.c_-1'],
  ['Bearer aaa.bbb.', 'aaa.bbb.'],
])('%s', (header, token) => {
  expect(bearerToken(headersOf({ authorization: header }))).toEqual({ ok: true, value: token });
});

test.each([
  null,
  '',
  'Bearer',
  'Bearer ',
  'Beareraaa.bbb.ccc',
  'xBearer aaa.bbb.ccc',
  'Bearer aaa',
  'Bearer aaa.bbb',
  'Bearer aaa.bbb.ccc.ddd',
  'Bearer .bbb.ccc',
  'Bearer aaa..ccc',
  'Bearer aaa.bbb.ccc, Bearer ddd.eee.fff',
  'Bearer aaa.b b.ccc',
  'Bearer aaa.bbb.c=',
  'Basic aaa.bbb.ccc',
  'Bearer\taaa.bbb.ccc',
])('no token: %j', (header) => {
  expect(bearerToken(headersOf({ authorization: header }))).toEqual(refused('no-token'));
});

const appId = '22222222-0000-4000-8000-00000000000a';
const claims = (changes: object = {}) => ({
  azp: appId,
  oid: '33333333-0000-4000-8000-00000000000b',
  roles: ['PasswordReset.Invoke'],
  ...changes,
});

test('CALLERS unset: a token is the caller entra-<app id>, and gets the password', () => {
  expect(callerByToken(undefined, claims({ azp: appId.toUpperCase() }))).toMatchObject({
    ok: true,
    value: {
      caller: {
        name: 'entra-22222222-0000-4000-8000-00000000000a',
        password: 'return',
        maxResetsPerHour: 500,
        mayEnable: true,
        signature: undefined,
      },
    },
  });
});

test('an app id stands for its entry, in any letter case', () => {
  for (const azp of [appId, appId.toUpperCase()]) {
    expect(callerByToken(callers, claims({ azp }))).toMatchObject({
      value: { caller: { name: 'flows' } },
    });
  }
});

test.each([
  ['another app', { azp: '22222222-0000-4000-8000-00000000000c' }, 'unknown-app'],
  ['no app id', { azp: undefined }, 'bad-token'],
  ['an empty app id', { azp: '' }, 'bad-token'],
  ['an app id that is no text', { azp: 5 }, 'bad-token'],
])('%s: nobody', (_what, changes, fault) => {
  expect(callerByToken(callers, claims(changes))).toEqual(refused(fault));
});

test('who holds the token, for the audit: v2 and v1 claims', () => {
  const holderOf = (changes: object) => {
    const admitted = callerByToken(undefined, claims(changes));
    return admitted.ok ? admitted.value.holder : admitted.failure;
  };
  const objectId = '33333333-0000-4000-8000-00000000000b';
  expect(holderOf({})).toEqual({ appId, objectId, name: undefined, hasRole: true });
  expect(holderOf({ preferred_username: 'megan@contoso.com', upn: 'x' })).toEqual({
    appId,
    objectId,
    name: 'megan@contoso.com',
    hasRole: true,
  });
  expect(holderOf({ azp: undefined, appid: appId, upn: 'megan@contoso.com' })).toEqual({
    appId,
    objectId,
    name: 'megan@contoso.com',
    hasRole: true,
  });
  expect(holderOf({ unique_name: 'live.com#megan' })).toMatchObject({ name: 'live.com#megan' });
  expect(holderOf({ azp: appId, appid: 'other', oid: 7 })).toEqual({
    appId,
    objectId: undefined,
    name: undefined,
    hasRole: true,
  });
});

test.each<[string, object, boolean]>([
  ['the role', { roles: ['PasswordReset.Invoke'] }, true],
  ['the role among others', { roles: ['X', 'PasswordReset.Invoke'] }, true],
  ['the role in a delegated token', { roles: ['PasswordReset.Invoke'], scp: 'Reset' }, true],
  ['no roles', { roles: undefined }, false],
  ['empty roles', { roles: [] }, false],
  ['another role', { roles: ['PasswordReset.Read'] }, false],
  ['another letter case', { roles: ['passwordreset.invoke'] }, false],
  ['a text, no list', { roles: 'PasswordReset.Invoke' }, false],
  ['a scope of that name', { roles: undefined, scp: 'PasswordReset.Invoke' }, false],
  ['a group of that name', { roles: undefined, groups: ['PasswordReset.Invoke'] }, false],
])('%s', (_what, changes, hasRole) => {
  expect(callerByToken(undefined, claims(changes))).toMatchObject({
    value: { holder: { hasRole } },
  });
});

// --- what a caller may ask -------------------------------------------------------------------------

const mayAsk = (changes: Parameters<typeof aCaller>[0], request = {}, hasRole?: boolean) =>
  callerMayAsk(
    {
      caller: aCaller(changes),
      holder:
        hasRole === undefined
          ? undefined
          : { appId, objectId: undefined, name: undefined, hasRole },
    },
    aReadRequest(request),
  );
const allowed = { ok: true, value: undefined };

test.each([
  ['no limits', {}, {}, allowed],
  ['its domain', { domains: ['contoso.com'] }, {}, allowed],
  ['its domain in capitals', { domains: ['contoso.com'] }, { userName: 'a@CONTOSO.COM' }, allowed],
  ['another domain', { domains: ['fabrikam.com'] }, {}, notAllowed('domains')],
  [
    'a subdomain',
    { domains: ['contoso.com'] },
    { userName: 'a@eu.contoso.com' },
    notAllowed('domains'),
  ],
  [
    'a longer name',
    { domains: ['contoso.com'] },
    { userName: 'a@xcontoso.com' },
    notAllowed('domains'),
  ],
  [
    'an object id',
    { domains: ['contoso.com'] },
    { userName: '11111111-aaaa-4bbb-8ccc-000000000001' },
    allowed,
  ],
  ['enabling by default', { mayEnable: false }, { enableUserIfNeeded: false }, allowed],
  [
    'an explicit enable',
    { mayEnable: false },
    { enableAskedExplicitly: true },
    notAllowed('mayEnable'),
  ],
  [
    'an explicit enable where it may',
    { mayEnable: true },
    { enableAskedExplicitly: true },
    allowed,
  ],
])('%s', (_what, caller, request, expected) => {
  expect(mayAsk(caller, request)).toEqual(expected);
});

test('the role of the token is asked for first', () => {
  expect(mayAsk({}, {}, true)).toEqual(allowed);
  expect(mayAsk({}, {}, false)).toEqual(notAllowed('appRole'));
  const everything = { mayEnable: false, domains: ['fabrikam.com'] };
  expect(mayAsk(everything, { enableAskedExplicitly: true }, false)).toEqual(notAllowed('appRole'));
  expect(mayAsk(everything, { enableAskedExplicitly: true }, true)).toEqual(
    notAllowed('mayEnable'),
  );
  expect(mayAsk(everything, {}, true)).toEqual(notAllowed('domains'));
});

// --- whom a caller may reach -----------------------------------------------------------------------

const unknown = refused({ code: 'UserNotFound' });

test.each([
  ['no limits', {}, 'a@contoso.com', [], allowed],
  ['its domain', { domains: ['contoso.com'] }, 'a@Contoso.com', [], allowed],
  [
    'another domain, like an unknown user',
    { domains: ['contoso.com'] },
    'a@fabrikam.com',
    [],
    unknown,
  ],
  [
    'one of its groups',
    { groups: [someGroup, anotherGroup] },
    'a@contoso.com',
    [anotherGroup],
    allowed,
  ],
  [
    'none of its groups',
    { groups: [someGroup] },
    'a@contoso.com',
    [anotherGroup],
    notAllowed('groups'),
  ],
  ['no groups at all', { groups: [someGroup] }, 'a@contoso.com', [], notAllowed('groups')],
  [
    'outside the domain before the group',
    { domains: ['contoso.com'], groups: [someGroup] },
    'a@fabrikam.com',
    [],
    unknown,
  ],
])('reach: %s', (_what, caller, upn, memberOf, expected) => {
  expect(callerMayReach(aCaller(caller), upn, memberOf)).toEqual(expected);
});

test.each([
  ['Adele@Contoso.com', 'contoso.com'],
  ['adele_fabrikam.com#EXT#@contoso.onmicrosoft.com', 'contoso.onmicrosoft.com'],
  ['a@b@c.d', 'c.d'],
])('the domain of %s is %s', (upn, domain) => {
  expect(domainOf(upn)).toBe(domain);
});
