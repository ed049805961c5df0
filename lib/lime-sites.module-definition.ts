import { ConfigurableModuleBuilder } from '@nestjs/common';
import { LIME_SITES_OPTIONS } from './lime-sites.constants.js';
import type {
  LimeSitesModuleOptions,
  LimeSitesOptionsFactory,
} from './interfaces/lime-sites-module-options.interface.js';
import { siteProviders } from './lime-sites.providers.js';

/** What `forRoot()` and `forRootAsync()` take beside the options. */
export interface LimeSitesModuleExtras {
  /**
   * Makes the service and the guards usable in every module.
   * @default true
   */
  isGlobal?: boolean;
  /** Registers a further site under this name; inject it with `@InjectLimeSite(name)`. */
  name?: string;
}

export const { ConfigurableModuleClass, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<LimeSitesModuleOptions>({
    optionsInjectionToken: LIME_SITES_OPTIONS,
  })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createLimeSitesOptions' satisfies keyof LimeSitesOptionsFactory)
    .setExtras<LimeSitesModuleExtras>(
      { isGlobal: true, name: undefined as never },
      (definition, { isGlobal, name }) => {
        const { providers, exports } = siteProviders(name);
        return {
          ...definition,
          global: isGlobal !== false,
          providers: [...(definition.providers ?? []), ...providers],
          exports,
        };
      },
    )
    .build();

/** What `LimeSitesModule.forRootAsync()` takes: `useFactory` with `inject`, `useClass` or `useExisting`. */
export type LimeSitesModuleAsyncOptions = typeof ASYNC_OPTIONS_TYPE;
