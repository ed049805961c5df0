import type { LimeLogger } from '../common/logger.js';
import type { LimeClusterReplica, LoginOutcome } from '../interfaces/cluster.interface.js';
import type { OutcomeStore } from './outcome-store.js';
import type { RedisClient } from './redis-clients.js';
import { isRefusal, type RedisHealth } from './redis-health.js';
import type { RedisKeys } from './redis-keys.js';

export interface OutcomeChannelParts {
  client: RedisClient;
  keys: RedisKeys;
  store: OutcomeStore;
  replica: LimeClusterReplica;
  health: RedisHealth;
  logger: LimeLogger;
}

/** Brings the outcomes of all replicas to this one. Outcomes that it misses without a subscription are read from the store. */
export class OutcomeChannel {
  readonly #parts: OutcomeChannelParts;
  #subscribed = false;

  constructor(parts: OutcomeChannelParts) {
    this.#parts = parts;
    const { client } = parts;
    client.on('message', (_channel: string, json: string) => this.#onMessage(json));
    client.on('ready', () => void this.#subscribe());
    client.on('close', () => {
      this.#subscribed = false;
    });
  }

  /** Reads the outcomes that this replica waits for: they may have been published while it was not subscribed. */
  async catchUp(): Promise<void> {
    const { store, replica, logger } = this.#parts;
    try {
      for (const outcome of await store.outcomesOf(replica.awaited())) replica.onOutcome(outcome);
    } catch (error) {
      // Redis is away again; the next time it is back this replica catches up.
      logger.debug(`No outcomes from Redis: ${String(error)}`);
    }
  }

  /** Called once a second. Without a subscription, for example because Redis refuses it, the replica polls. */
  async poll(): Promise<void> {
    if (this.#subscribed || this.#parts.client.status !== 'ready') return;
    await this.#subscribe();
  }

  /** An outcome is kept before it is published, so what this replica missed is there. */
  async #subscribe(): Promise<void> {
    const { client, keys, health, logger } = this.#parts;
    try {
      await client.subscribe(keys.channel);
      this.#subscribed = true;
    } catch (error) {
      if (isRefusal(error)) health.refused(error);
      else logger.debug(`No subscription to the outcomes of the cluster: ${String(error)}`);
    }
    await this.catchUp();
  }

  #onMessage(json: string): void {
    const { replica, logger } = this.#parts;
    try {
      replica.onOutcome(JSON.parse(json) as LoginOutcome);
    } catch (error) {
      logger.warn(`Skipped an outcome from the cluster: ${String(error)}`);
    }
  }
}
