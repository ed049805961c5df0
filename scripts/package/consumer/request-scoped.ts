// Controllers and providers that are made anew for each event get their events.
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { Controller, Inject, Injectable, Module, Scope } from '@nestjs/common';
import { NestFactory, REQUEST } from '@nestjs/core';
import {
  type LimeLoginEvent,
  LimeSiteService,
  LimeSitesModule,
  OnLimeLogin,
} from 'nestjs-lime-sites';
import { LimeSandbox } from 'nestjs-lime-sites/testing';

const handled: string[] = [];

@Injectable({ scope: Scope.REQUEST })
class Unit {
  constructor(@Inject(REQUEST) readonly event: LimeLoginEvent) {}
}

@Controller({ path: 'scoped', scope: Scope.REQUEST })
class ScopedController {
  constructor(private readonly unit: Unit) {}

  @OnLimeLogin()
  onLogin(event: LimeLoginEvent): void {
    assert.equal(this.unit.event, event);
    handled.push(`controller ${event.requestId}`);
  }
}

@Injectable({ scope: Scope.REQUEST })
class ScopedProvider {
  constructor(private readonly unit: Unit) {}

  @OnLimeLogin('approved')
  onLogin(event: LimeLoginEvent): void {
    assert.equal(this.unit.event, event);
    handled.push(`provider ${event.requestId}`);
  }
}

const lime = await LimeSandbox.start();

@Module({
  imports: [LimeSitesModule.forRoot(lime.moduleOptions())],
  controllers: [ScopedController],
  providers: [Unit, ScopedProvider],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['warn', 'error'], abortOnError: false });
await app.init();
const { requestId } = await app.get(LimeSiteService).createLoginRequest();
await lime.approve(requestId);
const deadline = Date.now() + 5000;
while (handled.length < 2 && Date.now() < deadline) {
  await new Promise((resolve) => setTimeout(resolve, 10));
}
await app.close();
await lime.stop();
assert.deepEqual(handled.toSorted(), [`controller ${requestId}`, `provider ${requestId}`]);
