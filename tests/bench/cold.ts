// Cold figures: how long the bundle takes to load, and a process to its first answered reset.

import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type App, entryOf } from './apps.ts';
import { alternate, type Line, median, timed } from './measure.ts';
import { mustReset, reset, type Stage } from './stage.ts';

const rounds = 7;

/** Loads an entry file with a stand-in for the worker's module and prints the milliseconds. */
const loader = `
const Module = require('node:module');
const disposable = { dispose() {} };
const core = {
  version: '3', hostVersion: '4', setProgrammingModel() {}, getProgrammingModel() {}, log() {},
  registerHook: () => disposable, registerFunction: () => disposable,
  Disposable: class { static from() { return disposable; } },
};
const own = Module.prototype.require;
Module.prototype.require = function (id) {
  return id === '@azure/functions-core' ? core : own.call(this, id);
};
const start = performance.now();
require(process.argv[1]);
console.log(performance.now() - start);
process.exit();
`;

export async function loadFigures(stage: Stage): Promise<readonly Line[]> {
  const env = { ...stage.tenant.environment, AzureWebJobsStorage: stage.connectionString };
  const load = (app: App) => async (): Promise<number> => {
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', loader, entryOf(app)], {
      env,
    });
    return Number(stdout.trim().split('\n').at(-1));
  };
  const contestants = {
    product: load('product'),
    rival: load('straightforward'),
    empty: load('empty'),
  };
  const figures = await alternate(contestants, rounds);
  const rival = median(figures.rival);
  const ratio = median(figures.product) / rival;
  return [
    { what: 'load of the straightforward function', figure: `${rival.toFixed(0)} ms` },
    {
      what: 'load of @azure/functions alone, ratio',
      figure: (median(figures.empty) / rival).toFixed(2),
    },
    {
      what: 'load of the bundle, ratio',
      figure: ratio.toFixed(2),
      target: '<= 0.20',
      met: ratio <= 0.2,
    },
  ];
}

export async function startFigures(stage: Stage): Promise<readonly Line[]> {
  const toFirstAnswer = (app: App) => async (): Promise<number> => {
    const [user = ''] = stage.users(1);
    const start = performance.now();
    const host = await stage.host(app);
    await mustReset(host, user);
    const elapsed = performance.now() - start;
    await host.stop();
    return elapsed;
  };
  const figures = await alternate(
    {
      product: toFirstAnswer('product'),
      rival: toFirstAnswer('straightforward'),
      empty: toFirstAnswer('empty'),
    },
    rounds,
  );
  const floor = median(figures.empty);
  const rival = median(figures.rival) - floor;
  const ratio = (median(figures.product) - floor) / rival;
  return [
    { what: 'process start to first answer, empty function', figure: `${floor.toFixed(0)} ms` },
    { what: '  straightforward function, above the empty one', figure: `${rival.toFixed(0)} ms` },
    {
      what: '  product, above the empty one, ratio',
      figure: ratio.toFixed(2),
      target: '<= 0.35',
      met: ratio <= 0.35,
    },
  ];
}

const warmUpMs = 2_500;

export async function firstRequestFigures(stage: Stage): Promise<readonly Line[]> {
  const first = (app: App) => async (): Promise<number> => {
    const [user = ''] = stage.users(1);
    const host = await stage.host(app);
    await sleep(warmUpMs);
    const elapsed = await timed(() => reset(host, user));
    await host.stop();
    return elapsed;
  };
  const figures = await alternate({ warm: first('product'), cold: first('product-cold') }, 5);
  const [warm, cold] = [median(figures.warm), median(figures.cold)];
  return [
    { what: 'first request without warm-up', figure: `${cold.toFixed(0)} ms` },
    { what: 'first request after warm-up, ratio', figure: (warm / cold).toFixed(2) },
  ];
}
