import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import {
  ApiError,
  AuthenticationError,
  LimeError,
  LimeSitesModule,
  LimeSiteService,
  RateLimitError,
  SiteAuthUnavailableError,
} from 'nestjs-lime-sites';
import type { SandboxFaultResponse } from 'nestjs-lime-sites/testing';
import { useCleanup } from '../support/cleanup.js';
import { failureOf } from '../support/failure-of.js';
import { LoopbackServer } from '../support/loopback-server.js';
import { useStarter } from '../support/start-site.js';

const OPTIONS = { dispatcher: false, maxRetries: 0 };
const SITE_TOKEN = 'st_0123456789abcdef';
const PASSPORT = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZ2VudCJ9.c2lnbmF0dXJl';

describe('An answer of LIME that is an error', () => {
  const start = useStarter();

  async function errorFor(answer: SandboxFaultResponse): Promise<LimeError> {
    const { lime, site } = await start.site({
      options: OPTIONS,
      sandbox: { siteToken: SITE_TOKEN },
    });
    lime.faults.respond('create', answer);
    return failureOf(LimeError, site.createLoginRequest());
  }

  function failure(code: unknown, message: unknown = 'No.', detail?: unknown) {
    return { ok: false, error: { code, message, detail } };
  }

  it.each<[string, SandboxFaultResponse, typeof LimeError, Partial<LimeError>]>([
    [
      '429 with an envelope',
      { status: 429, body: failure('RATE_LIMIT_EXCEEDED'), headers: { 'retry-after': '2' } },
      RateLimitError,
      { code: 'RATE_LIMIT_EXCEEDED', httpStatus: 429 },
    ],
    [
      '429 of a proxy, without JSON',
      { status: 429, body: '<h1>Slow down</h1>' },
      RateLimitError,
      { code: 'RATE_LIMIT_EXCEEDED', httpStatus: 429 },
    ],
    [
      '429 with a code of its own',
      { status: 429, body: failure('QUOTA') },
      RateLimitError,
      { code: 'QUOTA', httpStatus: 429 },
    ],
    [
      'RATE_LIMIT_EXCEEDED with another status',
      { status: 400, body: failure('RATE_LIMIT_EXCEEDED') },
      RateLimitError,
      { code: 'RATE_LIMIT_EXCEEDED', httpStatus: 400 },
    ],
    [
      '401 with an envelope',
      { status: 401, body: failure('SITE_TOKEN_INVALID') },
      AuthenticationError,
      { code: 'SITE_TOKEN_INVALID', httpStatus: 401 },
    ],
    [
      '401 of a proxy, without a body',
      { status: 401 },
      AuthenticationError,
      { code: 'UNAUTHORIZED', httpStatus: 401 },
    ],
    [
      '403 SITE_SUSPENDED',
      { status: 403, body: failure('SITE_SUSPENDED') },
      AuthenticationError,
      { code: 'SITE_SUSPENDED', httpStatus: 403 },
    ],
    [
      '400 SITE_TOKEN_MISSING',
      { status: 400, body: failure('SITE_TOKEN_MISSING') },
      AuthenticationError,
      { code: 'SITE_TOKEN_MISSING', httpStatus: 400 },
    ],
    [
      '503 SITE_TOKEN_AUTH_UNAVAILABLE',
      { status: 503, body: failure('SITE_TOKEN_AUTH_UNAVAILABLE') },
      SiteAuthUnavailableError,
      { code: 'SITE_TOKEN_AUTH_UNAVAILABLE', httpStatus: 503 },
    ],
    [
      'any other code, with its detail',
      { status: 422, body: failure('VALIDATION_ERROR', 'Bad.', { field: 'x', deep: [{ y: 1 }] }) },
      ApiError,
      { code: 'VALIDATION_ERROR', httpStatus: 422, detail: { field: 'x', deep: [{ y: 1 }] } },
    ],
    [
      'an error object with status 200',
      { status: 200, body: failure('ODD') },
      ApiError,
      { code: 'ODD', httpStatus: 200 },
    ],
    [
      'an error object without a code',
      { status: 400, body: { ok: false, error: { message: 'Hm.' } } },
      ApiError,
      { code: 'UNKNOWN_ERROR', httpStatus: 400 },
    ],
    [
      'an error object with a code and a message that are not strings',
      { status: 400, body: failure(7, null, 'no object') },
      ApiError,
      { code: 'UNKNOWN_ERROR', message: expect.stringMatching(/no message$/) as unknown as string },
    ],
    [
      'an HTML page of a gateway',
      {
        status: 502,
        body: '<html>Bad\n\n gateway</html>',
        headers: { 'content-type': 'text/html' },
      },
      LimeError,
      {
        code: 'UNEXPECTED_RESPONSE',
        httpStatus: 502,
        message: expect.stringContaining(
          'text/html: <html>Bad gateway</html>',
        ) as unknown as string,
      },
    ],
    [
      'a JSON array',
      { status: 200, body: [1, 2] },
      LimeError,
      { code: 'UNEXPECTED_RESPONSE', httpStatus: 200 },
    ],
    [
      'JSON null',
      { status: 200, body: 'null', headers: { 'content-type': 'application/json' } },
      LimeError,
      { code: 'UNEXPECTED_RESPONSE', httpStatus: 200 },
    ],
    [
      'ok: true without data',
      { status: 201, body: { ok: true } },
      LimeError,
      { code: 'UNEXPECTED_RESPONSE', httpStatus: 201 },
    ],
    [
      'ok: true with data that is not an object',
      { status: 201, body: { ok: true, data: ['lr_1'] } },
      LimeError,
      { code: 'UNEXPECTED_RESPONSE', httpStatus: 201 },
    ],
    [
      'ok: false without an error',
      { status: 500, body: { ok: false } },
      LimeError,
      { code: 'UNEXPECTED_RESPONSE', httpStatus: 500 },
    ],
    [
      'success with the status of a failure',
      { status: 503, body: { ok: true, data: { login_request_id: 'lr_1' } } },
      LimeError,
      { code: 'UNEXPECTED_RESPONSE', httpStatus: 503 },
    ],
    [
      'an empty body',
      { status: 200 },
      LimeError,
      {
        code: 'UNEXPECTED_RESPONSE',
        message: expect.stringContaining('an empty or unreadable body') as unknown as string,
      },
    ],
  ])('%s', async (_, answer, type, expected) => {
    const error = await errorFor(answer);
    expect(error.constructor).toBe(type);
    expect(error).toMatchObject({ name: type.name, ...expected });
    expect(error.message).toContain('POST /modules/agent-login/requests answered HTTP');
  });

  it.each<[string, unknown, string]>([
    ['no id', { status: 'PENDING', expires_at: '2031-01-01T00:00:00Z' }, 'login_request_id'],
    ['an empty id', { login_request_id: ' ' }, 'login_request_id'],
    ['an id that is a number', { login_request_id: 7 }, 'login_request_id'],
    ['an id that is null', { login_request_id: null }, 'login_request_id'],
    ['no status', { login_request_id: 'lr_1' }, 'status'],
    ['no expires_at', { login_request_id: 'lr_1', status: 'PENDING' }, 'expires_at'],
    ...[
      'soon',
      '2031-01-01',
      '2031-01-01T00:00:00',
      '2031-13-45T00:00:00Z',
      '',
      1_900_000_000,
      {},
    ].map((expires_at): [string, unknown, string] => [
      `expires_at ${JSON.stringify(expires_at)}`,
      { login_request_id: 'lr_1', status: 'PENDING', expires_at },
      'expires_at',
    ]),
  ])('a success with %s', async (_, data, field) => {
    const error = await errorFor({ status: 201, body: { ok: true, data } });
    expect(error).toMatchObject({ code: 'UNEXPECTED_RESPONSE', detail: { field } });
    expect(error.message).toContain(`without a usable \`${field}\``);
  });

  it('names the wrong field and its value', async () => {
    const body = { ok: true, data: { login_request_id: 'lr_1', status: 'S', expires_at: 'soon' } };
    const error = await errorFor({ status: 201, body });
    expect(error.message).toContain('got "soon"');
    expect(error.detail).toEqual({ field: 'expires_at', actual: 'soon' });
  });

  it.each<[string, string | undefined, number | undefined]>([
    ['seconds', '7', 7_000],
    ['nothing', undefined, undefined],
    ['something else', 'soon', undefined],
    ['a negative number', '-5', undefined],
    ['a fraction, which it must not take for a date', '1.5', undefined],
  ])('429 with %s in Retry-After', async (_, value, retryAfterMs) => {
    const headers = value === undefined ? {} : { 'retry-after': value };
    const error = await errorFor({ status: 429, headers });
    expect((error as RateLimitError).retryAfterMs).toBe(retryAfterMs);
  });

  it('429 with a date in Retry-After', async () => {
    const headers = { 'retry-after': new Date(Date.now() + 60_000).toUTCString() };
    const { retryAfterMs } = (await errorFor({ status: 429, headers })) as RateLimitError;
    expect(retryAfterMs).toBeGreaterThan(55_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  it('429 with a past date in Retry-After', async () => {
    const headers = { 'retry-after': new Date(Date.now() - 60_000).toUTCString() };
    expect(await errorFor({ status: 429, headers })).toMatchObject({ retryAfterMs: 0 });
  });

  it.each<[string, SandboxFaultResponse]>([
    ['the message', { status: 400, body: failure('BAD', `no ${SITE_TOKEN}!`) }],
    ['the detail', { status: 400, body: failure('BAD', 'no', { [SITE_TOKEN]: [SITE_TOKEN] }) }],
    ['the code', { status: 400, body: failure(`BAD_${SITE_TOKEN}`) }],
    ['the code of a rate limit', { status: 429, body: failure(SITE_TOKEN) }],
    ['a page', { status: 502, body: `<p>${SITE_TOKEN}</p>` }],
    [
      'a page, cut in the middle of the token',
      { status: 502, body: `${'x'.repeat(110)}${SITE_TOKEN}` },
    ],
    ['the content type', { status: 502, body: 'x', headers: { 'content-type': SITE_TOKEN } }],
    ['a field', { status: 201, body: { ok: true, data: { login_request_id: [SITE_TOKEN] } } }],
    [
      'a date',
      {
        status: 201,
        body: { ok: true, data: { login_request_id: 'a', status: 'b', expires_at: SITE_TOKEN } },
      },
    ],
  ])('never shows the site token that LIME repeats in %s', async (_, answer) => {
    const error = await errorFor(answer);
    const shown = `${error.message} ${error.stack ?? ''} ${JSON.stringify(error)} ${inspect(error, { depth: 20, showHidden: true })}`;
    expect(shown).not.toContain(SITE_TOKEN.slice(0, 10));
  });

  it('never shows a whole passport', async () => {
    const detail = { passport: PASSPORT, list: [`Bearer ${PASSPORT}`] };
    const error = await errorFor({ status: 400, body: failure('BAD', `no ${PASSPORT}!`, detail) });
    const shown = `${error.message} ${JSON.stringify(error)} ${inspect(error, { depth: 20 })}`;
    expect(shown).not.toContain(PASSPORT);
    expect(shown).toContain('[passport]');
  });

  it('cuts a detail that is nested so deeply that it could exhaust the stack', async () => {
    const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
    const body = `{"ok":false,"error":{"code":"DEEP","message":"m","detail":${deep}}}`;
    const error = await errorFor({ status: 400, body });
    expect(JSON.stringify(error.detail)).toContain('[nested too deeply]');
  });

  it('has a JSON form for logs', async () => {
    const error = await errorFor({
      status: 422,
      body: failure('VALIDATION_ERROR', 'Bad.', { a: 1 }),
    });
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'ApiError',
      code: 'VALIDATION_ERROR',
      message: 'POST /modules/agent-login/requests answered HTTP 422: Bad.',
      httpStatus: 422,
      detail: { a: 1 },
    });
    expect(JSON.parse(JSON.stringify(new LimeError('X', 'y')))).toEqual({
      name: 'LimeError',
      code: 'X',
      message: 'y',
    });
  });
});

describe('An answer that is not from LIME', () => {
  const start = useStarter();
  const closeLater = useCleanup();

  async function siteAt(server: LoopbackServer): Promise<LimeSiteService> {
    closeLater(() => server.stop());
    const { app } = await start.app({
      imports: [
        LimeSitesModule.forRoot({
          siteToken: SITE_TOKEN,
          baseUrl: `${server.url}/api`,
          ...OPTIONS,
        }),
      ],
    });
    return app.get(LimeSiteService);
  }

  it('is refused when it is larger than a megabyte', async () => {
    const server = await LoopbackServer.start((_, response) => {
      response.end(`{"ok":true,"data":{"login_request_id":"${'x'.repeat(1024 * 1024)}"}}`);
    });
    const site = await siteAt(server);
    const error = await failureOf(LimeError, site.createLoginRequest());
    expect(error.code).toBe('RESPONSE_TOO_LARGE');
    expect(error.message).toContain('1048576 bytes');
  });

  it('times out when it never ends', async () => {
    const server = await LoopbackServer.start((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => response.write('x'.repeat(64 * 1024)), 1);
      response.on('close', () => clearInterval(timer));
    });
    const site = await siteAt(server);
    await expect(site.createLoginRequest()).rejects.toMatchObject({ code: 'RESPONSE_TOO_LARGE' });
  });

  it('becomes a LimeError when it breaks off', async () => {
    const server = await LoopbackServer.start((_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"ok":', () => response.destroy());
    });
    const site = await siteAt(server);
    await expect(site.createLoginRequest()).rejects.toMatchObject({ code: 'NETWORK_ERROR' });
  });

  it('is read as UTF-8 in chunks of any size', async () => {
    const text = JSON.stringify({ ok: false, error: { code: 'X', message: 'Grüße, 你好' } });
    const server = await LoopbackServer.start((_, response) => {
      response.writeHead(400, { 'content-type': 'application/json' });
      for (const byte of Buffer.from(text)) response.write(Buffer.of(byte));
      response.end();
    });
    const site = await siteAt(server);
    const error = await failureOf(LimeError, site.createLoginRequest());
    expect(error.message).toContain('Grüße, 你好');
  });
});
