import { type DynamicModule, Inject, Module, type OnModuleInit } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, MetadataScanner } from '@nestjs/core';
import { getLimeSiteServiceToken } from './decorators/inject-lime-site.decorator.js';
import { LimeError } from './errors/index.js';
import { assertSitesExist } from './explorers/site-names.explorer.js';
import { LIME_SITES_NAME } from './lime-sites.constants.js';
import {
  type ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  type OPTIONS_TYPE,
} from './lime-sites.module-definition.js';

/** Lets a site accept logins by AI agents through LIME. */
@Module({ imports: [DiscoveryModule] })
export class LimeSitesModule extends ConfigurableModuleClass implements OnModuleInit {
  constructor(
    @Inject(LIME_SITES_NAME) private readonly site: string,
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {
    super();
  }

  /** Registers a site. Reads `LIME_SITE_TOKEN` and `LIME_API_BASE` from the environment where the options leave them out. */
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    return super.forRoot(options);
  }

  /** Registers a site with options that a factory makes (`useFactory`, `useClass` or `useExisting`). */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    if (!options.useFactory && !options.useClass && !options.useExisting) {
      throw new LimeError(
        'INVALID_OPTIONS',
        'LimeSitesModule.forRootAsync() needs useFactory, useClass or useExisting',
      );
    }
    return super.forRootAsync(options);
  }

  /** @internal */
  onModuleInit(): void {
    this.#assertOneSingleton();
    assertSitesExist(this.discovery, this.scanner);
  }

  /** Two registrations would open two streams and handle each login twice. A request-scoped one would open no stream. */
  #assertOneSingleton(): void {
    const token = getLimeSiteServiceToken(this.site);
    const services = this.discovery
      .getProviders()
      .filter((wrapper) => wrapper.token === token && !wrapper.isAlias);
    if (services.length > 1) {
      throw new LimeError(
        'DUPLICATE_SITE',
        `LimeSitesModule is registered ${services.length} times for the site "${this.site}". Call forRoot() once, in ` +
          'the root module (it is global); give a further site a name of its own: forRoot({ name })',
      );
    }
    if (services.some((wrapper) => !wrapper.isDependencyTreeStatic())) {
      throw new LimeError(
        'REQUEST_SCOPED_OPTIONS',
        `The options of the site "${this.site}" depend on a request-scoped provider. A site belongs to the application, not to a ` +
          'request: inject providers of the default scope into forRootAsync()',
      );
    }
  }
}
