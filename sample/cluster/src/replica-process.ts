import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Message } from './story.js';

type Listener = (message: Message, replica: ReplicaProcess) => void;

/** A replica in a process of its own. */
export class ReplicaProcess {
  /** Its base URL. */
  url = '';
  /** The logins in flight in its handler. */
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

  /** Resolves as soon as the replica listens. */
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

  /** Ends it as the loss of its machine would. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** Drains it: waits for the handlers in flight. */
  async end(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await this.#ended;
  }

  #note(message: Message): void {
    if (message.kind === 'listens') this.url = message.url;
    if (message.kind === 'started') this.inFlight.add(message.requestId);
    if (message.kind === 'handled') this.inFlight.delete(message.requestId);
  }
}
