import { Global, type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { SessionCookie } from './session-cookie.js';
import { SessionController } from './session.controller.js';
import { SessionMiddleware } from './session.middleware.js';

/** Global, so that its middleware runs before that of other modules. */
@Global()
@Module({ controllers: [SessionController], providers: [SessionCookie] })
export class SessionModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(SessionMiddleware).forRoutes('{*path}');
  }
}
