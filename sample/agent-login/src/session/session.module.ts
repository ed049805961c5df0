import { Global, type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { SessionCookie } from './session-cookie.js';
import { SessionController } from './session.controller.js';
import { SessionMiddleware } from './session.middleware.js';
import { Sessions } from './sessions.js';

@Global()
@Module({
  controllers: [SessionController],
  providers: [Sessions, SessionCookie],
  exports: [Sessions],
})
export class SessionModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(SessionMiddleware).forRoutes('{*path}');
  }
}
