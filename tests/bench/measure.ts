// Small tools for honest figures: medians of alternating runs, so that a noisy machine is noisy for all.

import { setTimeout as sleep } from 'node:timers/promises';

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Runs the contestants in turn, A B C A B C …, and gives each one's figures. */
export async function alternate<Name extends string>(
  contestants: Readonly<Record<Name, () => Promise<number>>>,
  rounds: number,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(contestants).filter((name): name is Name => name in contestants);
  const figures = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<
    Name,
    number[]
  >;
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) {
      figures[name].push(await contestants[name]());
      await sleep(5);
    }
  }
  return figures;
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

export interface Line {
  readonly what: string;
  readonly figure: string;
  readonly target?: string;
  readonly met?: boolean;
}

export function printTable(lines: readonly Line[]): void {
  const width = Math.max(...lines.map(({ what }) => what.length));
  const figures = Math.max(...lines.map(({ figure }) => figure.length));
  for (const { what, figure, target = '', met } of lines) {
    const verdict = met === undefined ? '' : met ? 'met' : 'MISSED';
    console.log(
      `${what.padEnd(width)}  ${figure.padStart(figures)}  ${target.padEnd(9)} ${verdict}`,
    );
  }
}
