/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  // One more than the cores of a small machine: the files that wait for other processes leave a core idle. Time in tests
  // comes from a manual clock, and limits in real time have room for it.
  maxWorkers: 3,
  // What a test file loads stays in memory (ES modules cannot be unloaded): so a fresh process now and then.
  workerIdleMemoryLimit: '768MB',
  globalSetup: '<rootDir>/jest.global-setup.js',
  testSequencer: '<rootDir>/jest.sequencer.js',
  // A guard against tests that hang, on a busy machine too. How long something may take is said where it is tested.
  testTimeout: 60_000,
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          target: 'es2022',
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  moduleNameMapper: {
    '^nestjs-lime-sites$': '<rootDir>/lib/index.ts',
    '^nestjs-lime-sites/bullmq$': '<rootDir>/lib/bullmq/index.ts',
    '^nestjs-lime-sites/mcp$': '<rootDir>/lib/mcp/index.ts',
    '^nestjs-lime-sites/swagger$': '<rootDir>/lib/swagger/index.ts',
    '^nestjs-lime-sites/terminus$': '<rootDir>/lib/terminus/index.ts',
    '^nestjs-lime-sites/testing$': '<rootDir>/lib/testing/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  collectCoverageFrom: ['lib/**/*.ts', '!lib/**/index.ts'],
  // Istanbul counts in `lib` only. V8's own coverage slows all that is loaded down, the more the longer a process lives.
  coverageProvider: 'babel',
  coverageThreshold: { global: { branches: 95 } },
};
