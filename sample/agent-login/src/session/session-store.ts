import { type SessionData, Store } from 'express-session';
import type { SiteData } from '../data/site-data.js';

const IDLE_MS = 2 * 60 * 60_000;

/**
 * Keeps the sessions, and ends those that have been idle for two hours. A real site has a store of express-session in its place,
 * such as `connect-redis` with a `ttl`.
 */
export class SessionStore extends Store {
  constructor(private readonly data: SiteData) {
    super();
  }

  override get(id: string, done: (error: unknown, session?: SessionData | null) => void): void {
    done(null, this.data.get(keyOf(id)) as SessionData | undefined);
  }

  override set(id: string, session: SessionData, done?: () => void): void {
    this.data.set(keyOf(id), session, IDLE_MS);
    done?.();
  }

  override destroy(id: string, done?: () => void): void {
    this.data.delete(keyOf(id));
    done?.();
  }

  /** Each request with a session that it does not change ends here. */
  override touch(id: string, _session: SessionData, done?: () => void): void {
    const session = this.data.get(keyOf(id));
    if (session) this.data.set(keyOf(id), session, IDLE_MS);
    done?.();
  }
}

function keyOf(id: string): string {
  return `session ${id}`;
}
