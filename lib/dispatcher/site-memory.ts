import { setMaxListeners } from 'node:events';
import type { LimeClusterMember, LimeSharedId } from '../interfaces/cluster.interface.js';
import { untilAccepted } from './until-accepted.js';
import { KnownIds } from '../passport/known-ids.js';
import { UsedPassports } from '../passport/used-passports.js';
import type { Clock } from '../common/clock.js';
import type { LimeLogger } from '../common/logger.js';
import type { Random } from '../common/backoff.js';

export interface SiteMemoryOptions {
  member: LimeClusterMember | undefined;
  clock: Clock;
  random: Random;
  logger: LimeLogger;
}

/** What this site started, and what was used up: remembered by this process, and by all replicas if there is a cluster. */
export class SiteMemory {
  readonly #options: SiteMemoryOptions;
  readonly #known: Record<LimeSharedId, KnownIds>;
  readonly #used: UsedPassports;
  readonly #stopping = new AbortController();

  constructor(options: SiteMemoryOptions) {
    this.#options = options;
    this.#known = { login: new KnownIds(options.clock), binding: new KnownIds(options.clock) };
    this.#used = new UsedPassports(options.clock);
    setMaxListeners(0, this.#stopping.signal);
  }

  /** Remembers it in this process. */
  keep(kind: LimeSharedId, id: string, expiresAt: Date): void {
    this.#known[kind].add(id, expiresAt);
  }

  /** Tells the other replicas. Waits for the first try; if that fails it is tried again beside, for as long as it matters. */
  async share(kind: LimeSharedId, id: string, expiresAt: Date): Promise<void> {
    const { member, clock, random, logger } = this.#options;
    if (!member) return;
    await new Promise<void>((resolve) => {
      const tell = async () => {
        if (clock.now() < expiresAt.getTime()) await member.remember(kind, id, expiresAt);
        resolve();
      };
      const onFailure = (error: unknown) => {
        logger.debug(
          `The other replicas cannot be told of the ${kind} ${id} yet: ${String(error)}`,
        );
        resolve();
      };
      void untilAccepted(tell, { clock, random, signal: this.#stopping.signal, onFailure });
    });
  }

  /**
   * Whether this process started it, or another replica did.
   * @throws {LimeError} `CLUSTER_UNAVAILABLE`: not this process, and the others cannot be asked.
   */
  knows(kind: LimeSharedId, id: string): boolean | Promise<boolean> {
    if (this.#known[kind].has(id)) return true;
    return this.#options.member?.knows(kind, id) ?? false;
  }

  /**
   * Uses up what counts once: of two at the same instant one wins, on whichever replicas they are.
   * @param exp when the passport expires, in seconds since the epoch.
   * @throws {LimeError} `CLUSTER_UNAVAILABLE`: nobody can tell.
   */
  claim(use: string, exp: number): boolean | Promise<boolean> {
    return this.#options.member?.claim(use, new Date(exp * 1000)) ?? this.#used.claim(use, exp);
  }

  /** What the others were not told by now they will not be told. */
  stop(): void {
    this.#stopping.abort();
  }
}
