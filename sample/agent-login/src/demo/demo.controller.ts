import { Controller, HttpCode, HttpException, Param, Post } from '@nestjs/common';
import { SandboxAgent, type SandboxAgentApproval, SandboxError } from 'nestjs-lime-sites/testing';

/** DEMO ONLY: lets a person approve with one curl, because nobody solves a proof of work by hand. */
@Controller('demo')
export class DemoController {
  constructor(private readonly agent: SandboxAgent) {}

  @Post('approve/:requestId')
  @HttpCode(200)
  async approve(@Param('requestId') requestId: string): Promise<SandboxAgentApproval> {
    try {
      return await this.agent.login(requestId);
    } catch (error) {
      if (!(error instanceof SandboxError)) throw error;
      const { code, message, httpStatus = 502 } = error;
      throw new HttpException({ statusCode: httpStatus, code, message }, httpStatus);
    }
  }
}
