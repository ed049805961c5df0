import { Injectable, Logger } from '@nestjs/common';
import { type LimeLoginEvent, LimeSiteService, OnLimeLogin } from 'nestjs-lime-sites';
import type { Observable } from 'rxjs';
import type { Login, Session } from '../session/session.js';
import { Sessions } from '../session/sessions.js';

/** Starts logins, and settles them when their outcome arrives. */
@Injectable()
export class AgentLogins {
  private readonly logger = new Logger(AgentLogins.name);

  constructor(
    private readonly site: LimeSiteService,
    private readonly sessions: Sessions,
  ) {}

  /** The login belongs to the session, and so to one browser. A login that still waits is gone on with. */
  async start(session: Session): Promise<Login> {
    const waiting = session.pendingLogin();
    if (waiting) return waiting;
    const { requestId, expiresAt } = await this.site.createLoginRequest();
    const login = session.addLogin(requestId, expiresAt);
    // An outcome that was faster than the answer is emitted at once; any other comes to settle() by itself.
    this.outcomeOf(requestId)
      .subscribe((event) => this.settle(event))
      .unsubscribe();
    return login;
  }

  /** An approved event is verified, and bound to this request, before it comes here. */
  @OnLimeLogin()
  settle(event: LimeLoginEvent): void {
    const { requestId } = event;
    const session = this.sessions.ofLogin(requestId);
    const login = session?.login(requestId);
    if (!session || !login) return;
    login.status = event.type;
    if (event.type === 'expired') {
      this.logger.log(`@OnLimeLogin: login ${requestId} expired`);
      return;
    }
    const { claims, passport, receivedAt: since } = event;
    session.agent = { claims, passport, since };
    this.logger.log(`@OnLimeLogin: passport verified, agent ${claims.agent_id} is logged in`);
  }

  outcomeOf(requestId: string): Observable<LimeLoginEvent> {
    return this.site.outcomeOf(requestId);
  }
}
