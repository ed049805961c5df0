import { Injectable, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { attachSession } from './session.js';
import { Sessions } from './sessions.js';

/** Finds the session of each request. It makes none: that is for a login to do. */
@Injectable()
export class SessionMiddleware implements NestMiddleware {
  constructor(private readonly sessions: Sessions) {}

  use(request: Request, _response: Response, next: NextFunction): void {
    const session = this.sessions.find(request);
    if (session) attachSession(request, session);
    next();
  }
}
