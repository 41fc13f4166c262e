// What of a person's environment reaches the product at `npm start`, and what never does.

import { expect, test } from '@jest/globals';
import { givenSettings, readFlags } from '../../infra/local/flags.ts';

test('without flags: port 7071, a tenant that is whole, a log', () => {
  expect(readFlags([], {})).toEqual({
    without: [],
    noPim: false,
    latencyMs: 0,
    quiet: false,
    build: true,
    port: 7071,
  });
});

test('every flag is read, and --without as often as it is there', () => {
  const argv = [
    '--without',
    'A',
    '--without',
    'B C',
    '--no-pim',
    '--latency',
    '300',
    '--quiet',
    '--no-build',
  ];
  expect(readFlags(argv, { PORT: '7072' })).toEqual({
    without: ['A', 'B C'],
    noPim: true,
    latencyMs: 300,
    quiet: true,
    build: false,
    port: 7072,
  });
});

test.each([
  [['--latency', '-1'], {}],
  [['--latency=1e9'], {}],
  [['stray'], {}],
  [['--help'], {}],
  [[], { PORT: '70000' }],
  [[], { PORT: '1.5' }],
])('%j %j is answered with text', (argv, env) => {
  expect(typeof readFlags(argv, env)).toBe('string');
});

test("the product's settings and the secrets that CALLERS names are taken, a real tenant's never", () => {
  const callers =
    '[{"name":"zendesk","signature":{"profile":"zendesk","secrets":["ZENDESK_SECRET"]}}]';
  expect(
    givenSettings({
      CALLERS: callers,
      ZENDESK_SECRET: 'a secret of the test',
      COOLDOWN_SECONDS: '0',
      GRAPH_ENDPOINT: 'https://graph.microsoft.com',
      AZURE_CLIENT_ID: '11111111-1111-4111-8111-111111111111',
      AzureWebJobsStorage: 'a real account',
      PATH: '/usr/bin',
    }),
  ).toEqual({ CALLERS: callers, ZENDESK_SECRET: 'a secret of the test', COOLDOWN_SECONDS: '0' });
});

test('CALLERS that is no JSON is passed on: the product says what is wrong with it', () => {
  expect(givenSettings({ CALLERS: '[{' })).toEqual({ CALLERS: '[{' });
});
