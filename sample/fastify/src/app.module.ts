import { Module } from '@nestjs/common';
import { LimeSitesModule } from 'nestjs-lime-sites';
import { AgentBindingsController } from './agent-bindings.controller.js';
import { AgentsController } from './agents.controller.js';
import { LoginsController } from './logins.controller.js';
import { Logins } from './logins.service.js';

@Module({
  imports: [LimeSitesModule.forRoot()],
  controllers: [LoginsController, AgentsController, AgentBindingsController],
  providers: [Logins],
})
export class AppModule {}
