// A worker whose clock is wrong: what its process is started with, so that every date in it is so much later (or
// earlier) than ours. Timers run as ever.

const source = (ms: number): string => `
  const Real = Date;
  globalThis.Date = class extends Real {
    constructor(...parts) { if (parts.length === 0) super(Real.now() + ${ms}); else super(...parts); }
    static now() { return Real.now() + ${ms}; }
  };`;

/** Settings of a host; seconds by which its clock is ahead (negative: behind). */
export const clockAhead = (seconds: number): Readonly<Record<string, string>> => ({
  NODE_OPTIONS: `--import=data:text/javascript;base64,${Buffer.from(source(seconds * 1000)).toString('base64')}`,
});
