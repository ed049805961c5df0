import { describe, expect, it } from '@jest/globals';
import { LimeError, LimeSiteService } from 'nestjs-lime-sites';
import { Agent, MockAgent } from 'undici';
import { useCleanup } from '../support/cleanup.js';
import { failureOf } from '../support/failure-of.js';
import { useStarter } from '../support/start-site.js';

describe('createLoginRequest()', () => {
  const start = useStarter();

  it('gives the id, the status and the expiry of the request', async () => {
    const { lime, site } = await start.site({ sandbox: { requestTtlMs: 60_000 } });
    const request = await site.createLoginRequest();
    const onPlatform = lime.request(request.requestId);
    expect(request).toEqual({
      requestId: onPlatform?.requestId,
      status: 'PENDING',
      expiresAt: onPlatform?.expiresAt,
    });
  });

  it('sends the site token, JSON and an idempotency key', async () => {
    const { lime, site } = await start.site();
    await site.createLoginRequest();
    await site.createLoginRequest();
    const creates = lime.calls.filter(({ target }) => target === 'create');
    expect(creates[0]).toMatchObject({
      method: 'POST',
      siteToken: true,
      headers: { accept: 'application/json', 'content-type': 'application/json' },
    });
    const keys = creates.map(({ headers }) => headers['idempotency-key']);
    expect(keys[0]).toMatch(/^[\da-f-]{36}$/);
    expect(keys[1]).not.toBe(keys[0]);
  });

  it('takes an id of any form, and a date with an offset', async () => {
    const { lime, site } = await start.site();
    const data = {
      login_request_id: 'no prefix/at all?',
      status: 'WAITING',
      expires_at: '2031-05-06T12:00:00+02:00',
      something_new: true,
    };
    lime.faults.respond('create', { status: 200, body: { ok: true, data } });
    expect(await site.createLoginRequest()).toEqual({
      requestId: 'no prefix/at all?',
      status: 'WAITING',
      expiresAt: new Date('2031-05-06T10:00:00Z'),
    });
  });
});

describe('getLoginRequest()', () => {
  const start = useStarter();
  const OPTIONS = { dispatcher: false };

  it('gives the present status on the platform', async () => {
    const { lime, site } = await start.site({ options: OPTIONS });
    const { requestId, expiresAt } = await site.createLoginRequest();
    expect(await site.getLoginRequest(requestId)).toEqual({
      requestId,
      status: 'PENDING',
      expiresAt,
    });
    await lime.approve(requestId);
    expect(await site.getLoginRequest(requestId)).toMatchObject({ status: 'APPROVED' });
  });

  it('knows the requests of other processes too', async () => {
    const { lime, site } = await start.site({ options: OPTIONS });
    const { requestId, expiresAt } = lime.createLoginRequest();
    expect(await site.getLoginRequest(requestId)).toMatchObject({ requestId, expiresAt });
  });

  it('fails for a request that the platform does not know', async () => {
    const { site } = await start.site({ options: OPTIONS });
    await expect(site.getLoginRequest('lr_unknown')).rejects.toMatchObject({
      name: 'ApiError',
      code: 'SITE_LOGIN_REQUEST_NOT_FOUND',
      httpStatus: 404,
    });
  });

  it('fills in the expiry of its own request when the platform leaves it out', async () => {
    const { lime, site } = await start.site();
    const { requestId, expiresAt } = await site.createLoginRequest();
    const body = { ok: true, data: { status: 'PENDING', expires_at: null } };
    lime.faults.respond('status', { status: 200, body });
    expect(await site.getLoginRequest(requestId)).toEqual({
      requestId,
      status: 'PENDING',
      expiresAt,
    });
  });

  it('fails when neither side knows the expiry of a request', async () => {
    const { lime, site } = await start.site({ options: OPTIONS });
    lime.faults.respond('status', { status: 200, body: { ok: true, data: { status: 'PENDING' } } });
    await expect(site.getLoginRequest('lr_1')).rejects.toMatchObject({
      code: 'UNEXPECTED_RESPONSE',
      message: expect.stringContaining('lr_1 without expires_at'),
      detail: { field: 'expires_at', status: 'PENDING' },
    });
  });

  it('escapes an id with special characters in the path', async () => {
    const { lime, site } = await start.site({ options: OPTIONS });
    await expect(site.getLoginRequest('../requests?x=1#y')).rejects.toBeInstanceOf(LimeError);
    expect(lime.calls.at(-1)).toMatchObject({
      target: 'status',
      path: '/modules/agent-login/requests/..%2Frequests%3Fx%3D1%23y',
    });
  });

  it.each(['', '  ', undefined, null, 42, {}])('refuses the id %p', async (requestId) => {
    const { lime, site } = await start.site({ options: OPTIONS });
    const error = await failureOf(LimeError, site.getLoginRequest(requestId as string));
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.message).toContain('requestId');
    expect(lime.callCount('status')).toBe(0);
  });

  it('refuses an id that is not a well-formed string', async () => {
    const { site } = await start.site({ options: OPTIONS });
    await failureOf(LimeError, site.getLoginRequest('\ud800'));
  });
});

describe('createBindingRequest()', () => {
  const start = useStarter();
  const OPTIONS = { dispatcher: false };

  it('gives the id, the page for the browser, the status and the expiry', async () => {
    const { lime, site } = await start.site({ options: OPTIONS });
    const redirectUri = 'https://shop.example/bind/callback?state=1';
    const binding = await site.createBindingRequest({ redirectUri });
    const onPlatform = lime.binding(binding.bindingId);
    expect(binding).toEqual({
      bindingId: onPlatform?.bindingId,
      connectUrl: onPlatform?.connectUrl,
      status: 'PENDING',
      expiresAt: onPlatform?.expiresAt,
    });
    expect(onPlatform?.redirectUri).toBe(redirectUri);
  });

  it('does not wait for the event stream', async () => {
    const { lime, site } = await start.site({ options: { streamWaitMs: 60_000 } });
    lime.faults.hang('events', Infinity);
    lime.faults.dropStreams();
    const redirectUri = 'http://localhost:3000/callback';
    await expect(site.createBindingRequest({ redirectUri })).resolves.toBeDefined();
  });

  it.each([
    '',
    'callback',
    '/callback',
    '//shop.example/x',
    'javascript:alert(1)',
    'ftp://x',
    42,
    undefined,
  ])('refuses the redirectUri %p', async (redirectUri) => {
    const { lime, site } = await start.site({ options: OPTIONS });
    const work = site.createBindingRequest({ redirectUri: redirectUri as string });
    const error = await failureOf(LimeError, work);
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', detail: { field: 'redirectUri' } });
    expect(error.message).toContain('absolute URL');
    expect(lime.callCount('binding')).toBe(0);
  });
});

describe('httpClient', () => {
  const start = useStarter();
  const closeLater = useCleanup();

  it('makes every call to LIME, the stream included', async () => {
    const paths: string[] = [];
    const agent = new Agent();
    closeLater(() => agent.destroy());
    const httpClient = agent.compose((dispatch) => (options, handler) => {
      paths.push(options.path.replace('/api/v1', ''));
      return dispatch(options, handler);
    });
    const { site } = await start.site({ options: { httpClient } });
    const { requestId } = await site.createLoginRequest();
    await site.getLoginRequest(requestId);
    expect(paths).toEqual([
      '/core/.well-known/jwks.json',
      '/modules/agent-login/events',
      '/modules/agent-login/requests',
      `/modules/agent-login/requests/${requestId}`,
    ]);
  });

  it('may be a MockAgent, for tests without a network', async () => {
    const httpClient = new MockAgent();
    httpClient.disableNetConnect();
    closeLater(() => httpClient.close());
    httpClient
      .get('https://lime.example')
      .intercept({ method: 'POST', path: '/api/modules/agent-login/requests' })
      .reply(201, {
        ok: true,
        data: { login_request_id: 'lr_1', status: 'PENDING', expires_at: '2031-01-01T00:00:00Z' },
      });
    const { app } = await start.site({
      options: { httpClient, baseUrl: 'https://lime.example/api', dispatcher: false },
    });
    const request = await app.get(LimeSiteService).createLoginRequest();
    expect(request.requestId).toBe('lr_1');
  });

  it.each<[string, Error | string, string, RegExp]>([
    [
      'a certificate that has expired',
      failing('CERT_HAS_EXPIRED'),
      'TLS_REFUSED',
      /CERT_HAS_EXPIRED/,
    ],
    [
      'a certificate for another host',
      failing('ERR_TLS_CERT_ALTNAME_INVALID'),
      'TLS_REFUSED',
      /TLS/,
    ],
    ['a name that is not known', failing('ENOTFOUND'), 'NETWORK_ERROR', /ENOTFOUND/],
    ['an error without a code', new Error('odd'), 'NETWORK_ERROR', /failed: odd$/],
    [
      'the errors of two addresses',
      new AggregateError([failing('ECONNREFUSED'), failing('ENETUNREACH')]),
      'NETWORK_ERROR',
      /ECONNREFUSED/,
    ],
    ['a value that is not an error', 'a text', 'NETWORK_ERROR', /failed: a text$/],
  ])('may fail with %s', async (_, thrown, code, message) => {
    const agent = new Agent();
    closeLater(() => agent.destroy());
    const httpClient = agent.compose(() => () => {
      throw thrown;
    });
    const { site } = await start.site({
      options: { httpClient, dispatcher: false, maxRetries: 0 },
    });
    const error = await failureOf(LimeError, site.createLoginRequest());
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.cause).not.toBe(thrown);
    expect(error.cause).toBeInstanceOf(Error);
  });
});

function failing(code: string): Error {
  return Object.assign(new Error(`it failed: ${code}`), { code });
}
