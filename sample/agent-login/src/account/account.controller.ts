import { Controller, Get, UseGuards } from '@nestjs/common';
import { accountOf, ConnectedAgents } from '../binding/connected-agents.js';
import { BrowserSession } from '../session/browser-session.decorator.js';
import type { Session } from '../session/session.js';
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
  show(@BrowserSession() session: Session): string {
    const { agent } = session;
    if (!agent) throw new SignInRequired();
    const body = accountPage(agent, this.agents.of(accountOf(agent)));
    return this.layout.render({ title: 'Your account', session, body, scripts: ['account.js'] });
  }
}
