import type { Clock } from '../common/clock.js';
import type { LoginLedger } from './login-ledger.js';

/** How long after `expiresAt` LIME's own word is waited for. */
const GRACE_MS = 2_000;
/** However many requests are pending, the whole list is not gone through more often than this. */
const MIN_PAUSE_MS = 250;
/** What is overdue but cannot be settled yet is looked at again after this. */
const SECOND_LOOK_MS = 1_000;

export interface LocalExpiryOptions {
  ledger: LoginLedger;
  clock: Clock;
  /** Called for each request that LIME has said nothing about in time. */
  onOverdue: (requestId: string) => void;
}

/** Settles requests that stay without an outcome: a person who waits must not wait for ever. */
export class LocalExpiry {
  readonly #options: LocalExpiryOptions;
  #cancel: (() => void) | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #stopped = false;

  constructor(options: LocalExpiryOptions) {
    this.#options = options;
  }

  /** A request that expires then has been added to the ledger. */
  watch(expiresAt: Date): void {
    this.#arm(expiresAt.getTime() + GRACE_MS);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  /** One timer, for whichever is due first. */
  #arm(dueAt: number): void {
    if (this.#stopped || dueAt >= this.#dueAt) return;
    this.#cancel?.();
    this.#dueAt = dueAt;
    const waitMs = Math.max(dueAt - this.#options.clock.now(), MIN_PAUSE_MS);
    this.#cancel = this.#options.clock.schedule(() => this.#sweep(), waitMs);
  }

  #sweep(): void {
    const { ledger, clock, onOverdue } = this.#options;
    const now = clock.now();
    let next = Number.POSITIVE_INFINITY;
    this.#dueAt = next;
    for (const [requestId, expiresAt] of ledger.pending) {
      if (expiresAt + GRACE_MS <= now) onOverdue(requestId);
      if (!ledger.pending.has(requestId)) continue;
      // Its approval is being verified just now, or the other replicas are being asked.
      const secondLook = expiresAt + GRACE_MS <= now ? now + SECOND_LOOK_MS : 0;
      next = Math.min(next, Math.max(expiresAt + GRACE_MS, secondLook));
    }
    if (next < Number.POSITIVE_INFINITY) this.#arm(next);
  }
}
