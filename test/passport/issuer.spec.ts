import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  InvalidPassportError,
  LimeSiteService,
  LimeSitesModule,
  type LimeSitesModuleOptions,
} from 'nestjs-lime-sites';
import type { LimeSandbox } from 'nestjs-lime-sites/testing';
import { useEnvironment } from '../support/environment.js';
import { failureOf } from '../support/failure-of.js';
import { startSandbox } from '../support/start-sandbox.js';
import { useStarter } from '../support/start-site.js';

const LIME = 'https://lime.pics';

/** What LIME accepts for `https://lime.pics`. */
const ACCEPTED: [string, string][] = [
  ['the origin itself', LIME],
  ['upper case in the scheme', 'HTTPS://lime.pics'],
  ['upper case in the host', 'https://Lime.PICS'],
  ['a blank before it', ` ${LIME}`],
  ['blanks and line ends around it', `\t ${LIME}\r\n`],
  ['a slash behind it', `${LIME}/`],
  ['a query', `${LIME}?a=b`],
  ['a query behind a slash', `${LIME}/?a=/b`],
  ['an empty query', `${LIME}?`],
  ['a line end in a query', `${LIME}?a\nb`],
  ['a fragment', `${LIME}#a`],
  ['a fragment behind a slash', `${LIME}/#/a`],
  ['the default port', `${LIME}:443`],
  ['the default port and a slash', `${LIME}:443/`],
];

/** What LIME refuses for `https://lime.pics`. */
const REFUSED: [string, unknown][] = [
  ['a path', `${LIME}/login`],
  ['the path of the API', `${LIME}/api/v1`],
  ['the path of the API and a slash', `${LIME}/api/v1/`],
  ['two slashes behind it', `${LIME}//`],
  ['a dot for a path', `${LIME}/.`],
  ['a backslash behind it', `${LIME}\\`],
  ['a user', 'https://lime@lime.pics'],
  ['a user and a password', 'https://lime:pics@lime.pics'],
  ['an empty user', 'https://@lime.pics'],
  ['the host as the user of another one', 'https://lime.pics@evil.example'],
  ['http', 'http://lime.pics'],
  ['http on the same port', 'http://lime.pics:443'],
  ['another scheme', 'ftp://lime.pics'],
  ['no scheme', 'lime.pics'],
  ['no scheme but slashes', '//lime.pics'],
  ['a scheme with one slash', 'https:/lime.pics'],
  ['another port', 'https://lime.pics:8443'],
  ['the port of http', 'https://lime.pics:80'],
  ['another host', 'https://lime.example'],
  ['a host below it', 'https://evil.lime.pics'],
  ['a host above it', 'https://pics'],
  ['a host that begins like it', 'https://lime.pics.evil.example'],
  ['a host that ends like it', 'https://slime.pics'],
  ['a dot behind the host', 'https://lime.pics.'],
  ['an escape in the host, which a URL parser decodes', 'https://lime%2Epics'],
  [
    'full-width letters, which a URL parser maps to others',
    'https://\uff4c\uff49\uff4d\uff45.pics',
  ],
  ['a port without digits', `${LIME}:`],
  ['a leading zero in the port', `${LIME}:0443`],
  ['a blank within it', 'https://lime. pics'],
  ['two of them', `${LIME} ${LIME}`],
  ['a list with it', [LIME]],
  ['an object', { origin: LIME }],
  ['a blank text', ' '],
  ['an empty text', ''],
  ['nothing', undefined],
  ['null', null],
  ['a number', 443],
  ['true', true],
];

describe('The issuer of a passport', () => {
  const start = useStarter();
  const setEnvironment = useEnvironment();
  let lime: LimeSandbox;

  beforeAll(async () => {
    lime = await startSandbox();
  });
  afterAll(() => lime.stop());

  const origin = () => new URL(lime.baseUrl).origin;

  async function startSite(options: LimeSitesModuleOptions = {}): Promise<LimeSiteService> {
    return (await start.site({ lime, options: { dispatcher: false, ...options } })).site;
  }

  async function accepts(site: LimeSiteService, iss: unknown): Promise<void> {
    const { claims } = await site.verifyPassport(await lime.signPassport({ iss }));
    expect(claims.iss).toEqual(iss);
    const binding = await lime.signPassport({ iss }, { kind: 'binding' });
    await expect(site.verifyBindingPassport(binding)).resolves.toMatchObject({ valid: true });
  }

  async function refuses(site: LimeSiteService, iss: unknown, expected: string): Promise<void> {
    const facts = { code: 'PASSPORT_ISSUER', expected, actual: iss ?? 'nothing' };
    const work = lime.signPassport({ iss }).then((jwt) => site.verifyPassport(jwt));
    const error = await failureOf(InvalidPassportError, work);
    expect(error).toMatchObject(facts);
    expect(error.message).toContain(`must be ${expected} (option issuer)`);
    const binding = await lime.signPassport({ iss }, { kind: 'binding' });
    await expect(site.verifyBindingPassport(binding)).rejects.toMatchObject(facts);
  }

  it.each(ACCEPTED)('is accepted with %s', async (_, iss) => {
    await accepts(await startSite({ issuer: LIME }), iss);
  });

  it.each(REFUSED)('is refused when it is %s', async (_, iss) => {
    await refuses(await startSite({ issuer: LIME }), iss, LIME);
  });

  it('is not checked with issuer false, and can be absent', async () => {
    const site = await startSite({ issuer: false });
    for (const [, iss] of [...ACCEPTED, ...REFUSED]) await accepts(site, iss);
  });

  describe('by default', () => {
    it('is the origin of baseUrl', async () => {
      const site = await startSite();
      await accepts(site, origin());
      await accepts(site, `${origin().toUpperCase()}/`);
      await refuses(site, lime.baseUrl, origin());
      await refuses(site, origin().replace('127.0.0.1', '127.1'), origin());
      await refuses(site, LIME, origin());
      await refuses(site, undefined, origin());
    });

    it.each(['', '/', '/api/v1', '/api/v1/'])(
      'is the origin of LIME_API_BASE that ends with "%s"',
      async (end) => {
        setEnvironment({
          LIME_API_BASE: `${origin()}${end}`,
          LIME_SITE_TOKEN: lime.siteToken,
        });
        const { app } = await start.app({ imports: [LimeSitesModule.forRoot()] });
        const site = app.get(LimeSiteService);
        await accepts(site, origin());
        await refuses(site, `${origin()}/api/v1`, origin());
      },
    );

    it.each([undefined, null])('is the origin of baseUrl with issuer %s', async (issuer) => {
      const options = { issuer } as LimeSitesModuleOptions;
      await refuses(await startSite(options), LIME, origin());
    });
  });

  describe('by the option issuer', () => {
    it.each(ACCEPTED)('can be configured with %s', async (_, issuer) => {
      const site = await startSite({ issuer });
      await accepts(site, LIME);
      await refuses(site, origin(), LIME);
    });

    it('can be one of several', async () => {
      const site = await startSite({ issuer: [LIME, 'https://LIME.example:8443/'] });
      await accepts(site, LIME);
      await accepts(site, 'https://lime.example:8443');
      for (const iss of [
        origin(),
        'https://lime.example',
        `${LIME} or https://lime.example:8443`,
      ]) {
        await refuses(site, iss, `${LIME} or https://lime.example:8443`);
      }
    });

    it('can be a list of one', async () => {
      const site = await startSite({ issuer: [LIME] });
      await accepts(site, LIME);
      await refuses(site, [LIME], LIME);
    });
  });
});
