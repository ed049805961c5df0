import { request as forward } from 'node:http';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { Agent, Client, type Dispatcher, Pool } from 'undici';
import * as undici6 from 'undici-6';
import { LimeError } from 'nestjs-lime-sites';
import type { LimeSandbox } from 'nestjs-lime-sites/testing';
import { useCleanup } from '../support/cleanup.js';
import { failureOf } from '../support/failure-of.js';
import { ManualClock } from '../support/manual-clock.js';
import { useStarter } from '../support/start-site.js';
import { certificateFor } from '../support/tls-server.js';
import { until } from '../support/until.js';

const TIMEOUT_MS = 2_000;
const HINT = 'If it has one connection, the stream holds it';

type CreateClient = (origin: string, ca: string) => Dispatcher;

const start = useStarter();
const closeLater = useCleanup();

/** Starts a site on a manual clock, and waits until its stream is open. */
async function startWith(createClient?: CreateClient, { http2 = false } = {}) {
  const lime = await start.lime();
  const { port, cert } = http2 ? await startHttp2(lime) : { port: lime.port, cert: '' };
  const origin = `${http2 ? 'https' : 'http'}://127.0.0.1:${port}`;
  const httpClient = createClient?.(origin, cert);
  if (httpClient) closeLater(() => httpClient.destroy());
  const clock = new ManualClock();
  const options = {
    baseUrl: origin,
    issuer: new URL(lime.baseUrl).origin,
    timeoutMs: TIMEOUT_MS,
    ...(httpClient && { httpClient }),
  };
  const started = await start.site({ lime, clock, options });
  await until(() => started.site.connection.state === 'open');
  return { ...started, clock };
}

/** Lets a call time out once its timer runs. */
async function timeOut(clock: ManualClock, work: Promise<unknown>): Promise<LimeError> {
  const failure = failureOf(LimeError, work);
  await until(() => clock.waits.includes(TIMEOUT_MS));
  clock.advance(TIMEOUT_MS);
  return failure;
}

describe('An httpClient with one connection, which the event stream holds', () => {
  it.each<[string, CreateClient]>([
    ['a Client', (origin) => new Client(origin)],
    ['a Client with pipelining', (origin) => new Client(origin, { pipelining: 4 })],
    ['an Agent', () => new Agent({ connections: 1 })],
    ['an Agent with an interceptor', () => new Agent({ connections: 1 }).compose((next) => next)],
    ['a Pool', (origin) => new Pool(origin, { connections: 1 })],
    ['an Agent of undici 6', () => new undici6.Agent({ connections: 1 }) as unknown as Dispatcher],
  ])('makes calls fail after timeoutMs with an error that says so: %s', async (_, createClient) => {
    const { lime, site, clock } = await startWith(createClient);

    const error = await timeOut(clock, site.createLoginRequest());
    const passport = await lime.signPassport({}, { kid: 'unknown' });
    const keyError = await timeOut(clock, site.verifyPassport(passport));

    expect(error.code).toBe('TIMEOUT');
    expect(error.message).toContain(`${TIMEOUT_MS} ms (timeoutMs)`);
    expect(error.message).toContain(HINT);
    expect(keyError.code).toBe('KEYS_UNAVAILABLE');
    expect(keyError.message).toContain(HINT);
    expect(lime.callCount('create')).toBe(0);
    expect(site.connection.state).toBe('open');
  });

  it.each<[string, CreateClient]>([
    ['', (_, ca) => new Agent({ connections: 1, allowH2: true, connect: { ca } })],
    [
      ' and pipelining',
      (_, ca) => new Agent({ connections: 1, allowH2: true, pipelining: 10, connect: { ca } }),
    ],
  ])(
    'is not enough with HTTP/2%s either, as undici 7 sends no POST beside the stream',
    async (_, createClient) => {
      const { site, clock } = await startWith(createClient, { http2: true });

      const error = await timeOut(clock, site.createLoginRequest());

      expect(error).toMatchObject({ code: 'TIMEOUT', message: expect.stringContaining(HINT) });
    },
  );

  it('does not delay the shutdown', async () => {
    const { app, site } = await startWith((origin) => new Client(origin));
    const request = failureOf(LimeError, site.createLoginRequest()).catch(() => undefined);

    await app.close();

    expect(site.connection.state).toBe('closed');
    await request;
  });
});

describe('An httpClient that serves calls beside the event stream', () => {
  it.each<[string, CreateClient]>([
    ['an Agent', () => new Agent()],
    ['an Agent with two connections', () => new Agent({ connections: 2 })],
    ['a Pool with two connections', (origin) => new Pool(origin, { connections: 2 })],
    ['an Agent with pipelining', () => new Agent({ pipelining: 10 })],
    ['a Pool with pipelining', (origin) => new Pool(origin, { connections: 2, pipelining: 10 })],
    [
      'an Agent of undici 6 with pipelining',
      () => new undici6.Agent({ pipelining: 10 }) as unknown as Dispatcher,
    ],
  ])('never has a call behind the stream in one connection: %s', async (_, createClient) => {
    const { lime, site } = await startWith(createClient);

    const { requestId } = await site.createLoginRequest();
    await Promise.all([1, 2, 3].map(() => site.getLoginRequest(requestId)));

    expect(lime.openStreams).toBe(1);
    expect(site.stats.reconnects).toBe(0);
  });

  it('may use HTTP/2', async () => {
    const { lime, site } = await startWith(
      (_, ca) => new Agent({ allowH2: true, connect: { ca } }),
      { http2: true },
    );

    const { requestId } = await site.createLoginRequest();

    await expect(site.getLoginRequest(requestId)).resolves.toMatchObject({ status: 'PENDING' });
    expect(lime.openStreams).toBe(1);
  });

  it.each([
    ['an Agent', () => new Agent()],
    ['the client of the module', undefined],
  ])('is not suspected when a later call times out: %s', async (_, createClient) => {
    const { lime, site, clock } = await startWith(createClient);
    await site.createLoginRequest();
    lime.faults.hang('create');

    const error = await timeOut(clock, site.createLoginRequest());

    expect(error.code).toBe('TIMEOUT');
    expect(error.message).not.toContain('connection');
  });
});

/** HTTP/2 in front of a sandbox. */
async function startHttp2({ port }: LimeSandbox) {
  const { key, cert } = await certificateFor('127.0.0.1');
  const server: Http2SecureServer = createSecureServer({ key, cert }, (request, response) => {
    const { method, url: path, headers } = request;
    const passed = Object.entries(headers).filter(([name]) => !name.startsWith(':'));
    const options = { port, method, path, headers: Object.fromEntries(passed) };
    const upstream = forward(options, (answer) => {
      const type = answer.headers['content-type'] ?? 'text/plain';
      response.writeHead(answer.statusCode ?? 500, { 'content-type': type });
      answer.on('error', () => undefined).pipe(response);
    });
    upstream.on('error', () => response.stream.destroy());
    response.on('close', () => upstream.destroy());
    request.pipe(upstream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closeLater(() => server.close());
  return { port: (server.address() as AddressInfo).port, cert };
}
