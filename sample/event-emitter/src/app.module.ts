import { Module } from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { LimeSitesModule } from 'nestjs-lime-sites';
import { LoginController } from './login.controller.js';
import { LoginJournal } from './login-journal.js';

/** LimeSitesModule finds the application's emitter automatically. */
@Module({
  imports: [EventEmitterModule.forRoot({ wildcard: true }), LimeSitesModule.forRoot()],
  controllers: [LoginController],
  providers: [LoginJournal],
})
export class AppModule {}
