import { Controller, Get, Param, Post } from '@nestjs/common';
import { type Observable, map } from 'rxjs';
import { LoginsService } from './logins.service.js';

@Controller('logins')
export class LoginsController {
  constructor(private readonly logins: LoginsService) {}

  @Post()
  async start(): Promise<{ requestId: string }> {
    return { requestId: await this.logins.start() };
  }

  /** Answers when the login has an outcome. */
  @Get(':requestId')
  outcome(@Param('requestId') requestId: string): Observable<{ outcome: string }> {
    return this.logins.outcome(requestId).pipe(map((outcome) => ({ outcome })));
  }
}
