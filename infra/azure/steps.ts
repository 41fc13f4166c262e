// A list of things to be done at Microsoft Graph, each only if it is not so yet. Stops at the first
// refusal and tells before and after; knows nothing of what the steps are.

import { type Reply, wordsOf } from './graph-admin.ts';
import { sentenceOf } from './terminal.ts';

export interface Step {
  readonly what: string;
  /** It is as it should be already. */
  readonly present: boolean;
  /** Should be gone, not there. */
  readonly takesAway?: boolean;
  /** Directory role that may take this step; named when Graph refuses. */
  readonly needs: string;
  readonly take: () => Promise<Reply>;
}

export interface Walk {
  /** what, before, after */
  readonly rows: readonly (readonly [string, string, string])[];
  readonly changed: number;
  /** Why it stopped; undefined = everything is as it should be. */
  readonly refusal: string | undefined;
}

/** Stops at the first refusal: what may not be done once will not be allowed the next time. */
export async function walk(steps: readonly Step[], whatIf: boolean): Promise<Walk> {
  const rows: [string, string, string][] = [];
  let changed = 0;
  let refusal: string | undefined;
  for (const step of steps) {
    const [isSo, isNot] = step.takesAway ? ['no', 'yes'] : ['yes', 'no'];
    const idle = step.present || whatIf || refusal !== undefined;
    const outcome = idle ? undefined : await outcomeOf(step);
    if (outcome === 'done') changed += 1;
    else if (outcome !== 'there') refusal ??= outcome;
    rows.push(
      step.present || outcome === 'there'
        ? [step.what, isSo, isSo]
        : [step.what, isNot, afterwards(outcome, isSo, whatIf)],
    );
  }
  return { rows, changed, refusal };
}

const afterwards = (outcome: string | undefined, isSo: string, whatIf: boolean): string => {
  if (whatIf) return `would be ${isSo}`;
  if (outcome === undefined) return 'not tried';
  if (outcome !== 'done') return 'REFUSED';
  return isSo === 'yes' ? 'yes, new' : 'no, taken';
};

/** Graph's answer to a write is the truth; reading back at once may show the old state. */
async function outcomeOf({
  what,
  takesAway = false,
  needs,
  take,
}: Step): Promise<'done' | 'there' | string> {
  try {
    const reply = await take();
    if (isDone(reply)) return 'done';
    return (takesAway ? isGone(reply) : isThere(reply)) ? 'there' : explain(what, needs, reply);
  } catch (error) {
    return `${what}: ${sentenceOf(error)}\nIt may have been done all the same; a second run will see.`;
  }
}

export const isDone = ({ status }: Reply): boolean => status >= 200 && status < 300;

/** Somebody else was faster, or a list lagged: Graph says so with a plain 400 and these words. */
const isThere = (reply: Reply): boolean =>
  reply.status === 400 && /already exists|conflicting object/i.test(wordsOf(reply));

const isGone = ({ status }: Reply): boolean => status === 404;

const explain = (what: string, needs: string, reply: Reply): string =>
  reply.status === 403
    ? `Graph refused: ${what}.\nYou need the role ${needs}; if you hold it through PIM, activate it, then az login again.`
    : `Graph refused: ${what} (${wordsOf(reply)}).`;

/** A new object is not known everywhere at once: 404, or "not a valid application", for some seconds. */
export async function settle(
  take: () => Promise<Reply>,
  wait: (ms: number) => Promise<unknown>,
): Promise<Reply> {
  const unknownYet = ({ status, body }: Reply): boolean =>
    status === 404 ||
    (status === 400 && /valid application object|does not exist/i.test(JSON.stringify(body)));
  let reply = await take();
  for (let round = 0; unknownYet(reply) && round < 10; round += 1) {
    await wait(2_000);
    reply = await take();
  }
  return reply;
}
