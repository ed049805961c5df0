import { ConflictException, Controller, Get, Post, Req, Res } from '@nestjs/common';
import { UseFilters, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';
import { BindingPassportGuard, LimeSiteService, Passport, PassportPolicy } from 'nestjs-lime-sites';
import { reloadSession } from '../session/session.js';
import { SignedInGuard } from '../session/signed-in.guard.js';
import { SignInRequired } from '../web/sign-in-required.exception.js';
import { SiteAddress } from '../web/site-address.js';
import { BindingRefusalFilter } from './binding-refusal.filter.js';
import { accountOf, ConnectedAgents } from './connected-agents.js';
import { pendingBindingId } from './pending-binding.js';

/** Connects a further agent to an account: sends the browser to LIME, and takes the one-time code of the callback. */
@Controller('account/agents')
@UseGuards(SignedInGuard)
export class BindingController {
  constructor(
    private readonly site: LimeSiteService,
    private readonly agents: ConnectedAgents,
    private readonly address: SiteAddress,
  ) {}

  @Post()
  async connect(@Req() request: Request, @Res() response: Response): Promise<void> {
    const redirectUri = `${this.address.originFor(request)}/account/agents/callback`;
    const { bindingId, connectUrl } = await this.site.createBindingRequest({ redirectUri });
    const session = await reloadSession(request);
    if (!session.agent) throw new SignInRequired();
    session.binding = { bindingId, account: accountOf(session.agent) };
    response.redirect(303, connectUrl);
  }

  /**
   * The guard exchanges the code, verifies the passport, and compares its binding with the one of this session.
   * `BindingRefusalFilter` shows a page for a callback without a code and for each refusal.
   */
  @Get('callback')
  @UseGuards(BindingPassportGuard)
  @PassportPolicy({ requestId: pendingBindingId })
  @UseFilters(BindingRefusalFilter)
  async connected(
    @Passport('binding_id') bindingId: string,
    @Passport('agent_id') agentId: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const session = await reloadSession(request);
    const { binding } = session;
    // During the exchange, another tab may have started a binding.
    if (binding?.bindingId !== bindingId) {
      throw new ConflictException('You have started another connection. Nothing was connected.');
    }
    session.binding = undefined;
    this.agents.connect(binding.account, agentId, bindingId);
    response.redirect(303, '/account#agents'); // an address without the code
  }
}
