import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Message } from './story.js';

type Listener = (message: Message, replica: ReplicaProcess) => void;

/** A replica in a process of its own. */
export class ReplicaProcess {
  /** Where it listens. */
  url = '';
  /** The logins that are with its handler. */
  readonly inFlight = new Set<string>();
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  private constructor(
    readonly number: number,
    env: Record<string, string>,
  ) {
    this.#child = fork(fileURLToPath(new URL('replica.js', import.meta.url)), {
      env: { ...process.env, ...env },
    });
    this.#ended = once(this.#child, 'exit');
  }

  /** Resolves with the replica when it listens. */
  static start(
    number: number,
    env: Record<string, string>,
    listener: Listener,
  ): Promise<ReplicaProcess> {
    const replica = new ReplicaProcess(number, env);
    return new Promise((resolve) => {
      replica.#child.on('message', (message: Message) => {
        replica.#note(message);
        if (message.kind === 'listens') resolve(replica);
        else listener(message, replica);
      });
    });
  }

  /** As when the machine is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** In good order: handlers in flight are waited for. */
  async end(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await this.#ended;
  }

  #note(message: Message): void {
    if (message.kind === 'listens') this.url = message.url;
    if (message.kind === 'begins') this.inFlight.add(message.requestId);
    if (message.kind === 'settled') this.inFlight.delete(message.requestId);
  }
}
