import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type LimeLoginEvent, LimeSiteService, OnLimeLogin } from 'nestjs-lime-sites';

interface Login {
  /** Whoever has it started the login. */
  readonly ticket: string;
  outcome?: LimeLoginEvent;
}

/** The logins of this process, in memory. */
@Injectable()
export class Logins {
  private readonly logins = new Map<string, Login>();

  constructor(private readonly site: LimeSiteService) {}

  async start(): Promise<{ requestId: string; expiresAt: Date; ticket: string }> {
    const { requestId, expiresAt } = await this.site.createLoginRequest();
    const ticket = randomBytes(32).toString('base64url');
    this.logins.set(requestId, { ticket });
    return { requestId, expiresAt, ticket };
  }

  @OnLimeLogin()
  settle(event: LimeLoginEvent): void {
    const login = this.logins.get(event.requestId);
    if (login) login.outcome = event;
  }

  find(requestId: string, ticket: string | undefined): Login | undefined {
    const login = this.logins.get(requestId);
    return login?.ticket === ticket ? login : undefined;
  }
}
