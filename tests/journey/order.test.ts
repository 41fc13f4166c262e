// Which check of a request comes first: of two things wrong with it, the earlier one is told.

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { codeOf, type Sent } from '../support/door.ts';
import { type Door, openStage, type Stage } from '../support/journey.ts';
import { askedSince, unknownToMicrosoft } from '../support/seen.ts';

let stage: Stage;
/** With CALLERS: one signing, one that may little, both known to the host. */
let strict: Door;

const signingKey = 'signing-caller-key-0123456789';
const limitedKey = 'limited-caller-key-0123456789';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

beforeAll(async () => {
  stage = await openStage();
  const callers = [
    {
      name: 'signs',
      key: [sha256(signingKey)],
      signature: { profile: 'hub-sha256', secrets: ['HUB_SECRET'] },
      password: 'return',
    },
    {
      name: 'limited',
      key: [sha256(limitedKey)],
      password: 'return',
      domains: ['contoso.com'],
      mayEnable: false,
      maxResetsPerHour: 2,
    },
  ];
  strict = await stage.open(
    { CALLERS: JSON.stringify(callers), HUB_SECRET: 'a-secret-of-enough-bytes' },
    {
      keys: {
        function: { a: signingKey, b: limitedKey, c: 'stranger-key-0123456789' },
      },
    },
  );
});
afterAll(() => stage.close());

const json = { 'content-type': 'application/json' };
const good = '{"UserName":"adele.vance@contoso.com","DryRun":true}';
describe('which check comes first', () => {
  const tooLarge = `{"UserName":"${'x'.repeat(16_384)}"}`;
  const stranger = { 'x-functions-key': 'stranger-key-0123456789' };
  const signer = { 'x-functions-key': signingKey };

  const pairs: readonly (readonly [won: string, over: string, sent: Sent])[] = [
    ['401 Unauthenticated', 'length', { headers: { ...stranger }, body: 'x', chunked: true }],
    ['401 Unauthenticated', 'size', { headers: { ...json, ...stranger }, body: tooLarge }],
    ['401 Unauthenticated', 'media type', { headers: { 'content-type': 'a/b', ...stranger } }],
    ['401 Unauthenticated', 'content', { headers: { ...json, ...stranger }, body: '{' }],
    [
      '411 LengthRequired',
      'signature',
      { headers: { ...json, ...signer }, body: good, chunked: true },
    ],
    ['413 PayloadTooLarge', 'signature', { headers: { ...json, ...signer }, body: tooLarge }],
    [
      '401 Unauthenticated',
      'media type (unsigned)',
      { headers: { 'content-type': 'a/b', ...signer }, body: good },
    ],
    ['401 Unauthenticated', 'content (unsigned)', { headers: { ...json, ...signer }, body: '{' }],
    [
      '411 LengthRequired',
      'media type',
      {
        headers: { 'x-functions-key': limitedKey, 'content-type': 'a/b' },
        body: good,
        chunked: true,
      },
    ],
    [
      '413 PayloadTooLarge',
      'media type',
      { headers: { 'x-functions-key': limitedKey, 'content-type': 'a/b' }, body: tooLarge },
    ],
    [
      '415 UnsupportedMediaType',
      'content',
      { headers: { 'x-functions-key': limitedKey, 'content-type': 'a/b' }, body: '{' },
    ],
    [
      '400 InvalidRequest',
      'the right to enable',
      {
        headers: { ...json, 'x-functions-key': limitedKey },
        body: '{"UserName":"a b","EnableUserIfNeeded":true}',
      },
    ],
    [
      '403 CallerNotAllowed',
      'the target',
      {
        headers: { ...json, 'x-functions-key': limitedKey },
        body: '{"UserName":"nobody@fabrikam.com"}',
      },
    ],
  ];
  test.each(pairs)('%s before %s', async (won, _over, sent) => {
    const before = stage.tenant.requests.length;
    expect(codeOf(await strict.send(sent))).toBe(won);
    expect(askedSince(stage.tenant, before)).toEqual([]); // nobody was looked up
  });

  test("the caller's rights before its hourly limit, the limit before the target", async () => {
    const headers = { 'x-functions-key': limitedKey };
    const ask = (fields: object) => strict.reset({ ...fields }, headers);
    const codes: string[] = [];
    // The one above (another domain) has counted; one more fills the hour.
    codes.push(codeOf(await ask({ UserName: 'nobody@contoso.com', DryRun: true })));
    codes.push(codeOf(await ask({ UserName: 'nobody@contoso.com' })));
    codes.push(codeOf(await ask({ UserName: 'nobody@fabrikam.com' })));
    codes.push(codeOf(await ask({ UserName: 'nobody@contoso.com', EnableUserIfNeeded: true })));
    codes.push(codeOf(await ask({ UserName: 'a b' })));
    expect(codes).toEqual([
      '404 UserNotFound',
      '429 TooManyRequests',
      '403 CallerNotAllowed',
      '403 CallerNotAllowed',
      '400 InvalidRequest',
    ]);
  });
});

test('every request to Graph is one that Microsoft has', () => {
  expect(unknownToMicrosoft(stage.tenant)).toEqual([]);
});
