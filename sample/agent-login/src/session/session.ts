import type { Request } from 'express';
import type { PassportClaims } from 'nestjs-lime-sites';

/** A login that this browser has started. */
export interface Login {
  readonly requestId: string;
  readonly expiresAt: Date;
  status: 'pending' | 'approved' | 'expired';
}

/** Who is signed in. The passport stays on the server. */
export interface SignedInAgent {
  readonly claims: PassportClaims;
  readonly passport: string;
  readonly since: Date;
}

/** More than anybody looks back at. */
const MAX_LOGINS = 20;

/** What the site knows about one browser. */
export class Session {
  agent: SignedInAgent | undefined;
  /** Bindings that this browser has started and not come back from. */
  readonly bindings = new Set<string>();
  private readonly logins = new Map<string, Login>();

  addLogin(requestId: string, expiresAt: Date): Login {
    const login: Login = { requestId, expiresAt, status: 'pending' };
    this.logins.set(requestId, login);
    const [oldest] = this.logins.keys();
    if (oldest !== undefined && this.logins.size > MAX_LOGINS) this.logins.delete(oldest);
    return login;
  }

  login(requestId: string): Login | undefined {
    return this.logins.get(requestId);
  }

  /** The one that still waits: a second tab goes on with it. */
  pendingLogin(now = Date.now()): Login | undefined {
    return [...this.logins.values()].findLast(
      ({ status, expiresAt }) => status === 'pending' && expiresAt.getTime() > now,
    );
  }
}

const SESSION = Symbol('session');

/** The session that came with the request's cookie. */
export function sessionOf(request: Request): Session | undefined {
  return Reflect.get(request, SESSION) as Session | undefined;
}

export function attachSession(request: Request, session: Session): void {
  Reflect.set(request, SESSION, session);
}
