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

/** A binding that this browser started at LIME and that has no outcome yet. */
export interface PendingBinding {
  readonly bindingId: string;
  /** The account that started it. The agent is connected to no other. */
  readonly account: string;
}

/** More than a person looks back at. */
const MAX_LOGINS = 20;

/** What the site knows about one browser. */
export class Session {
  agent: SignedInAgent | undefined;
  /** The last one that was started; it replaces an earlier one. */
  binding: PendingBinding | undefined;
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
