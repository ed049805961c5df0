import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { LimeSiteService, LimeSitesModule } from '../../dist/index.js';

/** The module as the bench uses it. */
export function limeSites(baseUrl, options = {}) {
  return LimeSitesModule.forRoot({ baseUrl, siteToken: 'st_bench', ...options });
}

/**
 * The root module of an application.
 * @param {import('@nestjs/common').ModuleMetadata} parts
 * @returns {import('@nestjs/common').DynamicModule}
 */
export function rootModule(parts) {
  class BenchModule {}
  return { module: BenchModule, ...parts };
}

/** A Nest application with the module; without an event stream if `dispatcher` is `false`. */
export async function startSite(baseUrl, options = {}) {
  const root = rootModule({ imports: [limeSites(baseUrl, options)] });
  const app = await NestFactory.createApplicationContext(root, { logger: ['error'] });
  return { app, site: app.get(LimeSiteService) };
}
