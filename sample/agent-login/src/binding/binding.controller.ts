import { Controller, ForbiddenException, Get, Post, Req, Res, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';
import { BindingPassportGuard, LimeSiteService, Passport } from 'nestjs-lime-sites';
import { BrowserSession } from '../session/browser-session.decorator.js';
import type { Session } from '../session/session.js';
import { SignedInGuard } from '../session/signed-in.guard.js';
import { SignInRequired } from '../web/sign-in-required.exception.js';
import { SiteAddress } from '../web/site-address.js';
import { accountOf, ConnectedAgents } from './connected-agents.js';

/** Connects a further agent to an account: to LIME, and back with a binding passport. */
@Controller('account/agents')
@UseGuards(SignedInGuard)
export class BindingController {
  constructor(
    private readonly site: LimeSiteService,
    private readonly agents: ConnectedAgents,
    private readonly address: SiteAddress,
  ) {}

  @Post()
  async connect(
    @BrowserSession() session: Session,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const redirectUri = `${this.address.originFor(request)}/account/agents/callback`;
    const { bindingId, connectUrl } = await this.site.createBindingRequest({ redirectUri });
    session.bindings.add(bindingId);
    response.redirect(303, connectUrl);
  }

  /** The guard knows that the passport is genuine and for a binding of this site; the session, that it is of this browser. */
  @Get('callback')
  @UseGuards(BindingPassportGuard)
  connected(
    @Passport('binding_id') bindingId: string,
    @Passport('agent_id') agentId: string,
    @BrowserSession() session: Session,
    @Res() response: Response,
  ): void {
    if (!session.agent) throw new SignInRequired();
    if (!session.bindings.delete(bindingId)) {
      throw new ForbiddenException('This connection was started in another browser, or is done.');
    }
    this.agents.connect(accountOf(session.agent), agentId, bindingId);
    // On to an address without the passport in it.
    response.redirect(303, '/account#agents');
  }
}
