// The queries of alerts and workbook: they ask only for events and fields that the app logs, and each is
// asked by somebody. A renamed event would leave an alert silent for ever.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, jest, test } from '@jest/globals';
import { logLine } from '../../functions/invocation.ts';
import { auditEvents, auditFields } from '../../lib/audit.ts';

const folder = 'infra/azure/queries';
const read = (file: string): string => readFileSync(path.join(folder, file), 'utf8');
const withoutComments = (kql: string): string => kql.replaceAll(/^\s*\/\/.*$/gm, '');
const queries = readdirSync(folder)
  .filter((file) => file !== 'events.kql')
  .sort();
const events = withoutComments(read('events.kql'));

/** The columns that events.kql gives to every query: name → field of the log line. */
const columns = new Map(
  [...events.matchAll(/(\w+) = to\w+\(line\.(\w+)\)/g)].map(([, column, field]) => [column, field]),
);

test('there are eight queries on one foundation', () => {
  expect(queries).toEqual([
    'graph-denials.kql',
    'protected-targets.kql',
    'readiness.kql',
    'refused.kql',
    'resets-per-caller.kql',
    'resets.kql',
    'response-time.kql',
    'unknown-outcomes.kql',
  ]);
});

test('the foundation reads fields that the app logs', () => {
  expect([...columns.keys()]).toEqual([
    'event',
    'code',
    'caller',
    'userId',
    'requestId',
    'because',
    'elapsedMs',
    'status',
    'failed',
    'settings',
  ]);
  for (const [column, field] of columns) {
    expect(column).toBe(field);
    expect(auditFields).toContain(field);
  }
});

test('two lines are never the same text, for the foundation counts a text once', () => {
  jest.useFakeTimers({ now: Date.parse('2026-11-23T09:15:30.000Z') });
  try {
    expect(logLine('ReadinessChecked', { status: 'Ready' })).toBe(
      '{"event":"ReadinessChecked","at":"2026-11-23T09:15:30.000Z","status":"Ready"}',
    );
    jest.advanceTimersByTime(1);
    expect(logLine('ReadinessChecked', { status: 'Ready' })).toBe(
      '{"event":"ReadinessChecked","at":"2026-11-23T09:15:30.001Z","status":"Ready"}',
    );
  } finally {
    jest.useRealTimers();
  }
});

test.each(queries)('%s asks for events that exist', (file) => {
  const asked = [...withoutComments(read(file)).matchAll(/"(\w+)"/g)].map(([, word]) => word ?? '');
  expect(asked.length).toBeGreaterThan(0);
  const failure = readFileSync('lib/failure.ts', 'utf8');
  const known = (word: string): boolean =>
    word in auditEvents || word === 'NotReady' || failure.includes(`code: '${word}'`);
  expect(asked.filter((word) => !known(word))).toEqual([]);
});

test.each(queries)('%s names only columns that there are', (file) => {
  const kql = withoutComments(read(file)).replaceAll(/"[^"]*"/g, '""');
  const own = [...kql.matchAll(/(\w+) =(?!=)/g)].map(([, name]) => name);
  const words = kql.match(/\b[A-Za-z]\w*\b/g) ?? [];
  const language =
    'events where project summarize order by asc desc in and or count countif dcountif max make_set percentile bin isnotnull TimeGenerated';
  const known = new Set([...language.split(' '), ...columns.keys(), ...own]);
  expect(words.length).toBeGreaterThan(3);
  expect(words.filter((word) => !known.has(word))).toEqual([]);
});

test('each query is asked by an alert or the workbook', () => {
  const modules = ['alerts', 'workbook'].map((name) =>
    readFileSync(`infra/azure/modules/${name}.bicep`, 'utf8'),
  );
  const asked = modules.flatMap((text) =>
    [...text.matchAll(/'\.\.\/queries\/([\w-]+\.kql)'/g)].map(([, file]) => file),
  );
  expect([...new Set(asked)].sort()).toEqual(['events.kql', ...queries].sort());
});
