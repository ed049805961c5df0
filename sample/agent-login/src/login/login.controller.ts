import { Controller, Get, NotFoundException, Param, Post, Req, Res, Sse } from '@nestjs/common';
import type { MessageEvent } from '@nestjs/common';
import type { Request, Response } from 'express';
import { concat, map, type Observable, of } from 'rxjs';
import { Layout } from '../web/layout.js';
import { AgentLogins, type Login } from './agent-logins.service.js';
import { expiredPage } from './expired.page.js';
import { waitingPage } from './waiting.page.js';

/** After this a browser reconnects that lost its event stream, for example because the site restarted. */
const RECONNECT_MS = 1_000;

/** The pages of a login. Only the browser that started it sees them. */
@Controller('login')
export class LoginController {
  constructor(
    private readonly logins: AgentLogins,
    private readonly layout: Layout,
  ) {}

  @Post()
  async start(@Req() request: Request, @Res() response: Response): Promise<void> {
    const { requestId } = await this.logins.start(request);
    response.redirect(303, `/login/${encodeURIComponent(requestId)}`);
  }

  /** In every state of the login: reloaded, in a second tab, or opened after its outcome. */
  @Get(':requestId')
  async show(
    @Param('requestId') requestId: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const login = this.own(request, requestId);
    await this.logins.signIn(request, login);
    const { session } = request;
    if (login.status === 'approved') return response.redirect(303, '/account');
    if (login.status === 'expired') {
      response.send(this.layout.render({ title: 'Login expired', session, body: expiredPage() }));
      return;
    }
    const body = waitingPage(login, this.layout.besideWaiting(requestId));
    const title = 'Waiting for your agent';
    const parts = { title, session, body, scripts: ['waiting.js'], refreshSeconds: 3 };
    response.send(this.layout.render(parts));
  }

  /** "Not now". */
  @Post(':requestId/cancel')
  cancel(
    @Param('requestId') requestId: string,
    @Req() request: Request,
    @Res() response: Response,
  ): void {
    this.logins.drop(this.own(request, requestId));
    response.redirect(303, request.session.agent ? '/account' : '/');
  }

  /** First the state of the login, then its outcome. */
  @Sse(':requestId/events')
  events(@Param('requestId') requestId: string, @Req() request: Request): Observable<MessageEvent> {
    const { status, expiresAt } = this.own(request, requestId);
    const data = { status, remainingMs: expiresAt.getTime() - Date.now() };
    const now = of({ data, retry: RECONNECT_MS });
    if (status !== 'pending') return now;
    const outcome = this.logins.outcomeOf(requestId);
    return concat(now, outcome.pipe(map(({ type }) => ({ data: { status: type } }))));
  }

  private own(request: Request, requestId: string): Login {
    const login = this.logins.own(request, requestId);
    if (login) return login;
    throw new NotFoundException('This browser did not start this login, or too long ago.');
  }
}
