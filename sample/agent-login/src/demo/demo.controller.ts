import { Controller, HttpException, Param, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { LimeSandbox, SandboxAgent, SandboxError } from 'nestjs-lime-sites/testing';

/** DEMO ONLY: a person can be agent and platform, because nobody solves a proof of work by hand. */
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

/** JSON for curl and scripts; a form without JavaScript gets back to its page. */
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
