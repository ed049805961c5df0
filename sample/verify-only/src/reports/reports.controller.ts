import { Controller, Get, UseGuards } from '@nestjs/common';
import { Passport, PassportGuard, PassportPolicy } from 'nestjs-lime-sites';
import { OwnLogins } from './own-logins.js';

@Controller('reports')
@UseGuards(PassportGuard)
export class ReportsController {
  constructor(private readonly logins: OwnLogins) {}

  /** This process does not know any logins: the guard accepts every genuine passport, and the route checks the request id. */
  @Get()
  @PassportPolicy({ allowForeignLogins: true })
  async list(
    @Passport('request_id') requestId: string,
    @Passport('agent_id') agentId: string,
  ): Promise<object> {
    await this.logins.assertOwn(requestId);
    return { agentId, reports: ['Spring', 'Summer'] };
  }
}
