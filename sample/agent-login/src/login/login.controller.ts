import { Controller, Get, NotFoundException, Param, Post, Req, Res, Sse } from '@nestjs/common';
import type { MessageEvent } from '@nestjs/common';
import type { Request, Response } from 'express';
import { concat, map, type Observable, of } from 'rxjs';
import { BrowserSession } from '../session/browser-session.decorator.js';
import type { Login, Session } from '../session/session.js';
import { Sessions } from '../session/sessions.js';
import { Layout } from '../web/layout.js';
import { AgentLogins } from './agent-logins.service.js';
import { expiredPage } from './expired.page.js';
import { waitingPage } from './waiting.page.js';

/** The pages of a login. Only the browser that started it sees them. */
@Controller('login')
export class LoginController {
  constructor(
    private readonly logins: AgentLogins,
    private readonly sessions: Sessions,
    private readonly layout: Layout,
  ) {}

  @Post()
  async start(@Req() request: Request, @Res() response: Response): Promise<void> {
    const { requestId } = await this.logins.start(this.sessions.renew(request, response));
    response.redirect(303, `/login/${encodeURIComponent(requestId)}`);
  }

  /** However the login stands: reloaded, in a second tab, or opened when all is over. */
  @Get(':requestId')
  show(
    @Param('requestId') requestId: string,
    @BrowserSession() session: Session | undefined,
    @Res() response: Response,
  ): void {
    const login = ownLogin(session, requestId);
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

  /** First how it stands, then how it ended. */
  @Sse(':requestId/events')
  events(
    @Param('requestId') requestId: string,
    @BrowserSession() session: Session | undefined,
  ): Observable<MessageEvent> {
    const { status, expiresAt } = ownLogin(session, requestId);
    const now = of({ data: { status, remainingMs: expiresAt.getTime() - Date.now() } });
    if (status !== 'pending') return now;
    const outcome = this.logins.outcomeOf(requestId);
    return concat(now, outcome.pipe(map(({ type }) => ({ data: { status: type } }))));
  }
}

/** To know the id of a login is not enough. */
function ownLogin(session: Session | undefined, requestId: string): Login {
  const login = session?.login(requestId);
  if (login) return login;
  throw new NotFoundException('This browser has not started such a login, or long ago.');
}
