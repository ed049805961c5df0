import { Controller, Get, Header, Headers, NotFoundException } from '@nestjs/common';
import { Param, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Logins } from './logins.service.js';

const COOKIE = /(?:^|; *)login=([\w-]+)/;

@Controller('api/logins')
export class LoginsController {
  constructor(private readonly logins: Logins) {}

  /** The cookie is for the client that starts the login: the request id alone opens nothing. */
  @Post()
  async start(@Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const { ticket, ...login } = await this.logins.start();
    reply.header('set-cookie', `login=${ticket}; HttpOnly; SameSite=Lax; Path=/api/logins`);
    return login;
  }

  /** For a program: it gets the passport. A browser must not: keep it in the session there, as `agent-login` does. */
  @Get(':requestId')
  @Header('cache-control', 'no-store')
  state(@Param('requestId') requestId: string, @Headers('cookie') cookie = ''): object {
    const login = this.logins.find(requestId, COOKIE.exec(cookie)?.[1]);
    if (!login) throw new NotFoundException(`You have started no login ${requestId}`);
    const { outcome } = login;
    if (outcome?.type !== 'approved') return { requestId, status: outcome?.type ?? 'pending' };
    const { claims, passport } = outcome;
    return { requestId, status: 'approved', agentId: claims.agent_id, passport };
  }
}
