import type { LimeSharedId } from '../interfaces/cluster.interface.js';
import type { RedisClient } from './redis-clients.js';
import type { RedisKeys } from './redis-keys.js';

/** A passport that was issued at the last moment lives on for two minutes, and clocks differ. */
const AFTERLIFE_MS = 3 * 60_000;

/** What the replicas of a site started, and what was used up. */
export class SharedIds {
  constructor(
    private readonly client: RedisClient,
    private readonly keys: RedisKeys,
  ) {}

  async remember(kind: LimeSharedId, id: string, expiresAt: Date): Promise<void> {
    const key = this.keys.known(kind, id);
    await this.client.set(key, '1', 'PX', remainingMs(expiresAt) + AFTERLIFE_MS);
  }

  async knows(kind: LimeSharedId, id: string): Promise<boolean> {
    const keys = [this.keys.known(kind, id), ...(kind === 'login' ? [this.keys.settled(id)] : [])];
    return (await this.client.exists(keys)) > 0;
  }

  /** @returns whether this was the first time. */
  async claim(use: string, expiresAt: Date): Promise<boolean> {
    const ttlMs = remainingMs(expiresAt) + AFTERLIFE_MS;
    return (await this.client.set(this.keys.used(use), '1', 'PX', ttlMs, 'NX')) === 'OK';
  }
}

function remainingMs(expiresAt: Date): number {
  return Math.max(0, Math.ceil(expiresAt.getTime() - Date.now()));
}
