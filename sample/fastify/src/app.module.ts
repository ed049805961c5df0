import { Module } from '@nestjs/common';
import { LimeSitesModule } from 'nestjs-lime-sites';
import { AgentsController } from './agents.controller.js';
import { LoginsController } from './logins.controller.js';
import { Logins } from './logins.service.js';

@Module({
  imports: [LimeSitesModule.forRoot()],
  controllers: [LoginsController, AgentsController],
  providers: [Logins],
})
export class AppModule {}
