import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { type LimeLoginEvent, LimeSiteService, OnLimeLogin } from 'nestjs-lime-sites';
import type { Request } from 'express';
import type { Observable } from 'rxjs';
import { SiteData } from '../data/site-data.js';
import { renewSession, type SignedInAgent } from '../session/session.js';

/** A login that a browser has started. */
export interface Login {
  readonly requestId: string;
  readonly expiresAt: Date;
  status: 'pending' | 'approved' | 'expired';
  /** The one session that the login belongs to. */
  sessionId: string | undefined;
  /** Approved the login, and waits for the next request of the browser. */
  agent: SignedInAgent | undefined;
}

/** The site forgets a login this long after its request has expired. */
const KEEP_MS = 10 * 60_000;

/**
 * Starts logins, and takes their outcomes. An outcome arrives outside of any request, and only a request can give its browser
 * a new session id: so an approved login waits for the next request of the browser that started it.
 */
@Injectable()
export class AgentLogins implements OnModuleInit {
  private readonly logger = new Logger(AgentLogins.name);
  private readonly logins = new Map<string, Login>();

  constructor(
    private readonly site: LimeSiteService,
    private readonly data: SiteData,
  ) {}

  /** Goes on with the logins of the process before: whatever happened to them meanwhile comes to `onLogin()`. */
  onModuleInit(): void {
    for (const kept of (this.data.get('logins') as Login[] | undefined) ?? []) {
      const expiresAt = new Date(kept.expiresAt); // a text in JSON
      this.logins.set(kept.requestId, { ...kept, expiresAt });
    }
    this.site.resumeLogins([...this.logins.values()].filter(({ status }) => status === 'pending'));
  }

  /** Gives the browser a new session for its login. A login that is still pending goes on in it. */
  async start(request: Request): Promise<Login> {
    const login = this.takePending(request) ?? (await this.create());
    const { requestId } = login;
    await renewSession(request, ({ agent, binding }) => ({ agent, binding, requestId }));
    login.sessionId = request.sessionID;
    this.save();
    return login;
  }

  /** An approved event is verified, and bound to this request, before it comes here. */
  @OnLimeLogin()
  onLogin(event: LimeLoginEvent): void {
    const { requestId } = event;
    const login = this.logins.get(requestId);
    if (login?.status !== 'pending') return;
    login.status = event.type;
    if (event.type === 'expired') {
      this.save();
      this.logger.log(`@OnLimeLogin: login ${requestId} expired`);
      return;
    }
    const { claims, passport, receivedAt } = event;
    login.agent = { claims, passport, since: receivedAt.toISOString() };
    this.save();
    this.logger.log(`@OnLimeLogin: passport verified, agent ${claims.agent_id} is logged in`);
  }

  /** The login of this id, if the session of the request started it. The id alone is not enough. */
  own({ sessionID: sessionId }: Request, requestId: string): Login | undefined {
    const login = this.logins.get(requestId);
    return login?.sessionId === sessionId ? login : undefined;
  }

  /** The last login that the session started. */
  current(request: Request): Login | undefined {
    return this.own(request, request.session.requestId ?? '');
  }

  /** Signs the browser in whose login was approved. It gets a new session, which takes nothing over from the old one. */
  async signIn(request: Request, login: Login): Promise<void> {
    const { agent, requestId } = login;
    if (!agent) return;
    login.agent = undefined; // of two requests at once, one signs in
    await renewSession(request, () => ({ agent, requestId }));
    login.sessionId = request.sessionID;
    this.save();
  }

  /** Drops a login that the person gave up. An agent that approves it later has no effect. */
  drop({ requestId }: Login): void {
    this.logins.delete(requestId);
    this.save();
  }

  outcomeOf(requestId: string): Observable<LimeLoginEvent> {
    return this.site.outcomeOf(requestId);
  }

  /** Takes the pending login out of the old session: of two requests at once, one goes on with it. */
  private takePending(request: Request): Login | undefined {
    const login = this.current(request);
    if (login?.status !== 'pending' || login.expiresAt.getTime() <= Date.now()) return undefined;
    login.sessionId = undefined;
    return login;
  }

  private async create(): Promise<Login> {
    const { requestId, expiresAt } = await this.site.createLoginRequest();
    this.forget();
    const unowned = { sessionId: undefined, agent: undefined };
    const login: Login = { requestId, expiresAt, status: 'pending', ...unowned };
    this.logins.set(requestId, login);
    // An outcome that was faster than the answer is emitted at once; onLogin() gets every other.
    this.outcomeOf(requestId)
      .subscribe((event) => this.onLogin(event))
      .unsubscribe();
    return login;
  }

  private forget(): void {
    const latest = Date.now() - KEEP_MS;
    for (const { requestId, expiresAt } of this.logins.values()) {
      if (expiresAt.getTime() < latest) this.logins.delete(requestId);
    }
  }

  private save(): void {
    this.data.set('logins', [...this.logins.values()]);
  }
}
