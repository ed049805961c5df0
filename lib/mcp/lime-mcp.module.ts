import {
  ConfigurableModuleBuilder,
  type DynamicModule,
  Module,
  type OnModuleInit,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { type Clock, systemClock } from '../common/clock.js';
import { LimeError } from '../errors/index.js';
import { LIME_SITES_CLOCK } from '../lime-sites.constants.js';
import { type LimeMcpModuleOptions, resolveMcpOptions } from './lime-mcp.options.js';
import { McpTokenVerifier } from './mcp-token.verifier.js';
import { ProtectedResourceController } from './protected-resource.controller.js';

/** What `forRoot()` and `forRootAsync()` take beside the options. */
export interface LimeMcpModuleExtras {
  /**
   * `false` leaves out the controller of the metadata (RFC 9728), for an application that serves it in another way.
   * @default true
   */
  metadata?: boolean;
}

const OPTIONS = 'LIME_MCP_OPTIONS';

const { ConfigurableModuleClass, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<LimeMcpModuleOptions>({
    optionsInjectionToken: OPTIONS,
  })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createLimeMcpOptions')
    .setExtras<LimeMcpModuleExtras>({ metadata: true }, (definition, { metadata }) => ({
      ...definition,
      global: true,
      controllers: metadata === false ? [] : [ProtectedResourceController],
      providers: [
        ...(definition.providers ?? []),
        { provide: LIME_SITES_CLOCK, useValue: systemClock },
        {
          provide: McpTokenVerifier,
          inject: [OPTIONS, LIME_SITES_CLOCK],
          useFactory: (options: LimeMcpModuleOptions, clock: Clock) =>
            new McpTokenVerifier(resolveMcpOptions(options, process.env), clock),
        },
      ],
      exports: [McpTokenVerifier],
    }))
    .build();

/**
 * Lets agents call the MCP server of an application with access tokens of LIME. Needs no site token and opens no event stream; an
 * application that also accepts logins imports `LimeSitesModule` beside it.
 */
@Module({})
export class LimeMcpModule extends ConfigurableModuleClass implements OnModuleInit {
  constructor(private readonly moduleRef: ModuleRef) {
    super();
  }

  /** Registers the MCP server. Reads `LIME_API_BASE` from the environment where the options leave `baseUrl` out. */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    return super.forRoot(options);
  }

  /** Registers the MCP server with options that a factory makes (`useFactory`, `useClass` or `useExisting`). */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return super.forRootAsync(options);
  }

  /** @internal With two domains a guard would not know which one its route is for. */
  onModuleInit(): void {
    const servers = this.moduleRef.get(McpTokenVerifier, { strict: false, each: true });
    if (servers.length > 1) {
      throw new LimeError(
        'DUPLICATE_MCP_SERVER',
        `LimeMcpModule is registered ${servers.length} times, and an application has one MCP domain: call forRoot() once, in the root module`,
      );
    }
  }
}
