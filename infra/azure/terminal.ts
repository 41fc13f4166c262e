// How the tools of this folder speak to a person: help, one sentence on failure, aligned tables of at
// most 100 columns, and no character that a terminal would obey. Knows nothing of Azure.

export type Say = (line: string) => void;

/** Ends the process: 0 when `main` says true. A failure is a sentence, never a stack trace. */
export async function runTool(
  usage: string,
  main: (argv: readonly string[]) => Promise<boolean>,
): Promise<void> {
  const argv = process.argv.slice(2);
  if (argv.includes('--help') || argv.includes('-h')) {
    console.log(usage);
    return;
  }
  try {
    process.exitCode = (await main(argv)) ? 0 : 1;
  } catch (error) {
    console.error(sentenceOf(error));
    process.exitCode = 1;
  }
}

/** What can be said of a failure. A mistyped option is answered with the way to the help. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const mistyped = 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  return mistyped ? `${error.message}\nAll options: add --help` : error.message;
}

/** Control, format and direction characters, written out: what others typed must not steer a terminal. */
export const printable = (text: string): string =>
  text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );

const columns = 100;
const gap = 2;
const narrowest = 20;

/** Breaks at blanks, and inside a word only when it is longer than the line. */
function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
    for (; line.length > width; line = line.slice(width)) lines.push(line.slice(0, width));
  }
  return [...lines, line];
}

/** Columns as wide as their widest cell, but not wider than `limits`; the last gets what is left of the line. */
export function table(
  rows: readonly (readonly string[])[],
  limits: readonly number[] = [],
  lineWidth = columns,
): readonly string[] {
  const cells = rows.map((row) => row.map(printable));
  const count = Math.max(0, ...cells.map((row) => row.length));
  const widths: number[] = [];
  for (let column = 0; column < count; column += 1) {
    const widest = Math.max(...cells.map((row) => row[column]?.length ?? 0));
    const left = lineWidth - widths.reduce((sum, width) => sum + width + gap, 0);
    const last = column === count - 1;
    widths.push(last ? Math.max(left, narrowest) : Math.min(widest, limits[column] ?? widest));
  }
  return cells.flatMap((row) => {
    const wrapped = row.map((cell, column) => wrap(cell, widths[column] ?? lineWidth));
    const height = Math.max(...wrapped.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) =>
      wrapped
        .map((lines, column) => (lines[line] ?? '').padEnd((widths[column] ?? 0) + gap))
        .join('')
        .trimEnd(),
    );
  });
}
