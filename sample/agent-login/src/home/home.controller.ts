import { Controller, Get, Req } from '@nestjs/common';
import type { Request } from 'express';
import { Layout } from '../web/layout.js';
import { homePage } from './home.page.js';

@Controller()
export class HomeController {
  constructor(private readonly layout: Layout) {}

  @Get()
  home(@Req() { session }: Request): string {
    const body = homePage(session.agent?.claims.agent_id);
    return this.layout.render({ title: 'Log in with your agent', session, body });
  }
}
