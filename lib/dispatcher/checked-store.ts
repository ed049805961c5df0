import type { Clock } from '../common/clock.js';
import { copyError, LimeError, reasonOf } from '../errors/index.js';
import type { LimeSiteStore, LimeStoreKind } from '../interfaces/store.interface.js';
import { PASSPORT_GRACE_MS } from './site-store.js';

export interface CheckedStoreOptions {
  /** What a call may take, in milliseconds. */
  timeoutMs: number;
  /** Removed from errors of the store. */
  secrets: readonly string[];
  clock: Clock;
}

/**
 * The store of the application, whose answers are checked. Every method rejects with a {@link LimeError} `STORE_UNAVAILABLE` when the store
 * throws, does not answer in time, or answers with anything but a boolean where the guards need one.
 */
export class CheckedStore implements LimeSiteStore {
  constructor(
    private readonly store: LimeSiteStore,
    private readonly options: CheckedStoreOptions,
  ) {}

  async remember(kind: LimeStoreKind, id: string, expiresAt: Date): Promise<void> {
    await this.#call('remember', () => this.store.remember(kind, id, withGrace(expiresAt)));
  }

  async knows(kind: LimeStoreKind, id: string): Promise<boolean> {
    return toBoolean('knows', await this.#call('knows', () => this.store.knows(kind, id)));
  }

  async claim(key: string, expiresAt: Date): Promise<boolean> {
    const answer = await this.#call('claim', () => this.store.claim(key, withGrace(expiresAt)));
    return toBoolean('claim', answer);
  }

  #call(method: string, call: () => unknown): Promise<unknown> {
    const { timeoutMs, secrets, clock } = this.options;
    return new Promise((resolve, reject) => {
      const cancelTimeout = clock.schedule(
        () => reject(unavailable(method, `did not answer within ${timeoutMs} ms (timeoutMs)`)),
        timeoutMs,
      );
      void Promise.resolve()
        .then(call)
        .then(resolve, (error: unknown) => {
          const reason = reasonOf(error, secrets);
          reject(unavailable(method, `failed: ${reason}`, copyError(error, secrets)));
        })
        .finally(cancelTimeout);
    });
  }
}

function withGrace(expiresAt: Date): Date {
  return new Date(expiresAt.getTime() + PASSPORT_GRACE_MS);
}

function toBoolean(method: string, answer: unknown): boolean {
  if (typeof answer === 'boolean') return answer;
  throw unavailable(method, `answered with ${typeof answer} instead of true or false`);
}

function unavailable(method: string, problem: string, cause?: Error): LimeError {
  const message = `${method}() of the store ${problem}`;
  return new LimeError('STORE_UNAVAILABLE', message, { ...(cause && { cause }) });
}
