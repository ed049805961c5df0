import { Injectable, Logger } from '@nestjs/common';
import {
  type LimeLoginEvent,
  LimeSiteService,
  type LoginRequestResult,
  OnLimeLogin,
} from 'nestjs-lime-sites';
import { Sessions } from './sessions.js';

/** Starts logins, and settles them when their outcome arrives. */
@Injectable()
export class AgentLogins {
  private readonly logger = new Logger(AgentLogins.name);

  constructor(
    private readonly site: LimeSiteService,
    private readonly sessions: Sessions,
  ) {}

  async start(): Promise<LoginRequestResult> {
    const login = await this.site.createLoginRequest();
    this.sessions.expect(login.requestId);
    return login;
  }

  /** An approved event is verified, and bound to this request, before it comes here. */
  @OnLimeLogin()
  settle(event: LimeLoginEvent): void {
    const { requestId } = event;
    if (event.type === 'expired') {
      this.sessions.drop(requestId);
      this.logger.log(`@OnLimeLogin: login ${requestId} expired`);
      return;
    }
    this.sessions.open(requestId, event.claims.agent_id, event.passport);
    this.logger.log(`@OnLimeLogin: passport verified, agent ${event.claims.agent_id} is logged in`);
  }
}
