import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const REPORTER = fileURLToPath(new URL('./first-failure.mjs', import.meta.url));
/** A mutant that makes the tests hang is found out, too. */
const TIMEOUT_MS = 180_000;

/**
 * Runs these tests, file after file, until the first one fails.
 * @returns {Promise<string | undefined>} which test failed, or `undefined` if all passed
 */
export async function firstFailure(folder, specs) {
  for (const spec of specs) {
    const failure = await failureIn(folder, spec);
    if (failure) return failure;
  }
  return undefined;
}

async function failureIn(folder, spec) {
  const node = ['--experimental-vm-modules', '--no-warnings=ExperimentalWarning'];
  const jest = ['node_modules/jest/bin/jest.js', spec, '--runInBand', '--reporters', REPORTER];
  const child = spawn(process.execPath, [...node, ...jest], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const timeout = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS);
  let said = '';
  child.stdout.on('data', (part) => (said += part));
  const code = await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(timeout);
  return code === 0 ? undefined : said.trim() || 'it does not run to its end';
}
