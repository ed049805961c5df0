import { type SessionData, Store } from 'express-session';

const IDLE_MS = 2 * 60 * 60_000;

interface Entry {
  readonly json: string;
  usedAt: number;
}

/**
 * Keeps sessions in memory, and ends those that have been idle for two hours. A real site has a store of express-session in
 * its place, such as `connect-redis` with a `ttl`.
 */
export class SessionMemory extends Store {
  private readonly entries = new Map<string, Entry>();

  override get(id: string, done: (error: unknown, session?: SessionData | null) => void): void {
    const entry = this.entries.get(id);
    done(null, entry && !isIdle(entry) ? (JSON.parse(entry.json) as SessionData) : null);
  }

  override set(id: string, session: SessionData, done?: () => void): void {
    for (const [key, entry] of this.entries) if (isIdle(entry)) this.entries.delete(key);
    this.entries.set(id, { json: JSON.stringify(session), usedAt: Date.now() });
    done?.();
  }

  override destroy(id: string, done?: () => void): void {
    this.entries.delete(id);
    done?.();
  }

  /** Each request with a session that it does not change ends here. */
  override touch(id: string, _session: SessionData, done?: () => void): void {
    const entry = this.entries.get(id);
    if (entry) entry.usedAt = Date.now();
    done?.();
  }
}

function isIdle({ usedAt }: Entry): boolean {
  return Date.now() - usedAt > IDLE_MS;
}
