import { Keyv, type KeyvOptions } from 'keyv';
import type { LimeSiteStore, LimeStoreKind } from 'nestjs-lime-sites';

/** Keeps what guards know in any database that has an adapter for Keyv. `claim()` is atomic within this process only. */
export class KeyvStore implements LimeSiteStore {
  private readonly keyv: Keyv<true>;
  /** Keys whose claim has not ended. */
  private readonly claiming = new Set<string>();

  constructor(options: KeyvOptions) {
    // By default Keyv hides errors: in an outage every login would look unknown, and every passport unused.
    this.keyv = new Keyv({ namespace: 'lime', ...options, throwOnErrors: true });
  }

  async remember(kind: LimeStoreKind, id: string, expiresAt: Date): Promise<void> {
    await this.set(`${kind} ${id}`, expiresAt);
  }

  async knows(kind: LimeStoreKind, id: string): Promise<boolean> {
    return this.keyv.has(`${kind} ${id}`);
  }

  async claim(key: string, expiresAt: Date): Promise<boolean> {
    if (this.claiming.has(key)) return false;
    this.claiming.add(key);
    try {
      if (await this.keyv.has(`used ${key}`)) return false;
      await this.set(`used ${key}`, expiresAt);
      return true;
    } finally {
      this.claiming.delete(key);
    }
  }

  private async set(name: string, expiresAt: Date): Promise<void> {
    const ttlMs = Math.max(1, expiresAt.getTime() - Date.now()); // 0 would keep it for ever
    if (!(await this.keyv.set(name, true, ttlMs))) throw new Error(`Keyv did not store "${name}"`);
  }
}
