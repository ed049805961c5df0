import { Controller, Get, UseGuards } from '@nestjs/common';
import { Passport, PassportGuard, PassportPolicy } from 'nestjs-lime-sites';
import { OwnLogins } from './own-logins.js';

@Controller('reports')
@UseGuards(PassportGuard)
export class ReportsController {
  constructor(private readonly logins: OwnLogins) {}

  /** `allowForeignLogins`, because this process knows no logins; so the request id is checked here. */
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
