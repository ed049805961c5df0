import type { Request } from 'express';
import type { SessionData } from 'express-session';
import type { PassportClaims } from 'nestjs-lime-sites';
import { SignInRequired } from '../web/sign-in-required.exception.js';

/** Who is signed in. The passport stays on the server. */
export interface SignedInAgent {
  readonly claims: PassportClaims;
  readonly passport: string;
  /** ISO 8601: a session is stored as JSON. */
  readonly since: string;
}

/** A binding that this browser started at LIME and that has no outcome yet. */
export interface PendingBinding {
  readonly bindingId: string;
  /** The account that started it. The agent is connected to no other. */
  readonly account: string;
}

declare module 'express-session' {
  interface SessionData {
    agent?: SignedInAgent | undefined;
    /** The last login that this browser started. */
    requestId?: string | undefined;
    /** The last binding that this browser started. */
    binding?: PendingBinding | undefined;
  }
}

export type Session = Request['session'];
export type SessionContent = Omit<SessionData, 'cookie'>;

/**
 * Ends the session of a request, and starts one with a new id: a planted id (session fixation) ends with the old session.
 * @param contentFrom gives what the new session holds. Its argument is empty if another request has ended the old session
 * meanwhile: of two requests at once, one takes the content along.
 */
export function renewSession(
  request: Request,
  contentFrom: (old: SessionContent) => SessionContent,
): Promise<void> {
  return new Promise((resolve, reject) => {
    request.session.reload((ended: unknown) => {
      const content = contentFrom(ended ? {} : request.session);
      request.session.regenerate((error?: Error) => {
        if (error) return reject(error);
        Object.assign(request.session, content).save((failure?: Error) => {
          if (failure) reject(failure);
          else resolve();
        });
      });
    });
  });
}

/**
 * Reads the session again, after a wait in which another request may have changed it.
 * @throws SignInRequired if the session has ended: a change would bring it back.
 */
export function reloadSession(request: Request): Promise<Session> {
  return new Promise((resolve, reject) => {
    request.session.reload((ended: unknown) => {
      if (ended) reject(new SignInRequired());
      else resolve(request.session);
    });
  });
}
