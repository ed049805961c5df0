import { Controller, Get } from '@nestjs/common';
import { BrowserSession } from '../session/browser-session.decorator.js';
import type { Session } from '../session/session.js';
import { Layout } from '../web/layout.js';
import { homePage } from './home.page.js';

@Controller()
export class HomeController {
  constructor(private readonly layout: Layout) {}

  @Get()
  home(@BrowserSession() session: Session | undefined): string {
    const body = homePage(session?.agent?.claims.agent_id);
    return this.layout.render({ title: 'Log in with your agent', session, body });
  }
}
