// The properties by name: `npm test` runs a few hundred cases of each, `npm run fuzz` a hundred thousand.

import fc from 'fast-check';
import { handlerHeaders, handlerPorts } from './journey.ts';
import { reader } from './reader.ts';
import { signatures } from './signatures.ts';
import { tokens } from './tokens.ts';

export interface Ran {
  readonly cases: number;
  readonly seed: number;
  /** The smallest case that fails and how to run it again; undefined when all hold. */
  readonly failure: string | undefined;
}

interface Settings {
  readonly numRuns: number;
  readonly seed?: number;
}

const ran = <T>(details: fc.RunDetails<T>): Ran => ({
  cases: details.numRuns,
  seed: details.seed,
  failure: details.failed ? fc.defaultReportMessage(details) : undefined,
});

export const properties: Readonly<Record<string, (settings: Settings) => Promise<Ran>>> = {
  reader: async (settings) => ran(fc.check(reader, settings)),
  headers: async (settings) => ran(await fc.check(handlerHeaders, settings)),
  signatures: async (settings) => ran(fc.check(signatures, settings)),
  tokens: async (settings) => ran(fc.check(tokens, settings)),
  ports: async (settings) => ran(await fc.check(handlerPorts, settings)),
};
