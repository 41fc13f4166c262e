// The story alone: a request from its bytes to its answer with ports that answer at once. What is left of
// the answer's own time is the SDKs' work and the host's.

import { aJourney } from '../support/a-journey.ts';
import { type Line, median } from './measure.ts';

const warmUps = 200;
const rounds = 500;

export async function storyFigures(): Promise<readonly Line[]> {
  const elapsed: number[] = [];
  for (let round = 0; round < warmUps + rounds; round += 1) {
    const { handle } = aJourney();
    const from = performance.now();
    const { status } = await handle();
    const to = performance.now();
    if (status !== 200) throw new Error(`The story in the bench was answered ${status}.`);
    if (round >= warmUps) elapsed.push(to - from);
  }
  const own = median(elapsed);
  return [
    {
      what: '  of it the story: reading, guard, keys, password, records, answer',
      figure: `${own.toFixed(2)} ms`,
    },
  ];
}
