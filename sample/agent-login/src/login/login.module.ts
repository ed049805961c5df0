import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { AgentLogins } from './agent-logins.service.js';
import { LoginApiController } from './login-api.controller.js';
import { LoginController } from './login.controller.js';
import { SignInMiddleware } from './sign-in.middleware.js';

@Module({ controllers: [LoginController, LoginApiController], providers: [AgentLogins] })
export class LoginModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply(SignInMiddleware)
      .exclude('assets/:name') // pages load them beside requests that need the old session id
      .exclude('login/:requestId/cancel') // "Not now" counts also when an agent was faster
      .forRoutes('{*path}');
  }
}
