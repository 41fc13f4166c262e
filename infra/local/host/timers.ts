// Timer triggers: what a timer function is given, and when its schedule (NCRONTAB, six fields, seconds first) comes true.
// Used by the host's process only; it runs nothing by itself.

const RANGES = [
  [0, 59],
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 6],
] as const;

export type Schedule = (time: Date) => boolean;

/** Numbers, lists, ranges, steps and stars, in UTC. Throws on anything else, so that no timer is silently never run. */
export function parseSchedule(schedule: string): Schedule {
  const fields = schedule.trim().split(/\s+/);
  if (fields.length !== RANGES.length) {
    throw new Error(`The schedule "${schedule}" does not have six fields.`);
  }
  const allowed = RANGES.map(([from, to], index) => parseField(fields[index] ?? '', from, to));
  return (time) => {
    const parts = [
      time.getUTCSeconds(),
      time.getUTCMinutes(),
      time.getUTCHours(),
      time.getUTCDate(),
      time.getUTCMonth() + 1,
      time.getUTCDay(),
    ];
    return parts.every((part, index) => allowed[index]?.has(part));
  };
}

function parseField(field: string, from: number, to: number): ReadonlySet<number> {
  const values = new Set<number>();
  for (const part of field.split(',')) {
    const found = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part);
    if (found === null) throw new Error(`The local host cannot read "${part}" in a schedule.`);
    const [, low, high, step] = found;
    const first = low === undefined ? from : Number(low);
    const single = low !== undefined && high === undefined && step === undefined;
    const last = single ? first : Number(high ?? to);
    for (let value = first; value <= last; value += Number(step ?? 1)) values.add(value);
  }
  return values;
}

/** The trigger's value as the host sends it. */
export function timerInput(): { readonly json: string } {
  return {
    json: JSON.stringify({
      Schedule: { AdjustForDST: true },
      ScheduleStatus: null,
      IsPastDue: false,
    }),
  };
}
