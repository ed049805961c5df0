import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Message } from './story.js';

/** A replica in a process of its own. */
export class ReplicaProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  /** The logins that are with its handler. */
  readonly inHand = new Set<string>();

  private constructor(
    readonly number: number,
    env: Record<string, string>,
    onMessage: (message: Message, replica: ReplicaProcess) => void,
  ) {
    this.#child = fork(fileURLToPath(new URL('replica.js', import.meta.url)), {
      env: { ...process.env, ...env },
    });
    this.#ended = once(this.#child, 'exit');
    this.#child.on('message', (message: Message) => {
      if (message.kind === 'begins') this.inHand.add(message.requestId);
      if (message.kind === 'settled') this.inHand.delete(message.requestId);
      onMessage(message, this);
    });
  }

  /** Resolves with the replica and its address when it listens. */
  static start(
    number: number,
    env: Record<string, string>,
    onMessage: (message: Message, replica: ReplicaProcess) => void,
  ): Promise<[ReplicaProcess, url: string]> {
    return new Promise((resolve) => {
      const replica = new ReplicaProcess(number, env, (message) => {
        if (message.kind === 'listens') resolve([replica, message.url]);
        else onMessage(message, replica);
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
}
