import { Module } from '@nestjs/common';
import { AgentLogins } from './agent-logins.service.js';
import { LoginApiController } from './login-api.controller.js';
import { LoginController } from './login.controller.js';

@Module({ controllers: [LoginController, LoginApiController], providers: [AgentLogins] })
export class LoginModule {}
