import { Controller, Get, Headers, HttpCode, NotFoundException, Param, Post } from '@nestjs/common';
import { UnauthorizedException } from '@nestjs/common';
import { Logins } from './logins.service.js';

@Controller()
export class LoginsController {
  constructor(private readonly logins: Logins) {}

  @Post('login')
  async start(): Promise<{ requestId: string }> {
    return { requestId: await this.logins.start() };
  }

  /** For our own services: is this a login of ours? */
  @Get('internal/logins/:requestId')
  @HttpCode(204)
  check(@Param('requestId') requestId: string, @Headers('x-internal-key') key?: string): void {
    if (!key || key !== process.env['INTERNAL_KEY']) throw new UnauthorizedException();
    if (!this.logins.has(requestId)) throw new NotFoundException();
  }
}
