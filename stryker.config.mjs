// Mutation testing of the pure files, against the unit tests alone: `npm run mutate`. The adapters are
// tested against real services, the schemas and the OpenAPI document by the documents made from them.

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate: [
    'lib/**/*.ts',
    '!lib/adapters/**',
    '!lib/generated/**',
    '!lib/openapi.ts',
    '!lib/*-schema.ts',
  ],
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  jest: {
    projectType: 'custom',
    enableFindRelatedTests: false,
    config: {
      testMatch: ['<rootDir>/tests/unit/**/*.test.ts'],
      testPathIgnorePatterns: ['openapi.test.ts$'], // starts a linter of its own
      extensionsToTreatAsEsm: ['.ts'],
      transform: {},
    },
  },
  coverageAnalysis: 'perTest',
  concurrency: 1,
  maxTestRunnerReuse: 100, // modules of earlier runs stay in memory under --experimental-vm-modules
  timeoutMS: 15_000,
  tsconfigFile: 'tsconfig.none.json', // there is none: TypeScript 7 has no compiler API to read one with
  ignorePatterns: ['biome.json', 'dist', '.local', 'coverage', 'infra', 'functions'],
  tempDirName: '.stryker-tmp',
  allowEmpty: false,
  reporters: ['clear-text'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  thresholds: { high: 95, low: 90, break: 90 },
};
