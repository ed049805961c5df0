import { createHmac } from 'node:crypto';
import type { InjectionToken, Provider } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, ModulesContainer } from '@nestjs/core';
import { type Clock, systemClock } from './common/clock.js';
import { createLimeLogger } from './common/logger.js';
import {
  getLimeSiteServiceToken,
  getLimeSiteToken,
} from './decorators/inject-lime-site.decorator.js';
import { EventEmitterBridge } from './explorers/event-emitter.bridge.js';
import { LoginHandlerExplorer } from './explorers/login-handler.explorer.js';
import type { LimeSitesModuleOptions } from './interfaces/lime-sites-module-options.interface.js';
import { LimeSite } from './lime-site.js';
import { LimeSiteService } from './lime-site.service.js';
import {
  DEFAULT_SITE,
  LIME_SITES_CLOCK,
  LIME_SITES_NAME,
  LIME_SITES_OPTIONS,
} from './lime-sites.constants.js';
import { type ResolvedOptions, resolveOptions } from './lime-sites.options.js';

/** The providers of one site. */
export function siteProviders(name: string = DEFAULT_SITE): {
  providers: Provider[];
  exports: InjectionToken[];
} {
  const service = getLimeSiteServiceToken(name);
  const site = getLimeSiteToken(name);
  return {
    providers: [
      { provide: LIME_SITES_NAME, useValue: name },
      { provide: LIME_SITES_CLOCK, useValue: systemClock },
      {
        provide: site,
        inject: [LIME_SITES_OPTIONS, LIME_SITES_CLOCK],
        useFactory: (options: LimeSitesModuleOptions | undefined, clock: Clock) =>
          createSite(name, resolveOptions(options ?? {}, process.env), clock),
      },
      {
        provide: service,
        inject: [site, DiscoveryService, MetadataScanner, ModulesContainer],
        useFactory: (
          parts: LimeSite,
          discovery: DiscoveryService,
          scanner: MetadataScanner,
          modules: ModulesContainer,
        ): LimeSiteService =>
          new LimeSiteService(
            parts,
            new LoginHandlerExplorer(name, discovery, scanner, parts.logger),
            new EventEmitterBridge(name, parts.eventEmitter, discovery, parts.logger),
            modules,
          ),
      },
    ],
    exports: [service, site],
  };
}

async function createSite(name: string, options: ResolvedOptions, clock: Clock): Promise<LimeSite> {
  const context = name === DEFAULT_SITE ? LimeSiteService.name : `${LimeSiteService.name}:${name}`;
  const logger = createLimeLogger(context, [options.siteToken.reveal()]);
  const { cluster, concurrency } = options;
  const member = await cluster?.join({ name, key: clusterKey(name, options), concurrency, logger });
  return new LimeSite(name, options, clock, logger, member);
}

/** Keeps the sites of one Redis apart without showing their tokens: 96 bits of a digest that is keyed with the token. */
function clusterKey(name: string, { baseUrl, siteToken }: ResolvedOptions): string {
  const hmac = createHmac('sha256', siteToken.reveal()).update(`${name}\n${baseUrl}`);
  return hmac.digest('hex').slice(0, 24);
}
