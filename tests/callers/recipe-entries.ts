// The CALLERS entries of all recipes, with keys, client ids and secrets filled in as an operator would.
// Knows how an entry looks, not what it allows.

import { createHash } from 'node:crypto';
import { type Entry, hashOf, keyOf } from './house.ts';
import { fillIn, type Recipe, readRecipe, recipeFiles } from './recipe.ts';

/** The settings that the entries name. */
export const secrets = {
  ZENDESK_SECRET: 'dGhpc19pc19hX3Rlc3Rfc2VjcmV0X29mX3plbmRlc2s=',
  ZAMMAD_SECRET: 'a-token-of-zammad-of-some-length',
  GLPI_SECRET: 'mK4tq9wZb2Vx7Rc1Lp5Yd8Hn3Js6Fg0Te4Ua2Ib7',
  SERVICENOW_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
} as const;

export const clientIdOf = (caller: string): string =>
  createHash('sha256')
    .update(`client ${caller}`)
    .digest('hex')
    .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5');

/** Entries of a recipe by the name of their block. */
export function entriesOf(recipe: Recipe): readonly Entry[] {
  return recipe.blocks
    .filter(({ language, name }) => language === 'json' && name.endsWith('caller'))
    .map(({ text }) => {
      const name = String(JSON.parse(text).name);
      return JSON.parse(
        fillIn(text, [
          ['SHA-256-OF-THE-FUNCTION-KEY', hashOf(keyOf(name))],
          ['YOUR-CLIENT-ID', clientIdOf(name)],
        ]),
      );
    });
}

/** All of them, one each: the pages of the terminals show the same entry. */
export function allEntries(): readonly Entry[] {
  const byText = new Map(
    recipeFiles()
      .flatMap((file) => entriesOf(readRecipe(file)))
      .map((entry) => [JSON.stringify(entry), entry]),
  );
  return [...byText.values()];
}
