import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Runs a command to its end and gives what it wrote to standard output.
 * @throws Error with all it wrote, when its exit code is not 0 or it takes too long.
 */
export async function command(cmd, args, { cwd, env, timeoutMs = 180_000 } = {}) {
  const child = spawn(cmd, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: AbortSignal.timeout(timeoutMs),
  });
  let stdout = '';
  let all = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
    all += chunk;
  });
  child.stderr.on('data', (chunk) => {
    all += chunk;
  });
  const [code, signal] = await once(child, 'close');
  if (code === 0) return stdout;
  const line = [cmd, ...args].join(' ');
  throw new Error(`${line} ended with ${code ?? signal}:\n${withoutHosts(all).slice(-6000)}`);
}

/** Removes the hosts of package registries from a log. */
function withoutHosts(text) {
  return text.replace(/https?:\/\/(?!127\.0\.0\.1|localhost)[^\s/]+/g, 'https://…');
}

const binaries = new Map();

/** The executable of some version of Node: the running one if it fits, else one from npm. */
export async function nodeBinary(version) {
  if (version === undefined || process.versions.node.startsWith(`${version}.`)) {
    return process.execPath;
  }
  if (!binaries.has(version)) {
    const print = ['-y', '-p', `node@${version}`, 'node', '--print', 'process.execPath'];
    binaries.set(version, command('npx', print));
  }
  return (await binaries.get(version)).trim();
}
