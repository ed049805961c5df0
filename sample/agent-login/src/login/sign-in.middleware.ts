import { Injectable, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { AgentLogins } from './agent-logins.service.js';

/**
 * Completes an approved login on the next request of its browser. A browser that is signed in already keeps its agent until the
 * person comes back to the page of the new login: an approval must not change the account behind an open page.
 */
@Injectable()
export class SignInMiddleware implements NestMiddleware {
  constructor(private readonly logins: AgentLogins) {}

  async use(request: Request, _response: Response, next: NextFunction): Promise<void> {
    const login = request.session.agent ? undefined : this.logins.current(request);
    if (login) await this.logins.signIn(request, login);
    next();
  }
}
