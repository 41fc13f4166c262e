// Placeholders that a ticketing system or a flow did not fill in.

import { expect, test } from '@jest/globals';
import { isResidue } from '../../lib/template-residue.ts';

test.each([
  ['{{issue.key}}', true],
  ['{{}}', true],
  ['a {{issue.key}} b', true],
  ['{{a\nb}}', true],
  ['<<ticket>>', true],
  ['$' + '{ticket}', true],
  ["@{triggerBody()?['upn']}", true],
  ['#' + '{ticket.id}', false],
  ['{% if x %}', false],
  ['', false],
  ['{issue}', false],
  ['{{issue', false],
  ['}}{{issue', false],
  ['>><<', false],
  ['{}}', false],
  ['{{}', false],
  ['{{}}', true],
  ['issue}}', false],
  ['<ticket>', false],
  ['<<ticket', false],
  ['$ticket', false],
  ['@ticket', false],
  ['{ %x% }', false],
  ['adele.vance@contoso.com', false],
  ['100 % of {both}', false],
])('%j: %s', (text, residue) => {
  expect(isResidue(text)).toBe(residue);
});
