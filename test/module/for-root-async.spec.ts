import { Inject, Injectable, type Type } from '@nestjs/common';
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

  it('checks what a factory gives as it checks what is given directly', async () => {
    const limeSites = LimeSitesModule.forRootAsync({
      useFactory: () => ({ siteToken: 'st_1', concurrency: 0 }),
    });
    await expect(start.app({ imports: [limeSites] })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      detail: { faults: [expect.stringContaining('concurrency')] },
    });
  });

  it('lets the environment fill in what a factory leaves out', async () => {
    const lime = await start.lime();
    setEnvironment(lime.env());
    const { app } = await start.app({
      imports: [LimeSitesModule.forRootAsync({ useFactory: () => ({}) })],
    });
    await expect(app.get(LimeSiteService).createLoginRequest()).resolves.toBeDefined();
  });

  it('says what is missing when it gets no source', () => {
    expect(() => LimeSitesModule.forRootAsync({})).toThrow(LimeError);
    expect(() => LimeSitesModule.forRootAsync({})).toThrow(
      'needs useFactory, useClass or useExisting',
    );
  });

  it('takes a name and the reach', async () => {
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
