import { Inject, Injectable, Scope, type Type } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { describe, expect, it } from '@jest/globals';
import {
  LimeError,
  LimeSiteService,
  LimeSitesModule,
  type LimeSitesModuleOptions,
  type LimeSitesOptionsFactory,
} from 'nestjs-lime-sites';
import { LimeSandbox } from 'nestjs-lime-sites/testing';
import { useEnvironment } from '../support/environment.js';
import { failureOf } from '../support/failure-of.js';
import { featureModule } from '../support/feature-module.js';
import { useStarter } from '../support/start-site.js';

@Injectable()
class OptionsFromSandbox implements LimeSitesOptionsFactory {
  constructor(@Inject(LimeSandbox) private readonly lime: LimeSandbox) {}

  createLimeSitesOptions(): LimeSitesModuleOptions {
    return this.lime.moduleOptions();
  }
}

function configurationModule(lime: LimeSandbox): Type {
  return featureModule({
    providers: [{ provide: LimeSandbox, useFactory: () => lime }, OptionsFromSandbox],
    exports: [LimeSandbox, OptionsFromSandbox],
  });
}

describe('LimeSitesModule.forRootAsync()', () => {
  const start = useStarter();
  const setEnvironment = useEnvironment();

  it.each<[string, Parameters<typeof LimeSitesModule.forRootAsync>[0]]>([
    ['useFactory', { inject: [LimeSandbox], useFactory: (lime: LimeSandbox) => options(lime) }],
    [
      'an asynchronous useFactory',
      {
        inject: [LimeSandbox],
        useFactory: (lime: LimeSandbox) => Promise.resolve(options(lime)),
      },
    ],
    ['useClass', { useClass: OptionsFromSandbox }],
    ['useExisting', { useExisting: OptionsFromSandbox }],
  ])('takes the options from %s', async (_, source) => {
    const lime = await start.lime();
    const imports = [configurationModule(lime)];
    const { app } = await start.app({
      imports: [LimeSitesModule.forRootAsync({ ...source, imports })],
    });
    const { requestId } = await app.get(LimeSiteService).createLoginRequest();
    expect(lime.request(requestId)).toBeDefined();
  });

  it('checks the options of a factory as forRoot() does', async () => {
    const limeSites = LimeSitesModule.forRootAsync({
      useFactory: () => ({ siteToken: 'st_1', concurrency: 0 }),
    });
    await expect(start.app({ imports: [limeSites] })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      detail: { faults: [expect.stringContaining('concurrency')] },
    });
  });

  it('reads from the environment the options that a factory leaves out', async () => {
    const lime = await start.lime();
    setEnvironment(lime.env());
    const { app } = await start.app({
      imports: [LimeSitesModule.forRootAsync({ useFactory: () => ({}) })],
    });
    await expect(app.get(LimeSiteService).createLoginRequest()).resolves.toBeDefined();
  });

  it('throws without useFactory, useClass and useExisting', () => {
    expect(() => LimeSitesModule.forRootAsync({})).toThrow(LimeError);
    expect(() => LimeSitesModule.forRootAsync({})).toThrow(
      'needs useFactory, useClass or useExisting',
    );
  });

  it.each<[string, (lime: LimeSandbox) => Parameters<typeof LimeSitesModule.forRootAsync>[0]]>([
    [
      'a request-scoped provider',
      (lime) => {
        @Injectable({ scope: Scope.REQUEST })
        class TenantOptions {
          readonly lime = lime.moduleOptions();
        }
        return {
          imports: [featureModule({ providers: [TenantOptions], exports: [TenantOptions] })],
          inject: [TenantOptions],
          useFactory: (tenant: TenantOptions) => tenant.lime,
        };
      },
    ],
    [
      'a durable provider',
      (lime) => {
        @Injectable({ scope: Scope.REQUEST, durable: true })
        class TenantOptions implements LimeSitesOptionsFactory {
          createLimeSitesOptions() {
            return lime.moduleOptions();
          }
        }
        return { useClass: TenantOptions };
      },
    ],
    ['the request', (lime) => ({ inject: [REQUEST], useFactory: () => lime.moduleOptions() })],
  ])('stops the start when the options depend on %s', async (_, source) => {
    const lime = await start.lime();
    const limeSites = LimeSitesModule.forRootAsync({ name: 'shop', ...source(lime) });
    const error = await failureOf(LimeError, start.app({ imports: [limeSites] }));
    expect(error.code).toBe('REQUEST_SCOPED_OPTIONS');
    expect(error.message).toContain(
      'The options of the site "shop" depend on a request-scoped provider',
    );
    expect(lime.callCount('events')).toBe(0);
  });

  it('takes the options from a transient provider', async () => {
    const lime = await start.lime();
    @Injectable({ scope: Scope.TRANSIENT })
    class Options implements LimeSitesOptionsFactory {
      createLimeSitesOptions() {
        return lime.moduleOptions();
      }
    }
    const { app } = await start.app({
      imports: [LimeSitesModule.forRootAsync({ useClass: Options })],
    });
    await expect(app.get(LimeSiteService).createLoginRequest()).resolves.toBeDefined();
  });

  it('takes name and isGlobal', async () => {
    const lime = await start.lime();
    const limeSites = LimeSitesModule.forRootAsync({
      name: 'shop',
      isGlobal: false,
      useFactory: () => lime.moduleOptions(),
    });
    expect(limeSites.global).toBe(false);
    const { app } = await start.app({ imports: [limeSites] });
    expect(() => app.get(LimeSiteService)).toThrow();
  });
});

function options(lime: LimeSandbox): LimeSitesModuleOptions {
  return lime.moduleOptions();
}
