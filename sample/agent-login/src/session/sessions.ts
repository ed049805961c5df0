import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { SessionCookie } from './session-cookie.js';
import { attachSession, Session, sessionOf } from './session.js';

const IDLE_MS = 2 * 60 * 60_000;

interface Entry {
  readonly session: Session;
  usedAt: number;
}

/** The sessions, in memory. A real site keeps them where it keeps its others. */
@Injectable()
export class Sessions {
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly cookie: SessionCookie) {}

  /** The session that the request's cookie names, if it is one of ours and not too old. */
  find(request: Request): Session | undefined {
    const entry = this.entries.get(this.cookie.read(request) ?? '');
    if (!entry || isIdle(entry)) return undefined;
    entry.usedAt = Date.now();
    return entry.session;
  }

  /**
   * The session of a browser that is about to log in. Whatever it had moves to a new id, so that an id which somebody
   * slipped to it (session fixation) is worth nothing.
   */
  renew(request: Request, response: Response): Session {
    this.sweep();
    const session = sessionOf(request) ?? new Session();
    this.entries.delete(this.cookie.read(request) ?? '');
    const id = randomBytes(32).toString('base64url');
    this.entries.set(id, { session, usedAt: Date.now() });
    this.cookie.write(response, id);
    attachSession(request, session);
    return session;
  }

  end(request: Request, response: Response): void {
    this.entries.delete(this.cookie.read(request) ?? '');
    this.cookie.clear(response);
  }

  /** The session whose browser started this login. */
  ofLogin(requestId: string): Session | undefined {
    for (const { session } of this.entries.values()) if (session.login(requestId)) return session;
    return undefined;
  }

  private sweep(): void {
    for (const [id, entry] of this.entries) if (isIdle(entry)) this.entries.delete(id);
  }
}

function isIdle({ usedAt }: Entry): boolean {
  return Date.now() - usedAt > IDLE_MS;
}
