import { type DynamicModule, Inject, Module, type OnModuleInit } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, MetadataScanner } from '@nestjs/core';
import { LimeError } from './errors/index.js';
import { getLimeSiteServiceToken } from './decorators/inject-lime-site.decorator.js';
import { LIME_SITES_NAME } from './lime-sites.constants.js';
import {
  type ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  type OPTIONS_TYPE,
} from './lime-sites.module-definition.js';
import { assertSitesExist } from './explorers/site-names.js';

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

  /** Without options everything comes from the environment: `LIME_SITE_TOKEN`, and `LIME_API_BASE` if it is set. */
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    return super.forRoot(options);
  }

  /** The same with options that are made by a factory (`useFactory`, `useClass` or `useExisting`). */
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
    this.#assertOnce();
    assertSitesExist(this.discovery, this.scanner);
  }

  /** Two registrations would mean two streams, and each login settled twice. */
  #assertOnce(): void {
    const token = getLimeSiteServiceToken(this.site);
    const registrations = this.discovery
      .getProviders()
      .filter((wrapper) => wrapper.token === token && !wrapper.isAlias);
    if (registrations.length < 2) return;
    throw new LimeError(
      'DUPLICATE_SITE',
      `LimeSitesModule is registered ${registrations.length} times for the site "${this.site}". Call forRoot() once, in ` +
        'the root module (it is global); give a further site a name of its own: forRoot({ name })',
    );
  }
}
