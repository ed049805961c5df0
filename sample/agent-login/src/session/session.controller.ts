import { Controller, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { SessionCookie } from './session-cookie.js';

@Controller()
export class SessionController {
  constructor(private readonly cookie: SessionCookie) {}

  @Post('logout')
  async logOut(@Req() request: Request, @Res() response: Response): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      request.session.destroy((error?: Error) => {
        if (error) reject(error);
        else resolve();
      });
    });
    response.clearCookie(this.cookie.name, this.cookie.options);
    response.redirect(303, '/');
  }
}
