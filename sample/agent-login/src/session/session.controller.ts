import { Controller, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Sessions } from './sessions.js';

@Controller()
export class SessionController {
  constructor(private readonly sessions: Sessions) {}

  @Post('logout')
  logOut(@Req() request: Request, @Res() response: Response): void {
    this.sessions.end(request, response);
    response.redirect(303, '/');
  }
}
