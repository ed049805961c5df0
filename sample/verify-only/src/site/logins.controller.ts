import { createHash, timingSafeEqual } from 'node:crypto';
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

  /** Answers other services of this site: whether the site started this login, and an agent approved it. */
  @Get('internal/logins/:requestId')
  @HttpCode(204)
  check(@Param('requestId') requestId: string, @Headers('x-internal-key') key = ''): void {
    if (!isInternalKey(key)) throw new UnauthorizedException();
    if (!this.logins.has(requestId)) throw new NotFoundException();
  }
}

/** Compares digests of equal length in constant time. */
function isInternalKey(key: string): boolean {
  const { INTERNAL_KEY: expected } = process.env;
  return (
    expected !== undefined && expected !== '' && timingSafeEqual(sha256(key), sha256(expected))
  );
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
