// Are the recipes whole? Each page answers the same questions, holds no block that no test sends, and
// shows an entry that keeps passwords out of ticketing systems.

import { describe, expect, test } from '@jest/globals';
import { readRecipe, recipeFiles } from './recipe.ts';
import { allEntries, entriesOf } from './recipe-entries.ts';

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
