import type { RootContext } from '../common/root-context.js';
import { TtlMap } from '../common/ttl-map.js';
import { expiredEvent } from './login-event.js';
import type { LoginRequests } from './login-requests.js';
import { forEachPaced, requestStatus, type StatusCallOptions } from './request-status.js';

/** The longest wait for the outcome of a request that this site does not know, in milliseconds. */
const LONGEST_WAIT_MS = 10 * 60_000;
/** An outcome that LIME or another replica sent just before the status call may still be on its way. */
const ARRIVAL_GRACE_MS = 3_000;
/** An answer is good for this long, for pages that subscribe again. */
const ANSWER_TTL_MS = 10_000;
const MAX_ANSWERS = 10_000;
/** Visitors may make up ids, so further requests are not asked for. */
const MAX_QUEUED = 1_000;

/** LIME says that it expired; or no event will come. */
type Answer = 'expired' | 'over';

interface Wait {
  /** Cancels the timer that ends it. */
  cancel: () => void;
}

export interface OutcomeLookupOptions extends StatusCallOptions {
  requests: LoginRequests;
  /** Where status calls run, whichever request asked first. */
  root: RootContext;
  /** Whether the cluster has the login, so that its outcome will arrive. */
  isExpected: (requestId: string) => Promise<boolean>;
}

/**
 * Ends the wait for an outcome that this process may not receive, for example of a login from before a restart: asks LIME once. LIME
 * keeps no passport, so an approval that another process received has no event: the subscription completes without a value.
 */
export class OutcomeLookup {
  readonly #options: OutcomeLookupOptions;
  readonly #answers: TtlMap<Answer>;
  readonly #queue: string[] = [];
  /** By request id. */
  readonly #waits = new Map<string, Wait>();
  readonly #stopping = new AbortController();
  #running = false;

  constructor(options: OutcomeLookupOptions) {
    this.#options = options;
    this.#answers = new TtlMap(options.clock, MAX_ANSWERS);
  }

  /**
   * Looks for the outcome of a request that has a subscriber and is not pending here. Returns at once.
   * @returns a function to call when the last subscriber waits no more.
   */
  start(requestId: string): () => void {
    const answer = this.#answers.get(requestId);
    const wait: Wait = { cancel: () => undefined };
    if (answer) this.#end(requestId, answer);
    else {
      this.#waits.set(requestId, wait);
      this.#endAfter(LONGEST_WAIT_MS, requestId);
      if (this.#queue.length < MAX_QUEUED) this.#queue.push(requestId);
      if (!this.#running) void this.#options.root.run(() => this.#run());
    }
    return () => {
      wait.cancel();
      if (this.#waits.get(requestId) === wait) this.#waits.delete(requestId);
    };
  }

  /** Subscriptions stay as they are; no timer is left. */
  stop(): void {
    this.#stopping.abort();
    for (const wait of this.#waits.values()) wait.cancel();
  }

  async #run(): Promise<void> {
    this.#running = true;
    const { clock } = this.#options;
    const { signal } = this.#stopping;
    while (this.#queue.length > 0 && !signal.aborted)
      await forEachPaced(this.#queue, (id) => this.#lookUp(id), clock, signal);
    this.#running = false;
  }

  async #lookUp(requestId: string): Promise<void> {
    if (!this.#waits.has(requestId)) return;
    if (await this.#options.isExpected(requestId)) return this.#waits.get(requestId)?.cancel();
    const status = await requestStatus(requestId, this.#options);
    if (status === 'expired') this.#end(requestId, 'expired');
    else if (status === 'approved' || status === 'unknown')
      this.#endAfter(ARRIVAL_GRACE_MS, requestId);
  }

  #endAfter(ms: number, requestId: string): void {
    const wait = this.#waits.get(requestId);
    if (!wait || this.#stopping.signal.aborted) return;
    wait.cancel();
    wait.cancel = this.#options.clock.schedule(() => this.#end(requestId, 'over'), ms);
  }

  #end(requestId: string, answer: Answer): void {
    const { requests, clock } = this.#options;
    this.#answers.set(requestId, answer, ANSWER_TTL_MS);
    const isExpired = answer === 'expired';
    requests.complete(
      requestId,
      isExpired ? expiredEvent(requestId, 'platform', clock.now()) : undefined,
    );
  }
}
