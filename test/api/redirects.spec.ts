import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { Agent, type Dispatcher, interceptors, RedirectHandler, RetryAgent } from 'undici';
import * as undici6 from 'undici-6';
import { LimeError, type LimeSiteService } from 'nestjs-lime-sites';
import { useCleanup } from '../support/cleanup.js';
import { failureOf } from '../support/failure-of.js';
import { LoopbackServer } from '../support/loopback-server.js';
import { someJwks } from '../support/shared-key.js';
import { type StartedSite, useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

const start = useStarter();
const closeLater = useCleanup();

/** Calls of the service, by the request that they send. */
const CALLS: Record<string, (site: LimeSiteService) => Promise<unknown>> = {
  'POST /modules/agent-login/requests': (site) => site.createLoginRequest(),
  'GET /modules/agent-login/requests/lr_1': (site) => site.getLoginRequest('lr_1'),
  'POST /modules/bindings/requests': (site) =>
    site.createBindingRequest({ redirectUri: 'https://shop.example/callback' }),
};
/** The module makes it only when it has keys. */
const EXCHANGE = 'POST /modules/bindings/exchange';

/** Starts a site whose platform redirects every request to another origin; all but that for the JWKS, if one is given. */
async function startRedirected(
  status: number,
  createClient: ((agent: Agent) => Dispatcher) | undefined,
  answer: (request: IncomingMessage, response: ServerResponse) => void = (_, response) =>
    void response.end('{}'),
  jwks?: string,
): Promise<StartedSite & { elsewhere: LoopbackServer; platform: LoopbackServer }> {
  const elsewhere = await LoopbackServer.start(answer);
  const platform = await LoopbackServer.start(({ url }, response) => {
    if (jwks !== undefined && url?.endsWith('/jwks.json')) return void response.end(jwks);
    response.writeHead(status, { location: `${elsewhere.url}${url}` }).end('moved');
  });
  const agent = new Agent();
  closeLater(() => Promise.all([agent.destroy(), elsewhere.stop(), platform.stop()]));
  const httpClient = createClient?.(agent);
  const started = await start.site({
    options: { baseUrl: platform.url, streamWaitMs: 0, ...(httpClient && { httpClient }) },
  });
  return { ...started, elsewhere, platform };
}

/** The requests that a server got, without the prefix of the API. */
function sentTo({ requests }: LoopbackServer): string[] {
  return requests.map(({ method, url }) => `${method} ${url?.slice(7)}`);
}

/** Another copy of undici is another class with other types. */
function undici6Agent(options: undici6.Agent.Options): Dispatcher {
  const agent = new undici6.Agent(options);
  closeLater(() => agent.destroy());
  return agent as unknown as Dispatcher;
}

describe('A redirect to another origin', () => {
  it.each<[string, ((agent: Agent) => Dispatcher) | undefined]>([
    ['the client of the module', undefined],
    ['an Agent', (agent) => agent],
    [
      'a client that follows redirects',
      (agent) => agent.compose(interceptors.redirect({ maxRedirections: 5 })),
    ],
    [
      'a client that follows redirects below other interceptors',
      (agent) =>
        agent.compose([
          interceptors.redirect({ maxRedirections: 5 }),
          interceptors.retry(),
          interceptors.dns(),
        ]),
    ],
    [
      'a RetryAgent around a client that follows redirects',
      (agent) => new RetryAgent(agent.compose(interceptors.redirect({ maxRedirections: 5 }))),
    ],
    ['an Agent of undici 6 that follows redirects', () => undici6Agent({ maxRedirections: 5 })],
  ])(
    'is followed by no call, and gets neither token nor code, with %s',
    async (_, createClient) => {
      for (const status of [301, 302, 303, 307, 308]) {
        const { lime, site, elsewhere, platform } = await startRedirected(status, createClient);
        const refused = {
          code: 'UNEXPECTED_REDIRECT',
          httpStatus: status,
          message: expect.stringContaining('Set baseUrl to the final address'),
        };

        for (const call of Object.values(CALLS)) {
          await expect(failureOf(LimeError, call(site))).resolves.toMatchObject(refused);
        }
        const passport = await lime.signPassport();
        const error = await failureOf(LimeError, site.verifyPassport(passport));
        expect(error).toMatchObject({ code: 'KEYS_UNAVAILABLE', cause: refused });
        await until(() => site.connection.lastError);
        expect(site.connection).toMatchObject({ state: 'reconnecting', lastError: refused });

        expect(sentTo(platform).toSorted()).toEqual(
          [
            ...Object.keys(CALLS),
            'GET /core/.well-known/jwks.json',
            'GET /modules/agent-login/events',
          ].toSorted(),
        );
        expect(elsewhere.requests).toEqual([]);

        const withKeys = await startRedirected(status, createClient, undefined, someJwks);
        const exchange = withKeys.site.exchangeBindingCode('bc_1');
        await expect(failureOf(LimeError, exchange)).resolves.toMatchObject(refused);
        expect(sentTo(withKeys.platform)).toContain(EXCHANGE);
        expect(withKeys.elsewhere.requests).toEqual([]);
      }
    },
  );
});

describe('A client that follows a redirect against the will of the module', () => {
  /** Ignores `maxRedirections` of a request, as a dispatcher of an application's own can. */
  const stubborn = (agent: Agent) =>
    agent.compose(
      (dispatch) => (options, handler) =>
        dispatch(options, new RedirectHandler(dispatch, 5, options, handler)),
    );

  it('makes every call fail with an error that says what may have happened to the token', async () => {
    const { site } = await startRedirected(307, stubborn);
    const withKeys = await startRedirected(307, stubborn, undefined, someJwks);
    const exchange = () => withKeys.site.exchangeBindingCode('bc_1');

    for (const call of [...Object.values(CALLS), exchange]) {
      const error = await failureOf(LimeError, call(site));
      expect(error.code).toBe('UNEXPECTED_REDIRECT');
      expect(error.message).toContain('The site token may have reached another origin');
    }
  });

  it('brings no keys and no events of the other origin', async () => {
    const other = await start.lime();
    const { site } = await startRedirected(307, stubborn, ({ url }, response) => {
      if (url?.endsWith('/events')) {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: {"type":"expired","login_request_id":"lr_1"}\n\n');
      } else {
        void fetch(`${other.baseUrl}/core/.well-known/jwks.json`)
          .then((keys) => keys.text())
          .then((text) => response.end(text));
      }
    });

    await until(() => site.connection.lastError);
    const error = await failureOf(LimeError, site.verifyPassport(await other.signPassport()));

    expect(site.connection).toMatchObject({
      state: 'reconnecting',
      lastError: { code: 'UNEXPECTED_REDIRECT' },
    });
    expect(site.stats.received).toBe(0);
    expect(error).toMatchObject({
      code: 'KEYS_UNAVAILABLE',
      cause: { code: 'UNEXPECTED_REDIRECT' },
    });
  });

  it('is given the token once: neither a call nor the stream is repeated within seconds', async () => {
    const { site, elsewhere, logs } = await startRedirected(307, stubborn, (_, response) => {
      response.writeHead(503).end();
    });
    const callsFor = (path: string) =>
      elsewhere.requests.filter(({ url }) => url?.endsWith(path)).length;

    await failureOf(LimeError, site.createLoginRequest());
    await until(() => site.connection.lastError);

    expect(callsFor('/requests')).toBe(1);
    expect(callsFor('/events')).toBe(1);
    expect(logs.of('warn')).toContainEqual(expect.stringMatching(/reconnecting in 3\d\.\d s$/));
  });

  it('serves every call that is not redirected', async () => {
    const agent = new Agent();
    closeLater(() => agent.destroy());
    const { lime, site } = await start.site({ options: { httpClient: stubborn(agent) } });
    await lime.whenStreamOpen();

    const { requestId } = await site.createLoginRequest();
    const passport = await lime.signPassport({ request_id: requestId });

    await expect(site.verifyPassport(passport)).resolves.toMatchObject({ valid: true });
  });
});
