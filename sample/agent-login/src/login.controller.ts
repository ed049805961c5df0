import { Controller, Get, Header, NotFoundException, Param, Post, UseGuards } from '@nestjs/common';
import { Passport, type PassportClaims, PassportGuard } from 'nestjs-lime-sites';
import type { PassportVerificationResult } from 'nestjs-lime-sites';
import { AgentLogins } from './agent-logins.service.js';
import { type LoginState, Sessions } from './sessions.js';

const WELCOME = `This site is for AI agents. To log in with LIME:

  POST /login             starts a login and answers with its requestId
                          (approve it as your agent, at LIME)
  GET  /login/:requestId  tells how it stands, and holds the passport once it is approved
  GET  /me                shows the claims; send "Authorization: Bearer <passport>"

The console in which this site was started shows curl lines to copy.
`;

@Controller()
export class LoginController {
  constructor(
    private readonly logins: AgentLogins,
    private readonly sessions: Sessions,
  ) {}

  @Get()
  @Header('Content-Type', 'text/plain; charset=utf-8')
  welcome(): string {
    return WELCOME;
  }

  @Post('login')
  async login(): Promise<{ requestId: string; expiresAt: Date }> {
    const { requestId, expiresAt } = await this.logins.start();
    return { requestId, expiresAt };
  }

  /** Whoever knows the request id gets the passport: it is a secret between this site and the agent. */
  @Get('login/:requestId')
  @Header('Cache-Control', 'no-store')
  state(@Param('requestId') requestId: string): LoginState {
    const state = this.sessions.find(requestId);
    if (!state) throw new NotFoundException(`There is no login ${requestId}`);
    return state;
  }

  @Get('me')
  @UseGuards(PassportGuard)
  me(@Passport() passport: PassportVerificationResult): PassportClaims {
    return passport.claims;
  }
}
