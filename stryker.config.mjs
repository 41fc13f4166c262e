// How Stryker mutates one file; tests/mutate.ts says which, and counts. The adapters are not mutated:
// they are tested against real services.

const { MUTATED = 'lib/claim.ts', MUTATED_BY = 'claim', MUTATION_REPORT } = process.env;

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate: [MUTATED],
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  jest: {
    projectType: 'custom',
    enableFindRelatedTests: false,
    config: {
      testMatch: [`<rootDir>/tests/unit/${MUTATED_BY}.test.ts`],
      extensionsToTreatAsEsm: ['.ts'],
      transform: {},
    },
  },
  coverageAnalysis: 'perTest',
  concurrency: 1,
  maxTestRunnerReuse: 40, // under --experimental-vm-modules the modules of earlier runs stay in memory
  timeoutMS: 15_000,
  warnings: { slow: false },
  tsconfigFile: 'tsconfig.none.json', // there is none: TypeScript 7 has no compiler API to read one with
  ignorePatterns: ['biome.json', 'dist', '.local', 'coverage', 'infra', 'functions'],
  tempDirName: '.stryker-tmp',
  reporters: ['clear-text', ...(MUTATION_REPORT ? ['json'] : [])],
  clearTextReporter: {
    allowColor: false,
    logTests: false,
    reportTests: false,
    reportScoreTable: false,
  },
  ...(MUTATION_REPORT ? { jsonReporter: { fileName: MUTATION_REPORT } } : {}),
};
