import type { LimeClusterReplica, LimeLogger, LoginRecord } from '../index.js';
import type { RedisClient } from './redis-clients.js';
import type { RedisKeys } from './redis-keys.js';
import type { Settlements } from './settlements.js';

/** Brings the verdicts of all replicas to this one. What it misses while Redis is away it asks for afterwards. */
export class VerdictFeed {
  constructor(
    private readonly client: RedisClient,
    private readonly keys: RedisKeys,
    private readonly settlements: Settlements,
    private readonly replica: LimeClusterReplica,
    private readonly logger: LimeLogger,
  ) {}

  /** Listens from now on, over every reconnect. */
  start(): void {
    this.client.on('message', (_channel: string, text: string) => this.#take(text));
    this.client.on('ready', () => void this.#subscribe());
  }

  async #subscribe(): Promise<void> {
    try {
      await this.client.subscribe(this.keys.verdicts);
      // Each verdict is kept before it is announced, so whatever is not announced to us is there by now.
      for (const requestId of this.replica.awaited()) {
        const verdict = await this.settlements.verdictOn(requestId);
        if (verdict) this.replica.settled(verdict);
      }
    } catch (error) {
      // The connection is gone again: the next one asks for everything that is awaited then.
      this.logger.debug(`The verdicts of the cluster cannot be heard: ${String(error)}`);
    }
  }

  #take(text: string): void {
    try {
      this.replica.settled(JSON.parse(text) as LoginRecord);
    } catch (error) {
      this.logger.warn(`A verdict of the cluster could not be taken: ${String(error)}`);
    }
  }
}
