import type { InjectionToken, Provider } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, ModulesContainer } from '@nestjs/core';
import { type Clock, systemClock } from './common/clock.js';
import { ApplicationEvents } from './explorers/application-events.js';
import { createLimeLogger } from './common/logger.js';
import { LimeSiteService } from './lime-site.service.js';
import { joinCluster } from './join-cluster.js';
import {
  getLimeSiteServiceToken,
  getRuntimeToken,
} from './decorators/inject-lime-site.decorator.js';
import {
  DEFAULT_SITE,
  LIME_SITES_CLOCK,
  LIME_SITES_NAME,
  LIME_SITES_OPTIONS,
} from './lime-sites.constants.js';
import type { LimeSitesModuleOptions } from './interfaces/lime-sites-module-options.interface.js';
import { LoginHandlerExplorer } from './explorers/login-handler.explorer.js';
import { resolveOptions } from './lime-sites.options.js';
import { LimeSite } from './lime-site.js';

/** The parts of one site, as Nest provides them. */
export function siteProviders(name: string = DEFAULT_SITE): {
  providers: Provider[];
  exports: InjectionToken[];
} {
  const service = getLimeSiteServiceToken(name);
  const runtime = getRuntimeToken(name);
  return {
    providers: [
      { provide: LIME_SITES_NAME, useValue: name },
      { provide: LIME_SITES_CLOCK, useValue: systemClock },
      {
        provide: runtime,
        inject: [LIME_SITES_OPTIONS, LIME_SITES_CLOCK],
        useFactory: async (given: LimeSitesModuleOptions | undefined, clock: Clock) => {
          const options = resolveOptions(given ?? {}, process.env);
          const context =
            name === DEFAULT_SITE ? LimeSiteService.name : `${LimeSiteService.name}:${name}`;
          const logger = createLimeLogger(context, [options.siteToken.reveal()]);
          const member = await joinCluster(name, options, logger);
          return new LimeSite(name, options, clock, logger, member);
        },
      },
      {
        provide: service,
        inject: [runtime, DiscoveryService, MetadataScanner, ModulesContainer],
        useFactory: (
          site: LimeSite,
          discovery: DiscoveryService,
          scanner: MetadataScanner,
          modules: ModulesContainer,
        ) =>
          new LimeSiteService(
            site,
            new LoginHandlerExplorer(name, discovery, scanner, site.logger),
            new ApplicationEvents(name, site.eventEmitter, discovery, site.logger),
            modules,
          ),
      },
    ],
    exports: [service, runtime],
  };
}
