import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { Agent } from 'undici';
import { LimeError, LimeSiteService, LimeSitesModule } from 'nestjs-lime-sites';
import { useCleanup } from '../support/cleanup.js';
import { useEnvironment } from '../support/environment.js';
import { failureOf } from '../support/failure-of.js';
import { readings } from '../support/leaks.js';
import { closedAddress } from '../support/loopback-server.js';
import { useStarter } from '../support/start-site.js';

const PASSWORD = 'pa55word';
const NO_VARIABLES = {
  HTTPS_PROXY: undefined,
  https_proxy: undefined,
  NO_PROXY: undefined,
  no_proxy: undefined,
};

interface Tunnel {
  target: string | undefined;
  /** What the `Proxy-Authorization` header decodes to. */
  credentials: string | undefined;
}

const start = useStarter();
const closeLater = useCleanup();
const setEnvironment = useEnvironment();
beforeEach(() => setEnvironment(NO_VARIABLES));

/** Starts a proxy that records the tunnels that it is asked for, and refuses them. */
async function startProxy() {
  const tunnels: Tunnel[] = [];
  const server = createServer();
  server.on('connect', ({ url, headers }, socket) => {
    const basic = headers['proxy-authorization']?.replace('Basic ', '');
    const credentials = basic && Buffer.from(basic, 'base64').toString();
    tunnels.push({ target: url, credentials });
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closeLater(() => server.close());
  return { tunnels, address: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Starts a site whose platform cannot be reached, and makes a call. */
async function call(baseUrl: string): Promise<LimeError> {
  const limeSites = LimeSitesModule.forRoot({
    siteToken: 'st_1',
    baseUrl,
    dispatcher: false,
    maxRetries: 0,
  });
  const { app } = await start.app({ imports: [limeSites] });
  return failureOf(LimeError, app.get(LimeSiteService).createLoginRequest());
}

/** Starts a site that must not start. */
function startError(options: object = {}): Promise<LimeError> {
  const given = { siteToken: 'st_1', baseUrl: 'https://lime.example', dispatcher: false };
  const limeSites = LimeSitesModule.forRoot({ ...given, ...options });
  return failureOf(LimeError, start.app({ imports: [limeSites] }));
}

describe('HTTPS_PROXY', () => {
  it.each([
    ['a URL', (address: string) => `http://${address}`, undefined],
    ['a URL with a slash', (address: string) => `HTTP://${address}/`, undefined],
    ['an address without a scheme', (address: string) => address, undefined],
    ['an address between blanks', (address: string) => ` ${address}\n`, undefined],
    ['a user without a scheme', (address: string) => `me:word@${address}`, 'me:word'],
    ['an encoded password', (address: string) => `http://me:p%40%2Fs@${address}`, 'me:p@/s'],
    ['a password with a lone %', (address: string) => `http://me:100%@${address}`, 'me:100%'],
    ['a password with an @', (address: string) => `http://me:p@ss@${address}`, 'me:p@ss'],
  ])('is read as curl reads it: %s', async (_, write, credentials) => {
    const { tunnels, address } = await startProxy();
    setEnvironment({ HTTPS_PROXY: write(address) });

    const error = await call('https://lime.example');

    expect(error).toMatchObject({ code: 'NETWORK_ERROR', message: expect.stringMatching(/502/) });
    expect(tunnels).toContainEqual({ target: 'lime.example:443', credentials });
  });

  it.each([
    ['lower case wins', { https_proxy: 'good', HTTPS_PROXY: 'socks5://bad' }, true],
    ['blank counts as not given', { https_proxy: ' ', HTTPS_PROXY: 'good' }, true],
    ['only blank is none', { https_proxy: '', HTTPS_PROXY: ' ' }, false],
  ])('is looked for in two variables: %s', async (_, variables: object, isUsed) => {
    const { tunnels, address } = await startProxy();
    const entries = Object.entries(variables).map(([name, value]) => [
      name,
      String(value).replace('good', address),
    ]);
    setEnvironment(Object.fromEntries(entries) as Record<string, string>);

    await call(`https://${new URL(await closedAddress()).host}`);

    expect(tunnels.length > 0).toBe(isUsed);
  });

  it.each([
    ['a port that is too large', `http://me:${PASSWORD}@proxy.example:99999`],
    ['a port that is not a number', `me:${PASSWORD}@proxy.example:31x8`],
    ['no host', `http://me:${PASSWORD}@:3128`],
    ['a blank within the host', `http://me:${PASSWORD}@proxy example:3128`],
    ['an unescaped # in the password', `http://me:12#${PASSWORD}@proxy.example:3128`],
    ['an unescaped / in the password', `http://me:12/${PASSWORD}@proxy.example:3128`],
    ['an unescaped ? in the password', `http://me:12?${PASSWORD}@proxy.example:3128`],
    ['an encoding that is not UTF-8', `http://me:%FF${PASSWORD}@proxy.example:3128`],
    ['only a scheme', 'https://'],
  ])('stops the start when it cannot be read, and does not show it: %s', async (_, value) => {
    for (const variable of ['HTTPS_PROXY', 'https_proxy']) {
      setEnvironment({ ...NO_VARIABLES, [variable]: value });

      const error = await startError();

      expect(error.code).toBe('INVALID_OPTIONS');
      expect(error.detail?.['faults']).toEqual([
        expect.stringMatching(
          new RegExp(`^${variable} must be the address of an HTTP proxy such as http://`),
        ),
      ]);
      expect(readings(error)).not.toContain(PASSWORD);
    }
  });

  it.each(['socks5:', 'socks4a:', 'ftp:'])(
    'stops the start when it is for %s, which the module does not speak',
    async (scheme) => {
      setEnvironment({ HTTPS_PROXY: `${scheme}//me:${PASSWORD}@proxy.example:1080` });

      const error = await startError();

      expect(error.code).toBe('INVALID_OPTIONS');
      expect(error.message).toContain(`got one for ${scheme}`);
      expect(readings(error)).not.toContain(PASSWORD);
    },
  );

  it('is named beside every other wrong option', async () => {
    setEnvironment({ HTTPS_PROXY: 'proxy.example:x' });

    const error = await startError({ timeoutMs: 0 });

    expect(error.detail?.['faults']).toEqual([
      expect.stringMatching(/^timeoutMs /),
      expect.stringMatching(/^HTTPS_PROXY /),
    ]);
  });

  it('is not read with an httpClient, nor for a platform on loopback without TLS', async () => {
    setEnvironment({ HTTPS_PROXY: 'socks5://proxy.example' });
    const httpClient = new Agent();
    closeLater(() => httpClient.destroy());
    const withClient = LimeSitesModule.forRoot({
      siteToken: 'st_1',
      baseUrl: 'https://127.0.0.1:9',
      dispatcher: false,
      httpClient,
    });

    await expect(start.app({ imports: [withClient] })).resolves.toBeDefined();
    const { site } = await start.site({ options: { dispatcher: false } });
    await expect(site.createLoginRequest()).resolves.toMatchObject({ status: 'PENDING' });
  });
});

describe('NO_PROXY', () => {
  it.each([
    ['lime.localhost', true],
    ['localhost', true],
    ['.localhost', true],
    ['*.localhost', true],
    ['LIME.LOCALHOST', true],
    ['one.example, lime.localhost', true],
    ['one.example lime.localhost', true],
    ['lime.localhost:443', true],
    ['*', true],
    [' * ', true],
    ['', false],
    ['lime.localhost:8443', false],
    ['ime.localhost', false],
    ['one.example', false],
  ])('%j exempts lime.localhost: %p', async (exceptions, isExempt) => {
    const { tunnels, address } = await startProxy();
    setEnvironment({ HTTPS_PROXY: address, NO_PROXY: exceptions });

    await call('https://lime.localhost');

    expect(tunnels.length === 0).toBe(isExempt);
  });

  it.each([
    ['lower case wins', { no_proxy: 'one.example', NO_PROXY: '*' }, false],
    ['blank counts as not given', { no_proxy: ' ', NO_PROXY: '*' }, true],
  ])('is looked for in two variables: %s', async (_, variables, isExempt) => {
    const { tunnels, address } = await startProxy();
    setEnvironment({ HTTPS_PROXY: address, ...variables });

    await call('https://lime.localhost');

    expect(tunnels.length === 0).toBe(isExempt);
  });
});
