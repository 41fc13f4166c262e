// `npm run caller`: keys made through a played az, entries judged by the product's own rules, and a file
// that is whole whatever goes wrong. What Bicep makes of the file is asked of the compiler, twice.

import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { caller } from '../../infra/azure/caller.ts';
import type { CallerPorts } from '../../infra/azure/caller-changes.ts';
import { judgeWith } from '../../infra/azure/callers-file.ts';
import { callerByKey } from '../../lib/caller.ts';
import { readConfig } from '../../lib/config.ts';
import { playAz } from './admin.ts';
import { foretell, settingsOf } from './deployment.ts';

const place = ['--app', 'reset-x', '--resource-group', 'rg-reset'];

let folder: string;
let keys: Map<string, string>;
let made: number;
let said: string[];
let played: ReturnType<typeof playAz>;
let ports: CallerPorts;
const optionOf = (args: readonly string[], option: string) => args[args.indexOf(option) + 1] ?? '';
const azure: Readonly<Record<string, unknown>> = {
  'functionapp show': { state: 'Running', defaultHostName: 'reset-x.azurewebsites.net' },
  'functionapp function keys list': () => Object.fromEntries(keys),
  'functionapp function keys set': (args: readonly string[]) => {
    const name = optionOf(args, '--key-name');
    made += 1;
    keys.set(name, `key-${made}-of-the-platform==`);
    return { name: `reset-x/resetPassword/${name}`, value: keys.get(name) };
  },
  'functionapp function keys delete': (args: readonly string[]) => {
    keys.delete(optionOf(args, '--key-name'));
  },
};

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'callers-'));
  write([]);
  keys = new Map([['default', 'the-platform-made-this']]);
  made = 0;
  said = [];
  sit(azure);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function sit(answers: Readonly<Record<string, unknown>>): void {
  played = playAz(answers);
  ports = {
    az: played.az,
    say: (line) => said.push(line),
    env: {},
    root: folder,
    file: path.join(folder, 'callers.json'),
    judge: judgeWith(readConfig),
    windows: false,
  };
}
const run = (...args: readonly string[]) => caller([...args, ...place], ports);
const write = (entries: unknown) =>
  writeFileSync(
    path.join(folder, 'callers.json'),
    typeof entries === 'string' ? entries : JSON.stringify(entries),
  );
const text = () => readFileSync(path.join(folder, 'callers.json'), 'utf8');
const written = () => JSON.parse(text());
const outcome = () => said.join('\n');

// sha256 of key-1-of-the-platform== and key-2-of-the-platform==
const hash1 = 'd6604ef3af9f868e4ecaacaf35716e5defb96a5ac46d8cec6b6f076035d5861d';
const hash2 = 'be14db511fc452a3fab870da677ced3f601664c77c6307781ea000f0ffc2b7d8';

test('add: a key of its own, its hash in the file, careful values unless asked, all of it said', async () => {
  expect(await run('add', 'zendesk')).toBe(true);
  expect(written()).toEqual([
    { name: 'zendesk', password: 'withhold', mayEnable: false, key: [hash1] },
  ]);
  expect(played.lines).toEqual([
    'az functionapp show --name reset-x --resource-group rg-reset',
    'az functionapp function keys list --name reset-x --resource-group rg-reset --function-name resetPassword',
    'az functionapp function keys set --name reset-x --resource-group rg-reset --function-name resetPassword --key-name zendesk',
  ]);
  expect(said).toEqual([
    'zendesk is in infra/azure/callers.json, and a caller after the next provision: azd provision',
    '  password           withheld: set, not told (--return tells it)',
    '  disabled accounts  stay disabled (--may-enable enables them)',
    '  limits             500 an hour',
    'It is the first caller: after the next provision every other function key is refused.',
    '',
    'The key, shown this once:',
    "  KEY='key-1-of-the-platform=='",
    'A rehearsal after the provision; it changes nothing:',
    `  curl https://reset-x.azurewebsites.net/api/user/security/reset-password -H "x-functions-key: $KEY" -H "Content-Type: application/json" -d '{"UserName":"adele.vance@contoso.com","DryRun":true}'`,
  ]);
});

test('the key is said once and written nowhere', async () => {
  await run('add', 'zendesk');
  expect(outcome().match(/key-1-of-the-platform==/g)).toHaveLength(1);
  expect(text()).not.toContain('key-1');
  expect(played.lines.join()).not.toContain('key-1');
});

test('add: every wish is an entry that the product accepts', async () => {
  const groups = 'aaaaaaaa-0000-4000-8000-000000000001,aaaaaaaa-0000-4000-8000-000000000002';
  await run(
    'add',
    'flows',
    '--return',
    '--may-enable',
    '--domains',
    'contoso.com, b.example',
    '--groups',
    groups,
    '--limit',
    '60',
  );
  await run('add', 'zendesk', '--signature', 'zendesk:ZENDESK_SECRET,ZENDESK_OLD', '--withhold');
  expect(written()).toEqual([
    {
      name: 'flows',
      password: 'return',
      domains: ['contoso.com', 'b.example'],
      groups: ['aaaaaaaa-0000-4000-8000-000000000001', 'aaaaaaaa-0000-4000-8000-000000000002'],
      mayEnable: true,
      maxResetsPerHour: 60,
      key: [hash1],
    },
    {
      name: 'zendesk',
      signature: { profile: 'zendesk', secrets: ['ZENDESK_SECRET', 'ZENDESK_OLD'] },
      password: 'withhold',
      mayEnable: false,
      key: [hash2],
    },
  ]);
  expect(outcome()).toContain('put the signing secret into the vault as zendesk-secret');
  expect(outcome()).toContain('returned in the answer');
  expect(outcome().match(/It is the first caller/g)).toHaveLength(1);
});

test('a caller with a token needs no key, and az is not asked', async () => {
  const id = 'bbbbbbbb-0000-4000-8000-000000000001';
  expect(await run('add', 'oncall', '--entra-app', id, '--return')).toBe(true);
  expect(written()).toEqual([
    { name: 'oncall', entra: { appIds: [id] }, password: 'return', mayEnable: false },
  ]);
  expect(played.lines).toEqual([]);
  expect(outcome()).toContain(`npm run grant -- --app NAME --allow-caller ${id}`);
});

test('a key name that is taken is not given a new key in silence', async () => {
  keys.set('zendesk', 'somebody uses this');
  await run('add', 'zendesk');
  expect(keys.get('zendesk')).toBe('somebody uses this');
  expect(keys.get('zendesk-2')).toBe('key-1-of-the-platform==');
});

const present = [{ name: 'zendesk', key: ['1'.repeat(64)], password: 'withhold' }];

test.each([
  [['add', 'Zen_Desk'], /No key was made and nothing was written:\n {2}\/1\/name/],
  [['add', 'zendesk'], /zendesk is a caller already/],
  [['add', 'a', '--domains', 'contoso.com,'], /\/1\/domains\/1/],
  [['add', 'a', '--groups', 'sales'], /\/1\/groups\/0/],
  [['add', 'a', '--limit', '2000'], /\/1\/maxResetsPerHour must be <= 1000/],
  [['add', 'a', '--limit', 'x'], /--limit is a whole number/],
  [['add', 'a', '--entra-app', 'x'], /\/1\/entra\/appIds\/0/],
  [['add', 'a', '--signature', 'zendesk'], /--signature is PROFILE:SETTING/],
  [['add', 'a', '--signature', 'zendesk:a-b'], /\/1\/signature\/secrets\/0/],
  [['add', 'a', '--signature', 'jira:SECRET'], /Profiles: standard-webhooks, zendesk/],
  [['add', 'a', '--withhold', '--return'], /not both/],
  [['add', 'a', '--signature', 'glpi:S', '--entra-app', 'x'], /make two callers/],
  [['add'], /Type: npm run caller -- add NAME/],
  [['grow', 'a'], /Type: npm run caller -- add NAME/],
  [['add', 'a', 'b'], /Type: npm run caller -- add NAME/],
  [['rotate', 'nobody'], /No caller is named nobody/],
  [['remove', 'nobody'], /No caller is named nobody/],
  [['rotate', 'zendesk', '--finish'], /zendesk is not in rotation/],
  [['add', 'a', '--may-enbale'], /Unknown option/],
] as const)('%j changes nothing', async (args, sentence) => {
  write(present);
  await expect(run(...args)).rejects.toThrow(sentence);
  expect(written()).toEqual(present);
  expect(played.lines).toEqual([]);
  expect([...keys.keys()]).toEqual(['default']);
});

test.each([
  ['{"not":"a list"}', /is no list of callers/],
  ['[{"name":"x"', /is not JSON/],
  ['[{"name":"x","password":"maybe"}]', /is not right as it stands, and nothing was changed:/],
])('a file that is broken already is left as it is: %s', async (broken, sentence) => {
  write(broken);
  await expect(run('add', 'zendesk')).rejects.toThrow(sentence);
  expect(text()).toBe(broken);
  expect(played.lines).toEqual([]);
});

test('when az fails nothing is written', async () => {
  sit({
    ...azure,
    'functionapp function keys set': new Error(
      'az functionapp function keys set\ndid not work: no',
    ),
  });
  await expect(run('add', 'zendesk')).rejects.toThrow('did not work: no');
  expect(text()).toBe('[]');
});

test('a file that somebody else wrote meanwhile is not overwritten, and the key is taken back', async () => {
  const theirs = JSON.stringify(present);
  sit({
    ...azure,
    'functionapp function keys set': () => {
      keys.set('flows', 'k');
      write(theirs);
      return { value: 'k' };
    },
  });
  await expect(run('add', 'flows')).rejects.toThrow('was changed by somebody else meanwhile');
  expect(text()).toBe(theirs);
  expect([...keys.keys()]).toEqual(['default']);
  expect(readdirSync(folder)).toEqual(['callers.json']);
});

test('rotate: two hashes, the newer first; finish keeps it and deletes the older key', async () => {
  await run('add', 'zendesk');
  expect(await run('rotate', 'zendesk')).toBe(true);
  expect(written()[0].key).toEqual([hash2, hash1]);
  expect([...keys.keys()]).toEqual(['default', 'zendesk', 'zendesk-2']);
  expect(outcome()).toContain("KEY='key-2-of-the-platform=='");
  await expect(run('rotate', 'zendesk')).rejects.toThrow('zendesk has two keys already.');

  expect(await run('rotate', 'zendesk', '--finish')).toBe(true);
  expect(written()[0].key).toEqual([hash2]);
  expect([...keys.keys()]).toEqual(['default', 'zendesk-2']);
  expect(played.lines.at(-1)).toBe(
    'az functionapp function keys delete --name reset-x --resource-group rg-reset --function-name resetPassword --key-name zendesk',
  );
  await run('rotate', 'zendesk');
  expect([...keys.keys()]).toEqual(['default', 'zendesk-2', 'zendesk']);
});

test('remove: the entry and its keys go, those of others stay', async () => {
  await run('add', 'zendesk');
  await run('add', 'flows', '--return');
  await run('rotate', 'zendesk');
  expect(await run('remove', 'zendesk')).toBe(true);
  expect(written().map(({ name }: { name: string }) => name)).toEqual(['flows']);
  expect([...keys.keys()]).toEqual(['default', 'flows']);
});

test('the last caller is not removed by the way: that would open the endpoint to every key', async () => {
  await run('add', 'zendesk');
  await expect(run('remove', 'zendesk')).rejects.toThrow('zendesk is the last caller.');
  expect(written()).toHaveLength(1);
  expect([...keys.keys()]).toEqual(['default', 'zendesk']);
  expect(await run('remove', 'zendesk', '--open-to-every-key')).toBe(true);
  expect(text()).toBe('[]\n');
});

test('a key that az could not delete is said, and the entry is gone all the same', async () => {
  await run('add', 'zendesk');
  await run('add', 'flows');
  sit({ ...azure, 'functionapp function keys delete': new Error('no right') });
  expect(await run('remove', 'zendesk')).toBe(false);
  expect(written()).toHaveLength(1);
  expect(outcome()).toContain(
    'The key itself is still in Azure, and good until the next provision.',
  );
});

test('the app is the one that azd deployed from here, when nobody names one', async () => {
  mkdirSync(path.join(folder, '.azure/prod'), { recursive: true });
  writeFileSync(
    path.join(folder, '.azure/config.json'),
    '{"version":1,"defaultEnvironment":"prod"}',
  );
  writeFileSync(
    path.join(folder, '.azure/prod/.env'),
    'AZURE_FUNCTION_APP_NAME="reset-azd"\nAZURE_RESOURCE_GROUP="rg-azd"\n',
  );
  await caller(['add', 'zendesk'], ports);
  expect(played.lines[0]).toBe('az functionapp show --name reset-azd --resource-group rg-azd');
  rmSync(path.join(folder, '.azure'), { recursive: true });
  await expect(caller(['add', 'flows'], ports)).rejects.toThrow('Which app? Add --app NAME');
});

test('list', async () => {
  await caller(['list'], ports);
  await run('add', 'zendesk', '--signature', 'zendesk:ZENDESK_SECRET');
  await run('rotate', 'zendesk');
  await run(
    'add',
    'flows',
    '--return',
    '--may-enable',
    '--domains',
    'contoso.com',
    '--limit',
    '60',
  );
  said = [];
  await caller(['list'], ports);
  expect(said).toEqual([
    'NAME     COMES WITH                  PASSWORD  ENABLE      LIMITS',
    'zendesk  two keys, rotating,         withhold  -           500 an hour',
    '         signature zendesk',
    'flows    a key                       return    may enable  domains contoso.com, 60 an hour',
  ]);
});

test('the file is left as the formatter of this repository leaves it', async () => {
  await run('add', 'zendesk', '--signature', 'zendesk:ZENDESK_SECRET');
  await run('rotate', 'zendesk');
  expect(text()).toBe(`[
  {
    "name": "zendesk",
    "key": [
      "${hash2}",
      "${hash1}"
    ],
    "signature": {
      "profile": "zendesk",
      "secrets": ["ZENDESK_SECRET"]
    },
    "password": "withhold",
    "mayEnable": false
  }
]
`);
});

test('provisioning twice keeps the callers, and the app accepts them', async () => {
  await run('add', 'zendesk', '--return');
  await run('rotate', 'zendesk');
  const home = path.resolve('.local/azure-tests');
  mkdirSync(home, { recursive: true });
  const copy = path.join(home, `callers-${randomUUID()}.json`);
  try {
    writeFileSync(copy, text());
    const line = `param callers = loadJsonContent('../${path.basename(copy)}')`;
    const first = settingsOf(await foretell('small', line))['CALLERS'];
    const second = settingsOf(await foretell('small', line))['CALLERS'];
    expect(second).toBe(first);
    expect(JSON.parse(String(first))).toEqual([
      { name: 'zendesk', password: 'return', mayEnable: false, key: [hash2, hash1] },
    ]);
    const settings = { CALLERS: String(first), AzureWebJobsStorage: 'UseDevelopmentStorage=true' };
    const config = readConfig(settings);
    const shown = new Headers({ 'x-functions-key': 'key-2-of-the-platform==' });
    expect(callerByKey(config.ok ? config.value.callers : [], shown, null)).toMatchObject({
      ok: true,
      value: { caller: { name: 'zendesk' } },
    });
    expect(config).toMatchObject({
      ok: true,
      value: { callers: [{ name: 'zendesk', password: 'return', mayEnable: false }] },
    });
  } finally {
    rmSync(copy, { force: true });
  }
}, 360_000); // the first compiler of a machine has to be fetched
