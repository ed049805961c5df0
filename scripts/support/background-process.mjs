import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A command that keeps running, in a process group of its own, as a terminal would start it. */
export class BackgroundProcess {
  output = '';
  errors = '';
  #child;
  #closed;

  constructor(cmd, args, { cwd, env } = {}) {
    this.#child = spawn(cmd, args, {
      cwd,
      env: env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#child.stdout.on('data', (chunk) => (this.output += chunk));
    this.#child.stderr.on('data', (chunk) => (this.errors += chunk));
    this.#closed = once(this.#child, 'close').then(([code, signal]) => ({ code, signal }));
  }

  /** Resolves with the match as soon as the output has one. */
  says(pattern, timeoutMs) {
    return this.#until(() => pattern.exec(this.output), `${pattern}`, timeoutMs);
  }

  /** Resolves as soon as something on this machine takes connections to the port. */
  listens(port, timeoutMs) {
    return this.#until(() => takesConnections(port), `a listener on port ${port}`, timeoutMs);
  }

  async #until(look, what, timeoutMs) {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const found = await look();
      if (found) return found;
      const over = this.#child.exitCode !== null || this.#child.signalCode !== null;
      if (over || performance.now() > deadline) {
        throw new Error(
          `${over ? 'ended' : `${timeoutMs} ms passed`} without ${what}:\n${this.output}${this.errors}`,
        );
      }
      await sleep(20);
    }
  }

  /** Sends a signal to the process alone, or to its whole group as Ctrl-C does, and waits for the end. */
  async end(signal, { group }) {
    const started = performance.now();
    process.kill(group ? -this.#child.pid : this.#child.pid, signal);
    const ended = await Promise.race([this.#closed, sleep(10_000)]);
    if (ended === undefined) throw new Error(`still running 10 s after ${signal}:\n${this.output}`);
    return { ...ended, ms: performance.now() - started };
  }

  /** Whatever happened: nothing stays behind. */
  kill() {
    try {
      process.kill(-this.#child.pid, 'SIGKILL');
    } catch {
      // it has ended
    }
  }
}

async function takesConnections(port) {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
