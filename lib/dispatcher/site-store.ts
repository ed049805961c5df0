import { setMaxListeners } from 'node:events';
import type { Random } from '../common/backoff.js';
import type { Clock } from '../common/clock.js';
import type { LimeLogger } from '../common/logger.js';

import { TtlSet } from '../common/ttl-map.js';
import type { LimeSiteStore, LimeStoreKind } from '../interfaces/store.interface.js';
import { untilAccepted } from './until-accepted.js';

/** A passport that LIME issued at the last moment lives for two more minutes, and clocks differ. */
const GRACE_MS = 3 * 60_000;

export interface SiteStoreOptions {
  /** What all replicas share, if the site has it. */
  shared: LimeSiteStore | undefined;
  clock: Clock;
  random: Random;
  logger: LimeLogger;
}

/**
 * Knows the logins and bindings that this site started or received, and the passports that were used: in the memory of this process,
 * and in the shared store if there is one.
 */
export class SiteStore implements LimeSiteStore {
  readonly #options: SiteStoreOptions;
  readonly #known: Record<LimeStoreKind, TtlSet>;
  readonly #used: TtlSet;
  readonly #stopping = new AbortController();

  constructor(options: SiteStoreOptions) {
    const { clock } = options;
    this.#options = options;
    this.#known = { login: new TtlSet(clock), binding: new TtlSet(clock) };
    this.#used = new TtlSet(clock);
    setMaxListeners(0, this.#stopping.signal); // one listener for each entry that waits for the store
  }

  /** Remembers in this process only. */
  keep(kind: LimeStoreKind, id: string, expiresAt: Date): void {
    this.#known[kind].add(id, this.#remainingMs(expiresAt));
  }

  /** Waits for the first attempt at the shared store. If that fails, it is retried in the background. */
  async remember(kind: LimeStoreKind, id: string, expiresAt: Date): Promise<void> {
    this.keep(kind, id, expiresAt);
    const { shared, clock, random, logger } = this.#options;
    if (!shared) return;
    await new Promise<void>((resolve) => {
      const attempt = async () => {
        await shared.remember(kind, id, expiresAt);
        resolve();
      };
      const onFailure = (error: unknown) => {
        logger.debug(`The ${kind} ${id} is not in the shared store yet: ${String(error)}`);
        resolve();
      };
      void untilAccepted(attempt, { clock, random, signal: this.#stopping.signal, onFailure });
    });
  }

  /** @throws {LimeError} `CLUSTER_UNAVAILABLE`: this process does not know it, and the shared store cannot be reached. */
  async knows(kind: LimeStoreKind, id: string): Promise<boolean> {
    if (this.#known[kind].has(id)) return true;
    return (await this.#options.shared?.knows(kind, id)) ?? false;
  }

  /** @throws {LimeError} `CLUSTER_UNAVAILABLE`: the shared store cannot be reached. */
  async claim(key: string, expiresAt: Date): Promise<boolean> {
    const { shared } = this.#options;
    if (shared) return shared.claim(key, expiresAt);
    if (this.#used.has(key)) return false;
    this.#used.add(key, this.#remainingMs(expiresAt));
    return true;
  }

  /** Ends the retries. */
  stop(): void {
    this.#stopping.abort();
  }

  #remainingMs(expiresAt: Date): number {
    return Math.max(0, expiresAt.getTime() - this.#options.clock.now()) + GRACE_MS;
  }
}
