import { Global, type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { AssetsController } from './assets.controller.js';
import { Layout } from './layout.js';
import { PageErrorFilter } from './page-error.filter.js';
import { SameOriginGuard } from './same-origin.guard.js';
import { SecurityHeadersMiddleware } from './security-headers.middleware.js';
import { SiteAddress } from './site-address.js';

/** Shared by all pages: layout, assets, headers, errors, and the guard against forged requests. */
@Global()
@Module({
  controllers: [AssetsController],
  providers: [
    Layout,
    SiteAddress,
    { provide: APP_GUARD, useClass: SameOriginGuard },
    { provide: APP_FILTER, useClass: PageErrorFilter },
  ],
  exports: [Layout, SiteAddress],
})
export class WebModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(SecurityHeadersMiddleware).forRoutes('{*path}');
  }
}
