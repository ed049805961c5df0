import { Controller, Get, Header, Headers, NotFoundException } from '@nestjs/common';
import { Param, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Logins } from './logins.service.js';

@Controller('api/logins')
export class LoginsController {
  constructor(private readonly logins: Logins) {}

  @Post()
  async start(@Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const { cookie, ...login } = await this.logins.start();
    reply.header('set-cookie', cookie);
    return login;
  }

  /** Gives a program the passport. A site for browsers keeps it in the session, as `agent-login` does. */
  @Get(':requestId')
  @Header('cache-control', 'no-store')
  state(@Param('requestId') requestId: string, @Headers('cookie') cookies?: string): object {
    const login = this.logins.ofClient(cookies);
    if (login?.requestId !== requestId) {
      throw new NotFoundException(`You have not started a login ${requestId}`);
    }
    const { outcome } = login;
    if (outcome?.type !== 'approved') return { requestId, status: outcome?.type ?? 'pending' };
    const { claims, passport } = outcome;
    return { requestId, status: 'approved', agentId: claims.agent_id, passport };
  }
}
