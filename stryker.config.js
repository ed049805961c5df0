import jestConfig from './jest.config.js';

/**
 * Mutation tests of one file by some of the tests. For each mutant all given test files are loaded, so name few:
 * `TESTS='api/*' npm run mutate -- --mutate lib/api/retry.ts`
 * @type {import('@stryker-mutator/api/core').PartialStrykerOptions}
 */
export default {
  mutate: ['lib/**/*.ts', '!lib/**/index.ts'],
  plugins: ['@stryker-mutator/jest-runner'],
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--no-warnings=ExperimentalWarning'],
  jest: {
    config: {
      ...jestConfig,
      roots: ['<rootDir>/lib', '<rootDir>/test'], // tests are found by what they import from `lib`
      testMatch: [`**/test/${process.env['TESTS'] ?? '**/*'}.spec.ts`],
      // They look at files, browsers and other processes, which run code without mutants.
      testPathIgnorePatterns: ['/test/(browser|cluster|docs|nginx|types)/'],
    },
  },
  coverageAnalysis: 'perTest',
  concurrency: 1,
  timeoutMS: 60_000,
  dryRunTimeoutMinutes: 20,
  reporters: ['clear-text', 'progress'],
  clearTextReporter: { logTests: false, reportTests: false },
  tempDirName: '.stryker',
  ignorePatterns: ['dist', 'coverage', 'docs/api'],
  // The tests need no tsconfig in the copy, and rewriting one needs a `typescript` that npx does not install.
  tsconfigFile: 'none',
};
