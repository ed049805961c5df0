import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from '../support/checks.mjs';
import { codeOf, fileOf } from '../support/pages.mjs';
import { nodeBinary } from '../support/command.mjs';

const GUIDE = 'docs/testing.md';
const APP = fileOf('README.md', 'app.module.ts');
/** Tests for jest, and how many there are in them. */
const SPECS = new Map([
  ['agent-logins.spec.ts', fileOf('README.md', 'agent-logins.spec.ts')],
  ['expiry.spec.ts', fileOf(GUIDE, 'expiry.spec.ts')],
  ['agents.spec.ts', fileOf(GUIDE, 'agents.spec.ts')],
]);
const TESTS = 5;
const JEST_IMPORT = /^import .* from '@jest\/globals';\n/m;
const JEST = '../../node_modules/jest/bin/jest.js';
const VM_MODULES = '--experimental-vm-modules';

/** A CommonJS project as the CLI of Nest 12 sets it up. */
const NEST_NEW_CJS = `module.exports = {
  testEnvironment: 'node',
  moduleFileExtensions: ['js', 'json', 'ts'],
  transform: { '^.+\\\\.(t|j)s$': 'ts-jest' },
};
`;

/** What the guide on testing says about each runner. */
export const RECIPES = [
  {
    name: 'vitest',
    type: 'module',
    files: () => specs((text) => text.replace(JEST_IMPORT, `${onlyLine('vitest')}\n`)),
    args: ['../../node_modules/vitest/vitest.mjs', 'run', '--reporter=json'],
    passed: numPassedTests,
    tests: TESTS,
  },
  {
    name: 'jest-esm',
    type: 'module',
    files: () => specs(),
    args: [VM_MODULES, JEST, '--json'],
    passed: numPassedTests,
    tests: TESTS,
  },
  {
    name: 'jest-cjs',
    type: 'commonjs',
    files: () => commonJs(),
    args: [JEST, '--json'],
    passed: numPassedTests,
    tests: TESTS,
  },
  {
    name: 'jest-cjs-by-node',
    type: 'commonjs',
    node: '24',
    files: () => ({ ...commonJs(), 'jest.config.js': NEST_NEW_CJS }),
    args: [VM_MODULES, JEST, '--json'],
    passed: numPassedTests,
    tests: TESTS,
  },
  {
    name: 'node-test',
    type: 'module',
    files: () => ({}),
    args: ['--test', '--test-reporter=tap', 'dist/agent-logins.test.js'],
    passed: (said) => Number(/^# pass (\d+)$/m.exec(said)?.[1]),
    tests: 1,
  },
];

/** Writes a project for each recipe beside each other; they share what is installed above them, and one compiler run. */
export async function buildRecipes(consumer) {
  const references = RECIPES.map(({ name }) => ({ path: name }));
  write(consumer, 'tsconfig.json', JSON.stringify({ files: [], references }));
  for (const { name, type, files } of RECIPES) {
    write(consumer, `${name}/package.json`, JSON.stringify({ private: true, type }));
    write(consumer, `${name}/tsconfig.json`, JSON.stringify(compilerOptions(name)));
    const own = Object.fromEntries(codeOf(GUIDE, name).files);
    for (const [file, text] of Object.entries({ 'app.module.ts': APP, ...own, ...files() })) {
      write(consumer, `${name}/${file}`, text);
    }
  }
  await consumer.run('tsc', ['--build', 'recipes']);
}

/** @throws Error when not exactly the tests of the guide passed. */
export async function runRecipe(consumer, { name, node, args, passed, tests }) {
  const said = await consumer.run(await nodeBinary(node), args, {
    cwd: join(consumer.dir, 'recipes', name),
  });
  expect(passed(said) === tests, `${tests} tests should have passed:\n${said}`);
}

function specs(change = (text) => text) {
  return Object.fromEntries([...SPECS].map(([name, text]) => [name, change(text)]));
}

/** CommonJS projects leave the extension of a relative import out. */
function commonJs() {
  return specs((text) => text.replace(/from '(\.[^']*)\.js'/g, "from '$1'"));
}

function onlyLine(recipe) {
  const { loose } = codeOf(GUIDE, recipe);
  expect(loose.length === 1, `${GUIDE}: ${recipe} should have one block without a file name`);
  return loose[0].trim();
}

function numPassedTests(said) {
  return JSON.parse(said).numPassedTests;
}

/** Only node:test runs what the compiler makes; the others must not find it among their tests. */
function compilerOptions(name) {
  const outDir = name === 'node-test' ? 'dist' : `../../built/${name}`;
  return {
    extends: '../../tsconfig.json',
    compilerOptions: {
      composite: true,
      isolatedModules: true, // as nest new sets it; ts-jest then compiles each file by itself
      outDir,
      rootDir: '.',
      skipLibCheck: true,
    },
    include: ['*.ts'],
  };
}

function write({ dir }, name, text) {
  const path = join(dir, 'recipes', name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
