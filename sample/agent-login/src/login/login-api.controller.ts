import { Controller, Get, NotFoundException, Param, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import { AgentLogins, type Login } from './agent-logins.service.js';

/** The state of a login, for a program. */
export interface LoginState {
  readonly requestId: string;
  readonly status: Login['status'];
  readonly agentId?: string;
}

/** The same login for programs. They keep cookies, as browsers do; the passport stays on the server. */
@Controller('api/logins')
export class LoginApiController {
  constructor(private readonly logins: AgentLogins) {}

  @Post()
  async start(@Req() request: Request): Promise<{ requestId: string; expiresAt: Date }> {
    const { requestId, expiresAt } = await this.logins.start(request);
    return { requestId, expiresAt };
  }

  /** The first answer with `approved` brings the cookie of the new session. */
  @Get(':requestId')
  async state(@Param('requestId') requestId: string, @Req() request: Request): Promise<LoginState> {
    const login = this.logins.own(request, requestId);
    if (!login) throw new NotFoundException(`You have not started a login ${requestId}`);
    await this.logins.signIn(request, login);
    const { agent } = request.session;
    const { status } = login;
    if (status !== 'approved' || !agent) return { requestId, status };
    return { requestId, status, agentId: agent.claims.agent_id };
  }
}
