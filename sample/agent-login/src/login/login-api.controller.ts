import { Controller, Get, NotFoundException, Param, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { BrowserSession } from '../session/browser-session.decorator.js';
import type { Session } from '../session/session.js';
import { Sessions } from '../session/sessions.js';
import { AgentLogins } from './agent-logins.service.js';

/** How a login stands, for a program. */
export interface LoginState {
  readonly requestId: string;
  readonly status: 'pending' | 'approved' | 'expired';
  readonly agentId?: string;
}

/** The same login for programs. They keep the cookie, as browsers do; the passport stays on the server. */
@Controller('api/logins')
export class LoginApiController {
  constructor(
    private readonly logins: AgentLogins,
    private readonly sessions: Sessions,
  ) {}

  @Post()
  async start(
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<{ requestId: string; expiresAt: Date }> {
    const { requestId, expiresAt } = await this.logins.start(
      this.sessions.renew(request, response),
    );
    return { requestId, expiresAt };
  }

  @Get(':requestId')
  state(
    @Param('requestId') requestId: string,
    @BrowserSession() session: Session | undefined,
  ): LoginState {
    const login = session?.login(requestId);
    if (!session || !login) throw new NotFoundException(`You have started no login ${requestId}`);
    const { status } = login;
    if (status !== 'approved' || session.agent?.claims.request_id !== requestId) {
      return { requestId, status };
    }
    return { requestId, status, agentId: session.agent.claims.agent_id };
  }
}
