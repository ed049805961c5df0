import { Module } from '@nestjs/common';
import { LimeSitesModule } from 'nestjs-lime-sites';
import { LoginsController } from './logins.controller.js';
import { Logins } from './logins.service.js';

/** The first service: it holds the event stream. */
@Module({
  imports: [LimeSitesModule.forRoot()],
  controllers: [LoginsController],
  providers: [Logins],
})
export class SiteModule {}
