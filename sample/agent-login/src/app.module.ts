import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { LimeSitesModule } from 'nestjs-lime-sites';
import { AgentLogins } from './agent-logins.service.js';
import { LimeErrorFilter } from './lime-error.filter.js';
import { LoginController } from './login.controller.js';
import { Sessions } from './sessions.js';

/** The site. LIME_SITE_TOKEN and LIME_API_BASE come from the environment. */
@Module({
  imports: [LimeSitesModule.forRoot()],
  controllers: [LoginController],
  providers: [AgentLogins, Sessions, { provide: APP_FILTER, useClass: LimeErrorFilter }],
})
export class AppModule {}
