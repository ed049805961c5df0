import { Controller, HttpException, Param, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { LimeSandbox, SandboxAgent, SandboxError } from 'nestjs-lime-sites/testing';

/** DEMO ONLY: lets a person act as the agent and the platform. The demo agent solves the proof of work. */
@Controller('demo')
export class DemoController {
  constructor(
    private readonly lime: LimeSandbox,
    private readonly agent: SandboxAgent,
  ) {}

  @Post('approve/:requestId')
  approve(
    @Param('requestId') requestId: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    return answer(requestId, request, response, () => this.agent.login(requestId));
  }

  @Post('expire/:requestId')
  expire(
    @Param('requestId') requestId: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    return answer(requestId, request, response, () => {
      this.lime.expire(requestId);
      return { requestId, status: 'EXPIRED' };
    });
  }
}

/** Answers JSON to curl and scripts, and sends a form without JavaScript back to its page. */
async function answer(
  requestId: string,
  request: Request,
  response: Response,
  work: () => object | Promise<object>,
): Promise<void> {
  try {
    const result = await work();
    if (request.accepts(['json', 'html']) === 'json') response.status(200).json(result);
    else response.redirect(303, `/login/${encodeURIComponent(requestId)}`);
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error;
    const { code, message, httpStatus = 502 } = error;
    throw new HttpException({ statusCode: httpStatus, code, message }, httpStatus);
  }
}
