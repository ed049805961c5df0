import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { LimeSiteService, LimeSitesModule } from '../../dist/index.js';
import { benchModule } from './bench-module.mjs';

const SITE_TOKEN = 'st_bench';

/**
 * @param {string} baseUrl
 * @param {import('../../dist/index.js').LimeSitesModuleOptions} [options]
 */
export function limeSites(baseUrl, options = {}) {
  return LimeSitesModule.forRoot({ baseUrl, siteToken: SITE_TOKEN, ...options });
}

/**
 * A Nest application with the module; without an event stream if `dispatcher` is `false`.
 * @param {string} baseUrl
 * @param {import('../../dist/index.js').LimeSitesModuleOptions} [options]
 */
export async function startSite(baseUrl, options = {}) {
  const root = benchModule({ imports: [limeSites(baseUrl, options)] });
  const app = await NestFactory.createApplicationContext(root, { logger: ['error'] });
  return { app, site: app.get(LimeSiteService) };
}

/** Resolves when the site has its keys, so that nothing measured waits for them. */
export async function whenKeysAreThere(site, { passport }) {
  await site.verifyPassport(passport);
}
