import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { LimeSiteService, LimeSitesModule, type LimeSitesModuleOptions } from 'nestjs-lime-sites';
import { useCleanup } from '../support/cleanup.js';
import { useEnvironment } from '../support/environment.js';
import { LoopbackServer } from '../support/loopback-server.js';
import { someJwks } from '../support/shared-key.js';
import { useStarter } from '../support/start-site.js';

const CALLS = [
  'GET /core/.well-known/jwks.json',
  'GET /modules/agent-login/events',
  'GET /modules/agent-login/requests/lr_1',
  'POST /modules/agent-login/requests',
  'POST /modules/bindings/exchange',
  'POST /modules/bindings/requests',
];

describe('Every call to LIME, the event stream and the JWKS included', () => {
  const start = useStarter();
  const closeLater = useCleanup();
  const setEnvironment = useEnvironment();

  /** A server that has keys, without which the module exchanges no code, and answers 404 to the rest, which it does not retry. */
  async function startServer(): Promise<LoopbackServer> {
    const server = await LoopbackServer.start(({ url }, response) => {
      if (url?.endsWith('/jwks.json')) response.end(someJwks);
      else response.writeHead(404).end();
    });
    closeLater(() => server.stop());
    return server;
  }

  /** Starts a site, makes each call once, and gives the received requests. */
  async function requestsOf(
    server: LoopbackServer,
    options: LimeSitesModuleOptions,
  ): Promise<IncomingMessage[]> {
    const limeSites = LimeSitesModule.forRoot({ siteToken: 'st_1', streamWaitMs: 0, ...options });
    const { app } = await start.app({ imports: [limeSites] });
    const site = app.get(LimeSiteService);
    await Promise.allSettled([
      site.createLoginRequest(),
      site.getLoginRequest('lr_1'),
      site.createBindingRequest({ redirectUri: 'https://shop.example/callback' }),
      site.exchangeBindingCode('bc_1'),
    ]);
    await server.received(CALLS.length);
    return server.requests;
  }

  const callsOf = (requests: IncomingMessage[]) =>
    requests.map(({ method, url }) => `${method} ${url}`).toSorted();
  const callsBelow = (path: string) => CALLS.map((call) => call.replace(' ', ` ${path}`));

  it.each(['', '/', '//', '/api/v1', '/api/v1/', '/api/v1//'])(
    'goes to /api/v1 with a baseUrl that ends with "%s" behind the port',
    async (end) => {
      const server = await startServer();
      const requests = await requestsOf(server, { baseUrl: `${server.url}${end}` });
      expect(callsOf(requests)).toEqual(callsBelow('/api/v1'));
    },
  );

  it.each(['', '/', ' ', '/api/v1'])(
    'goes to /api/v1 with a LIME_API_BASE that ends with "%s" behind the port',
    async (end) => {
      const server = await startServer();
      setEnvironment({ LIME_API_BASE: `${server.url}${end}` });
      expect(callsOf(await requestsOf(server, {}))).toEqual(callsBelow('/api/v1'));
    },
  );

  it.each(['/api', '/api/v2', '/v1', '/lime/api/v1', '/API/V1'])(
    'goes to the path of a baseUrl that has one: %s',
    async (path) => {
      const server = await startServer();
      const requests = await requestsOf(server, { baseUrl: `${server.url}${path}/` });
      expect(callsOf(requests)).toEqual(callsBelow(path));
    },
  );

  it('names the package and its version in User-Agent', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    const server = await startServer();
    const requests = await requestsOf(server, { baseUrl: server.url });
    expect(requests.map(({ headers }) => headers['user-agent'])).toEqual(
      CALLS.map(() => `nestjs-lime-sites/${version}`),
    );
  });

  it('carries the site token, except that for the public JWKS', async () => {
    const server = await startServer();
    const requests = await requestsOf(server, { baseUrl: server.url });
    const withToken = requests.filter(({ headers }) => headers['x-site-token'] === 'st_1');
    const without = requests.filter(({ headers }) => !('x-site-token' in headers));
    expect(callsOf(without)).toEqual(['GET /api/v1/core/.well-known/jwks.json']);
    expect(withToken).toHaveLength(CALLS.length - 1);
  });
});
