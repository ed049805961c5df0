import { Module } from '@nestjs/common';
import { LimeSitesModule } from 'nestjs-lime-sites';
import { OwnLogins } from './own-logins.js';
import { ReportsController } from './reports.controller.js';

/** The second service: it verifies passports and opens no event stream. */
@Module({
  imports: [LimeSitesModule.forRoot({ dispatcher: false })],
  controllers: [ReportsController],
  providers: [OwnLogins],
})
export class ReportsModule {}
