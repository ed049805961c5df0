import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ConfigModule, type ConfigModuleOptions, ConfigService, registerAs } from '@nestjs/config';
import {
  LimeSiteService,
  limeSitesEnvSchema,
  LimeSitesModule,
  type LimeSitesModuleOptions,
  validateLimeSitesEnv,
} from 'nestjs-lime-sites';
import type { LimeSandbox } from 'nestjs-lime-sites/testing';
import { useCleanup } from '../support/cleanup.js';
import { useEnvironment } from '../support/environment.js';
import { useStarter } from '../support/start-site.js';

describe('The module with @nestjs/config', () => {
  const start = useStarter();
  const closeLater = useCleanup();
  const setEnvironment = useEnvironment();

  /** Writes an environment file, and removes the variables of LIME from the environment. */
  async function envFileFor(variables: Record<string, string>): Promise<string> {
    setEnvironment({ LIME_SITE_TOKEN: undefined, LIME_API_BASE: undefined });
    const folder = await mkdtemp(join(tmpdir(), 'lime-env-'));
    closeLater(() => rm(folder, { recursive: true }));
    const file = join(folder, '.env');
    const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
    await writeFile(file, lines.join(''));
    return file;
  }

  async function expectLoginAt(lime: LimeSandbox, imports: Parameters<typeof start.app>[0]) {
    const { app } = await start.app(imports);
    const { requestId } = await app.get(LimeSiteService).createLoginRequest();
    expect(lime.request(requestId)).toBeDefined();
  }

  it.each<[string, ConfigModuleOptions]>([
    ['as it is', {}],
    ['with the schema', { validationSchema: limeSitesEnvSchema }],
    ['with the function', { validate: validateLimeSitesEnv }],
  ])('reads the variables of the file that ConfigModule reads: %s', async (_, options) => {
    const lime = await start.lime();
    const envFilePath = await envFileFor(lime.env());
    const config = ConfigModule.forRoot({ envFilePath, ...options });
    await expectLoginAt(lime, { imports: [config, LimeSitesModule.forRoot()] });
  });

  it.each<[string, ConfigModuleOptions]>([
    ['the schema', { validationSchema: limeSitesEnvSchema }],
    ['the function', { validate: validateLimeSitesEnv }],
  ])('stops the start and names each wrong variable with %s', async (_, options) => {
    const envFilePath = await envFileFor({ LIME_API_BASE: 'st_mixed_up' });
    const error: unknown = await ConfigModule.forRoot({ envFilePath, ...options }).catch(
      (reason: unknown) => reason,
    );
    expect(String(error)).toMatch(/LIME_SITE_TOKEN:? is missing.*LIME_API_BASE:? must be/s);
    expect(String(error)).not.toContain('st_mixed_up');
  });

  it('leaves other variables to ConfigService', async () => {
    const lime = await start.lime();
    const envFilePath = await envFileFor({ ...lime.env(), SHOP_NAME: 'Lemons' });
    const config = ConfigModule.forRoot({ envFilePath, validationSchema: limeSitesEnvSchema });
    setEnvironment({ SHOP_NAME: undefined });
    const { app } = await start.app({ imports: [config, LimeSitesModule.forRoot()] });
    expect(app.get(ConfigService).get('SHOP_NAME')).toBe('Lemons');
  });

  it('accepts plain http when validationOptions allow it', async () => {
    const envFilePath = await envFileFor({
      LIME_SITE_TOKEN: 'st_1',
      LIME_API_BASE: 'http://lime.internal',
    });
    const config = ConfigModule.forRoot({
      envFilePath,
      validationSchema: limeSitesEnvSchema,
      validationOptions: { libraryOptions: { allowInsecureHttp: true } },
    });
    await expect(config).resolves.toBeDefined();
  });

  it('takes the options from a factory with ConfigService', async () => {
    const lime = await start.lime();
    const envFilePath = await envFileFor({ TOKEN: lime.siteToken, BASE: lime.baseUrl });
    setEnvironment({ TOKEN: undefined, BASE: undefined });
    const limeSites = LimeSitesModule.forRootAsync({
      imports: [ConfigModule.forRoot({ envFilePath })],
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({
        siteToken: config.getOrThrow<string>('TOKEN'),
        baseUrl: config.get<string>('BASE'),
      }),
    });
    await expectLoginAt(lime, { imports: [limeSites] });
  });

  it.each<
    [string, (lime: LimeSandbox) => LimeSitesModuleOptions | Promise<LimeSitesModuleOptions>]
  >([
    ['a namespace', (lime) => lime.moduleOptions()],
    ['a namespace that takes its time', (lime) => Promise.resolve(lime.moduleOptions())],
  ])('takes the options of forRootAsync() from %s of registerAs()', async (_, load) => {
    const lime = await start.lime();
    const limeConfig = registerAs('lime', () => load(lime));
    await expectLoginAt(lime, {
      imports: [
        ConfigModule.forRoot({ ignoreEnvFile: true, load: [limeConfig] }),
        LimeSitesModule.forRootAsync(limeConfig.asProvider()),
      ],
    });
  });
});
