import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { Agent, type Dispatcher, MockAgent, RedirectHandler } from 'undici';
import {
  LIME_CHANNELS,
  LimeError,
  type LimeSiteService,
  type LimeSitesModuleOptions,
} from 'nestjs-lime-sites';
import type { LimeSandbox } from 'nestjs-lime-sites/testing';
import { startReplica } from '../cluster/start-replicas.js';
import { type ChannelRecord, useChannelRecords } from '../support/channel-records.js';
import { useCleanup } from '../support/cleanup.js';
import { useEnvironment } from '../support/environment.js';
import { failureOf } from '../support/failure-of.js';
import { readings, secretsIn } from '../support/leaks.js';
import { LoopbackServer } from '../support/loopback-server.js';
import { passOn } from '../support/pass-on.js';
import { someJwks } from '../support/shared-key.js';
import { describeWithRedis, useRedis } from '../support/redis-server.js';
import { type StartedSite, useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

const SITE_TOKEN = 'st_live_9c41b7e02d5f4a86';
const CODE = 'bc_7d02f6a1c94b4e58';
const PROXY_PASSWORD = 'pr0xy-pa55word';

/** Answers a request with a fault, and repeats secrets wherever a platform or a proxy could. */
type Fault = (response: ServerResponse, echo: string) => void;

const FAULTS: Record<string, Fault> = {
  ...Object.fromEntries(
    [400, 401, 403, 404, 409, 429, 500, 503].map((status): [string, Fault] => [
      `LIME's error ${status}`,
      (response, echo) => {
        const error = { code: echo, message: echo, detail: { [echo]: [echo] } };
        response.writeHead(status).end(JSON.stringify({ ok: false, error }));
      },
    ]),
  ),
  'the 404 page of a proxy': (response, echo) =>
    response.writeHead(404, { 'content-type': 'text/html' }).end(`<h1>${echo}</h1>`),
  'a success without its fields': (response, echo) =>
    response.end(JSON.stringify({ ok: true, data: { status: [echo], passport: { echo } } })),
  'a redirect': (response, echo) =>
    response.writeHead(307, { location: `https://shop.example/?${encodeURI(echo)}` }).end(echo),
  'a content type': (response, echo) => response.writeHead(200, { 'content-type': echo }).end('x'),
  'an unknown encoding': (response, echo) =>
    response
      .writeHead(200, { 'content-encoding': echo, 'content-type': 'text/event-stream' })
      .end(echo),
  'damaged compression': (response, echo) =>
    response
      .writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'text/event-stream' })
      .end(echo),
  'broken chunked framing': ({ socket }, echo) =>
    socket?.end(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\nzz${echo}\r\n`),
  'a broken header': ({ socket }, echo) =>
    socket?.end(`HTTP/1.1 200 OK\r\n${echo} is not a header\r\n\r\n`),
  'an answer that breaks off': (response, echo) => {
    response.writeHead(200, { 'content-length': 99_999 });
    response.write(echo, () => response.destroy());
  },
  'an answer without end': (response, echo) => response.end(`"${echo.padEnd(2 * 1024 * 1024)}"`),
};

/** Clients that put what they send into their errors, or send it elsewhere. */
const CLIENTS: Record<string, (agent: Agent) => Dispatcher> = {
  'a client that throws the request': (agent) =>
    agent.compose(() => (options) => {
      throw Object.assign(new Error(`cannot send ${JSON.stringify(options)}`), { options });
    }),
  'a mock that expects another token': () => {
    const mock = new MockAgent();
    mock.disableNetConnect();
    const headers = { 'x-site-token': 'st_other' };
    mock
      .get('https://lime.example')
      .intercept({ path: () => true, method: () => true, headers })
      .reply(200);
    return mock;
  },
  'a client that follows redirects': (agent) =>
    agent.compose(
      (dispatch) => (options, handler) =>
        dispatch(options, new RedirectHandler(dispatch, 3, options, handler)),
    ),
};

describeWithRedis('A run through every fault of the network, of Redis and of handlers', () => {
  const redis = useRedis();
  const start = useStarter();
  const closeLater = useCleanup();
  const setEnvironment = useEnvironment();
  const channels = useChannelRecords();

  it('shows no site token, passport, binding code or password in anything that comes out', async () => {
    const lime = await start.lime({ siteToken: SITE_TOKEN });
    const run = new Run();
    const traces = [
      LIME_CHANNELS.login,
      LIME_CHANNELS.handler,
      LIME_CHANNELS.verify,
      LIME_CHANNELS.http,
    ].map((name) => channels.tracing<{ error?: unknown }>(name));
    const connections = channels.plain(LIME_CHANNELS.connection);
    const startSite = async (options: LimeSitesModuleOptions) => {
      const backoff = { sseBackoffBaseMs: 60_000, sseBackoffMaxMs: 60_000 };
      const calls = { streamWaitMs: 0, maxRetries: 0, eventEmitter: run.emitter };
      const given = { ...backoff, ...calls, ...options };
      return run.watch(await start.site({ lime, options: given }));
    };
    const passport = run.addPassport(await lime.signPassport({ request_id: 'lr_1' }));
    // A platform knows the code only from its exchange.
    const echoTo = ({ url }: IncomingMessage) =>
      url?.endsWith('/exchange')
        ? `${SITE_TOKEN} ${passport} ${CODE}`
        : `${SITE_TOKEN} ${passport}`;

    await refuseInRedis(lime, run);
    for (const [name, fault] of Object.entries(FAULTS)) {
      const platform = await LoopbackServer.start((request, response) =>
        fault(response, echoTo(request)),
      );
      closeLater(() => platform.stop());
      const { app, site } = await startSite({ baseUrl: platform.url });
      await run.makeCalls(name, site, passport);
      await until(() => site.connection.lastError);
      run.keep(name, site.connection);
      await app.close();

      const withKeys = await LoopbackServer.start((request, response) => {
        if (request.url?.endsWith('/jwks.json')) response.end(someJwks);
        else fault(response, echoTo(request));
      });
      closeLater(() => withKeys.stop());
      const exchanging = await startSite({ baseUrl: withKeys.url });
      await run.exchangeTwice(name, exchanging.site);
      await exchanging.app.close();
      run.keep(name, await failureOf(LimeError, site.createLoginRequest()));
    }
    const silent = await LoopbackServer.start();
    closeLater(() => silent.stop());
    const { site: waiting } = await startSite({ baseUrl: silent.url, timeoutMs: 5 });
    await run.makeCalls('no answer', waiting, passport);

    for (const [name, createClient] of Object.entries(CLIENTS)) {
      const elsewhere = await LoopbackServer.start((request, response) =>
        response.end(echoTo(request)),
      );
      const redirecting = await LoopbackServer.start(({ url }, response) => {
        response.writeHead(307, { location: `${elsewhere.url}${url}` }).end();
      });
      const agent = new Agent();
      const httpClient = createClient(agent);
      closeLater(() => Promise.all([agent.destroy(), elsewhere.stop(), redirecting.stop()]));
      const baseUrl = httpClient instanceof MockAgent ? 'https://lime.example' : redirecting.url;
      const { site } = await startSite({ baseUrl, httpClient });
      await run.makeCalls(name, site, passport);
      await until(() => site.connection.lastError);
      run.keep(name, site.connection);
    }

    await breakFramingBehindApproval(lime, run, startSite);
    await failHandlers(lime, run, startSite);

    for (const [name, address] of [
      ['a proxy that is down', 'localhost:9'],
      ['a proxy that cannot be read', 'proxy.example:x'],
    ] as const) {
      setEnvironment({
        https_proxy: `me:${PROXY_PASSWORD}@${address}`,
        no_proxy: ' ',
        NO_PROXY: ' ',
      });
      const given = {
        siteToken: SITE_TOKEN,
        baseUrl: 'https://lime.example',
        dispatcher: false,
        maxRetries: 0,
      };
      const started = start
        .site({ lime, options: given })
        .then(({ site }) => site.createLoginRequest());
      run.keep(name, await failureOf(LimeError, started));
    }

    for (const { message } of traces.flat() as ChannelRecord<{ error?: unknown }>[]) {
      // A tracer gets what a handler of the application threw as it is.
      if (!run.thrownByHandlers.has(message.error)) run.keep('a trace', message);
    }
    for (const message of connections) run.keep('a change of the connection', message);
    expect(run.leaks()).toEqual([]);
    expect([...run.codes]).toEqual(expect.arrayContaining(EXPECTED_CODES));
    expect(run.size).toBeGreaterThan(500);
  }, 120_000);

  /** A proxy loses a chunk header behind an approval: the parser's error holds the rest of the chunk, with a passport in it. */
  async function breakFramingBehindApproval(
    lime: LimeSandbox,
    run: Run,
    startSite: StartSite,
  ): Promise<void> {
    let passport = '';
    const platform = await LoopbackServer.start((request, response) => {
      if (!request.url?.endsWith('/events') || passport === '')
        return passOn(lime.port, request, response);
      const frame = `data: ${JSON.stringify({ type: 'approved', login_request_id: 'lr_1', agent_passport_jwt: passport })}\n\n`;
      const head =
        'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';
      const size = Buffer.byteLength(frame).toString(16);
      response.socket?.end(`${head}${size}\r\n${frame}\r\n${frame}${frame}`);
    });
    closeLater(() => platform.stop());
    passport = run.addPassport(await lime.signPassport({ request_id: 'lr_1' }));
    const { site } = await startSite({ baseUrl: platform.url });
    await until(() => site.stats.received > 0 && site.connection.lastError);
    run.keep('broken framing behind an approval', site.connection);
  }

  /** Handlers throw values of every kind, with the passport of their login in each that can hold one. */
  async function failHandlers(lime: LimeSandbox, run: Run, startSite: StartSite): Promise<void> {
    const { site } = await startSite({});
    await until(() => site.connection.state === 'open');
    const throwing: ((jwt: string) => unknown)[] = [
      () => Object.create(null) as unknown,
      () => undefined,
      (jwt) => jwt,
      (jwt) => ({ jwt, token: SITE_TOKEN }),
      (jwt) => new Error(`${SITE_TOKEN} ${jwt}`, { cause: new Error(jwt) }),
      (jwt) => Object.assign(new AggregateError([new Error(jwt)], jwt), { jwt, stack: undefined }),
    ];
    for (const create of throwing) {
      site.onLogin(({ passport }) => {
        const thrown = create(String(passport));
        run.thrownByHandlers.add(thrown);
        throw thrown;
      });
    }
    const { requestId } = await site.createLoginRequest();
    run.addPassport((await lime.approve(requestId)).passport);
    await until(() => site.stats.handlerErrors === throwing.length && site.stats.failed === 1);
  }

  /** Redis refuses the write of an approval, for want of memory and by its ACL. */
  async function refuseInRedis(lime: LimeSandbox, run: Run): Promise<void> {
    const admin = new Redis(redis().url);
    closeLater(() => admin.disconnect());
    const options = { eventEmitter: run.emitter };
    const full = run.watch(await startReplica(start, { redis: redis(), lime, options }));
    await until(() => full.site.connection.state === 'open');
    const { requestId } = await full.site.createLoginRequest();
    await admin.config('SET', 'maxmemory', '1');
    run.addPassport((await lime.approve(requestId)).passport);
    await until(() => full.site.cluster?.state === 'down');
    run.keep('a full Redis', full.site.cluster);
    run.keep('a full Redis', await failureOf(LimeError, full.site.createLoginRequest()));
    await admin.config('SET', 'maxmemory', '0');
    await full.app.close();

    await admin.call(
      'ACL',
      'SETUSER',
      'site',
      'reset',
      'on',
      `>${PROXY_PASSWORD}`,
      '~*',
      '&*',
      '+@all',
      '-xadd',
    );
    const url = redis().url.replace('redis://', `redis://site:${PROXY_PASSWORD}@`);
    const refused = run.watch(
      await startReplica(start, { redis: { access: { url } }, lime, options }),
    );
    await until(() => refused.site.connection.state === 'open');
    const login = await refused.site.createLoginRequest();
    run.addPassport((await lime.approve(login.requestId)).passport);
    await until(() => refused.site.stats.failed === 1, 15_000);
    run.keep('an ACL', refused.site.cluster);
  }
});

type StartSite = (options: LimeSitesModuleOptions) => Promise<StartedSite>;

/** What the faults above must have caused, or the run proves nothing. */
const EXPECTED_CODES = [
  'BINDING_CODE_USED',
  'CLUSTER_UNAVAILABLE',
  'INVALID_OPTIONS',
  'KEYS_UNAVAILABLE',
  'NETWORK_ERROR',
  'RESPONSE_TOO_LARGE',
  'SHUTTING_DOWN',
  'TIMEOUT',
  'UNEXPECTED_REDIRECT',
  'UNEXPECTED_RESPONSE',
];

/** Keeps everything that comes out of the sites of a run, and searches it for secrets. */
class Run {
  readonly thrownByHandlers = new Set<unknown>();
  readonly codes = new Set<string>();
  readonly emitter = {
    emit: (...event: unknown[]) => this.keep('an application event', event),
  };
  readonly #secrets: Record<string, string> = {
    'the site token': SITE_TOKEN,
    'the binding code': CODE,
    'the password': PROXY_PASSWORD,
    'the credentials of the proxy': Buffer.from(`me:${PROXY_PASSWORD}`).toString('base64'),
  };
  readonly #kept: [string, unknown][] = [];

  get size(): number {
    return this.#kept.length;
  }

  /** Searches for a part of the signature, because an error may have cut the passport. */
  addPassport(jwt: string): string {
    const [, , signature = ''] = jwt.split('.');
    this.#secrets[`the signature of passport ${Object.keys(this.#secrets).length}`] =
      signature.slice(20, 60);
    return jwt;
  }

  keep(what: string, value: unknown): void {
    if (value instanceof LimeError) this.codes.add(value.code);
    this.#kept.push([what, value]);
  }

  watch<Started extends StartedSite>(started: Started): Started {
    const { site, logs } = started;
    this.#kept.push(['the log', logs]);
    site.connection$.subscribe((value) => this.keep('connection$', value));
    site.rejections$.subscribe((value) => this.keep('rejections$', value));
    site.failures$.subscribe((value) => this.keep('failures$', value));
    site.loginEvents$.subscribe((value) => this.keep('loginEvents$', value));
    return started;
  }

  /** Makes each call, with secrets in place of ids, and keeps its error. */
  async makeCalls(name: string, site: LimeSiteService, passport: string): Promise<void> {
    const calls = [
      site.createLoginRequest(),
      site.getLoginRequest(SITE_TOKEN),
      site.getLoginRequest(passport),
      site.createBindingRequest({ redirectUri: `https://shop.example/?passport=${passport}` }),
      site.exchangeBindingCode(CODE),
      site.verifyPassport(passport),
    ];
    for (const call of calls) this.keep(name, await failureOf(LimeError, call));
  }

  /** The module makes an exchange only when it has keys. */
  async exchangeTwice(name: string, site: LimeSiteService): Promise<void> {
    this.keep(name, await failureOf(LimeError, site.exchangeBindingCode(CODE)));
    const again = await site.exchangeBindingCode(CODE).catch((error: unknown) => error);
    this.keep(name, again);
  }

  /** Names what showed a secret, and which one. */
  leaks(): string[] {
    const found = this.#kept.flatMap(([what, value]) =>
      secretsIn(`${readings(value)}\n${String(value)}`, this.#secrets).map(
        (secret) => `${what}: ${secret}`,
      ),
    );
    return [...new Set(found)];
  }
}
