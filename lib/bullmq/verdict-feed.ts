import type { LimeClusterReplica } from '../interfaces/cluster.interface.js';
import type { LimeLogger } from '../common/logger.js';
import type { LoginRecord } from '../interfaces/login-record.interface.js';
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

  /** Asks for what somebody waits for: it may have been announced while nobody here could hear it, or ask. */
  async catchUp(): Promise<void> {
    try {
      for (const requestId of this.replica.awaited()) {
        const verdict = await this.settlements.verdictOn(requestId);
        if (verdict) this.replica.settled(verdict);
      }
    } catch (error) {
      // Redis is gone again: everything that is awaited then is asked for when it is back.
      this.logger.debug(`The verdicts of the cluster cannot be had: ${String(error)}`);
    }
  }

  /** Each verdict is kept before it is announced, so whatever was not announced to us is there by then. */
  async #subscribe(): Promise<void> {
    try {
      await this.client.subscribe(this.keys.verdicts);
    } catch (error) {
      return this.logger.debug(`The verdicts of the cluster cannot be heard: ${String(error)}`);
    }
    await this.catchUp();
  }

  #take(text: string): void {
    try {
      this.replica.settled(JSON.parse(text) as LoginRecord);
    } catch (error) {
      this.logger.warn(`A verdict of the cluster could not be taken: ${String(error)}`);
    }
  }
}
