import { Controller, Get, Req, UseGuards } from '@nestjs/common';
import type { Request } from 'express';
import { accountOf, ConnectedAgents } from '../binding/connected-agents.js';
import { SignedInGuard } from '../session/signed-in.guard.js';
import { Layout } from '../web/layout.js';
import { SignInRequired } from '../web/sign-in-required.exception.js';
import { accountPage } from './account.page.js';

@Controller('account')
@UseGuards(SignedInGuard)
export class AccountController {
  constructor(
    private readonly agents: ConnectedAgents,
    private readonly layout: Layout,
  ) {}

  @Get()
  show(@Req() { session }: Request): string {
    const { agent } = session;
    if (!agent) throw new SignInRequired();
    const body = accountPage(agent, this.agents.of(accountOf(agent)));
    return this.layout.render({ title: 'Your account', session, body, scripts: ['account.js'] });
  }
}
