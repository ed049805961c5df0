import type { Clock } from '../common/clock.js';
import type { LoginRequests } from './login-requests.js';

/** How long after `expiresAt` LIME may still report the outcome. */
const GRACE_MS = 2_000;
/** The pending requests are not scanned more often than this, however many there are. */
const MIN_PAUSE_MS = 250;
/** An overdue request that cannot expire yet is looked at again after this. */
const RECHECK_MS = 1_000;

export interface ExpiryOptions {
  requests: LoginRequests;
  clock: Clock;
  /** Called for each request whose outcome LIME has not reported in time. */
  onOverdue: (requestId: string) => void;
}

/** Expires requests that stay without an outcome: a waiting person must not wait for ever. */
export class Expiry {
  readonly #options: ExpiryOptions;
  #cancel: (() => void) | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #running = false;

  constructor(options: ExpiryOptions) {
    this.#options = options;
  }

  /** Call it when handlers can be invoked. Requests that were added before are watched from now on. */
  start(): void {
    this.#running = true;
    for (const expiresAt of this.#options.requests.pending.values())
      this.#arm(expiresAt + GRACE_MS);
  }

  /** A request with this `expiresAt` was added. */
  watch(expiresAt: Date): void {
    if (this.#running) this.#arm(expiresAt.getTime() + GRACE_MS);
  }

  stop(): void {
    this.#running = false;
    this.#cancel?.();
  }

  /** One timer, for the request that is due first. */
  #arm(dueAt: number): void {
    if (dueAt >= this.#dueAt) return;
    this.#cancel?.();
    this.#dueAt = dueAt;
    const waitMs = Math.max(dueAt - this.#options.clock.now(), MIN_PAUSE_MS);
    this.#cancel = this.#options.clock.schedule(() => this.#expireOverdue(), waitMs);
  }

  #expireOverdue(): void {
    const { requests, clock, onOverdue } = this.#options;
    const now = clock.now();
    let next = Number.POSITIVE_INFINITY;
    this.#dueAt = next;
    for (const [requestId, expiresAt] of requests.pending) {
      if (expiresAt + GRACE_MS <= now) onOverdue(requestId);
      if (!requests.pending.has(requestId)) continue;
      // Its approval is being verified, or the cluster is being asked.
      const recheckAt = expiresAt + GRACE_MS <= now ? now + RECHECK_MS : 0;
      next = Math.min(next, Math.max(expiresAt + GRACE_MS, recheckAt));
    }
    if (this.#running && next < Number.POSITIVE_INFINITY) this.#arm(next);
  }
}
