// A placeholder that the sender's template engine did not fill in: Jira, Zendesk and Freshworks {{…}},
// Halo <<…>>, JavaScript and ManageEngine ${…}, Power Automate @{…}.

const brackets = [
  ['{{', '}}'],
  ['<<', '>>'],
  ['${', '}'],
  ['@{', '}'],
] as const;

/** By position and not by a pattern, which would take quadratic time over a body of brackets. */
export const isResidue = (text: string): boolean =>
  brackets.some(([open, close]) => {
    const start = text.indexOf(open);
    return start >= 0 && text.indexOf(close, start + open.length) >= 0;
  });
