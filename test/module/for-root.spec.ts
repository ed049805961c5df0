import { Injectable } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { AuthenticationError, LimeSiteService, LimeSitesModule } from 'nestjs-lime-sites';
import { useEnvironment } from '../support/environment.js';
import { failureOf } from '../support/failure-of.js';
import { featureModule } from '../support/feature-module.js';
import { useStarter } from '../support/start-site.js';

describe('LimeSitesModule.forRoot()', () => {
  const start = useStarter();
  const setEnvironment = useEnvironment();

  it('takes all options from the environment', async () => {
    const lime = await start.lime();
    setEnvironment(lime.env());
    const { app } = await start.app({ imports: [LimeSitesModule.forRoot()] });
    const { requestId } = await app.get(LimeSiteService).createLoginRequest();
    expect(lime.request(requestId)?.status).toBe('PENDING');
  });

  it('prefers its options to the environment', async () => {
    const lime = await start.lime();
    setEnvironment({ LIME_SITE_TOKEN: 'st_other', LIME_API_BASE: 'http://127.0.0.1:9' });
    const { app } = await start.app({ imports: [LimeSitesModule.forRoot(lime.moduleOptions())] });
    await expect(app.get(LimeSiteService).createLoginRequest()).resolves.toMatchObject({
      status: 'PENDING',
    });
  });

  it('trims the token and the address, because files of variables can have blanks', async () => {
    const lime = await start.lime();
    setEnvironment({ LIME_SITE_TOKEN: ` ${lime.siteToken}\n`, LIME_API_BASE: ` ${lime.baseUrl} ` });
    const { app } = await start.app({ imports: [LimeSitesModule.forRoot()] });
    await expect(app.get(LimeSiteService).createLoginRequest()).resolves.toBeDefined();
  });

  it.each([{ given: undefined }, { given: '' }, { given: '  \n' }])(
    'does not start with the token $given',
    async ({ given }) => {
      setEnvironment({ LIME_SITE_TOKEN: given });
      const started = start.app({ imports: [LimeSitesModule.forRoot()] });
      const error = await failureOf(AuthenticationError, started);
      expect(error.code).toBe('SITE_TOKEN_MISSING');
      expect(error.message).toContain('LIME_SITE_TOKEN');
    },
  );

  it('does not fall back to the environment when the given token is blank', async () => {
    setEnvironment({ LIME_SITE_TOKEN: 'st_environment' });
    const started = start.app({ imports: [LimeSitesModule.forRoot({ siteToken: ' ' })] });
    await expect(started).rejects.toMatchObject({ code: 'SITE_TOKEN_MISSING' });
  });

  it('names the other wrong options when the token is missing', async () => {
    setEnvironment({ LIME_SITE_TOKEN: undefined });
    const started = start.app({ imports: [LimeSitesModule.forRoot({ timeoutMs: 0 })] });
    const error = await failureOf(AuthenticationError, started);
    expect(error.message).toContain('Also: timeoutMs must be a whole number');
  });

  it('is global unless isGlobal is false', async () => {
    const lime = await start.lime();

    @Injectable()
    class Logins {
      constructor(readonly site: LimeSiteService) {}
    }
    const feature = featureModule({ providers: [Logins] });

    const options = lime.moduleOptions();
    const { app } = await start.app({ imports: [LimeSitesModule.forRoot(options), feature] });
    expect(app.get(Logins, { strict: false }).site).toBe(app.get(LimeSiteService));

    const local = LimeSitesModule.forRoot({ ...options, isGlobal: false });
    await expect(start.app({ imports: [local, feature] })).rejects.toThrow(
      /can't resolve dependencies of the Logins/,
    );
  });
});
