import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type LimeLoginEvent, LimeSiteService, OnLimeLogin } from 'nestjs-lime-sites';

const COOKIE = /(?:^|; *)login=([\w-]+)/;

export interface Login {
  readonly requestId: string;
  outcome?: LimeLoginEvent;
  /** The last binding that the client started, until it connects an agent. */
  bindingId?: string | undefined;
  /** The connected agents. */
  readonly agents: Set<string>;
}

/** The logins of this process, in memory. A login belongs to the client that started it: the request id alone is not enough. */
@Injectable()
export class Logins {
  private readonly byRequestId = new Map<string, Login>();
  private readonly byTicket = new Map<string, Login>();

  constructor(private readonly site: LimeSiteService) {}

  /** @returns the login, and the cookie with which the client comes back to it. */
  async start(): Promise<{ requestId: string; expiresAt: Date; cookie: string }> {
    const { requestId, expiresAt } = await this.site.createLoginRequest();
    const ticket = randomBytes(32).toString('base64url');
    const login: Login = { requestId, agents: new Set() };
    this.byRequestId.set(requestId, login);
    this.byTicket.set(ticket, login);
    return { requestId, expiresAt, cookie: `login=${ticket}; HttpOnly; SameSite=Lax; Path=/api` };
  }

  @OnLimeLogin()
  onLogin(event: LimeLoginEvent): void {
    const login = this.byRequestId.get(event.requestId);
    if (login) login.outcome = event;
  }

  /** @param cookies the `Cookie` header of a request. */
  ofClient(cookies = ''): Login | undefined {
    return this.byTicket.get(COOKIE.exec(cookies)?.[1] ?? '');
  }
}
