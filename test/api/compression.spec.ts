import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import zlib from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { AuthenticationError, LimeError, type LimeSitesModuleOptions } from 'nestjs-lime-sites';
import type { LimeSandbox } from 'nestjs-lime-sites/testing';
import { useCleanup } from '../support/cleanup.js';
import { failureOf } from '../support/failure-of.js';
import { readings, secretsIn } from '../support/leaks.js';
import { LoopbackServer } from '../support/loopback-server.js';
import { useStarter } from '../support/start-site.js';

type Encode = (body: Buffer) => Buffer;

const OK = { status: 200, body: { ok: true, data: {} } };
const FILLER_BYTES = 4 * 1024 * 1024;

describe('A gateway that compresses the answers of LIME', () => {
  const start = useStarter();
  const closeLater = useCleanup();

  /** Starts a site behind a gateway that sends every answer in this encoding. */
  async function startBehind(encoding: string, encode: Encode, options?: LimeSitesModuleOptions) {
    const lime = await start.lime();
    const gateway = await LoopbackServer.start((request, response) => {
      void forward(lime, request, response, { encoding, encode });
    });
    closeLater(() => gateway.stop());
    const site = await start.site({
      lime,
      options: {
        baseUrl: `${gateway.url}${new URL(lime.baseUrl).pathname}`,
        issuer: new URL(lime.baseUrl).origin,
        dispatcher: false,
        maxRetries: 0,
        ...options,
      },
    });
    return { ...site, gateway };
  }

  it.each<[string, Encode]>([
    ['gzip', zlib.gzipSync],
    ['x-gzip', zlib.gzipSync],
    ['deflate', zlib.deflateSync],
    ['br', zlib.brotliCompressSync],
    ['GZIP', zlib.gzipSync],
    ['gzip, identity', zlib.gzipSync],
    ['', (body) => body],
  ])('with %j serves every call, the JWKS included', async (encoding, encode) => {
    const { lime, site, gateway } = await startBehind(encoding, encode);
    const { requestId } = await site.createLoginRequest();
    const passport = await lime.signPassport({ request_id: requestId });

    await expect(site.getLoginRequest(requestId)).resolves.toMatchObject({ status: 'PENDING' });
    await expect(site.verifyPassport(passport)).resolves.toMatchObject({ valid: true });
    expect(gateway.requests.map(({ headers }) => headers['accept-encoding'])).toEqual(
      gateway.requests.map(() => 'identity'),
    );
  });

  it('also compresses the errors of LIME, which keep their class, code and detail', async () => {
    const { lime, site } = await startBehind('gzip', zlib.gzipSync);
    const error = { code: 'SITE_SUSPENDED', message: 'suspended', detail: { since: 'today' } };
    lime.faults.respond('create', { status: 403, body: { ok: false, error } });

    await expect(failureOf(AuthenticationError, site.createLoginRequest())).resolves.toMatchObject({
      code: 'SITE_SUSPENDED',
      detail: { since: 'today' },
    });
  });

  it('cannot fill the memory: the limit counts decoded bytes', async () => {
    const { lime, site } = await startBehind('gzip', zlib.gzipSync);
    const passport = await lime.signPassport({}, { kid: 'unknown' });
    const bomb = { status: 200, body: `"${' '.repeat(FILLER_BYTES)}"` };
    for (const target of ['create', 'jwks'] as const) lime.faults.respond(target, bomb);
    expect(zlib.gzipSync(bomb.body).length).toBeLessThan(8 * 1024);

    await expect(site.createLoginRequest()).rejects.toMatchObject({
      code: 'RESPONSE_TOO_LARGE',
      message: expect.stringContaining('1048576 bytes'),
    });
    await expect(site.verifyPassport(passport)).rejects.toMatchObject({
      code: 'KEYS_UNAVAILABLE',
      message: expect.stringContaining('262144 bytes'),
    });
  });

  it.each(['zstd', 'gzip, br', 'constructor'])(
    'with %j, which the module does not decode, causes an error that names the encoding',
    async (encoding) => {
      const { lime, site } = await startBehind(encoding, (body) => body);
      const passport = await lime.signPassport();

      const error = await failureOf(LimeError, site.createLoginRequest());
      expect(error).toMatchObject({ code: 'UNEXPECTED_RESPONSE', httpStatus: 201 });
      expect(error.message).toContain(`content-encoding ${encoding}`);
      await expect(site.verifyPassport(passport)).rejects.toMatchObject({
        code: 'KEYS_UNAVAILABLE',
        message: expect.stringContaining(`content-encoding ${encoding}`),
      });
    },
  );

  it.each<[string, string, Encode]>([
    ['another format', 'gzip', (body) => body],
    ['another format', 'br', (body) => body],
    ['another format', 'deflate', zlib.gzipSync],
    ['a cut end', 'gzip', (body) => zlib.gzipSync(body).subarray(0, -9)],
    ['a cut end', 'br', (body) => zlib.brotliCompressSync(body).subarray(0, -9)],
    [
      'a wrong checksum',
      'gzip',
      (body) => Buffer.concat([zlib.gzipSync(body).subarray(0, -8), Buffer.alloc(8)]),
    ],
  ])('with %s of %s causes an error without any byte of the body', async (_, encoding, encode) => {
    const { lime, site } = await startBehind(encoding, encode);
    const secret = 'a-secret-in-the-body';
    lime.faults.respond('create', { ...OK, body: { secret, filler: 'x'.repeat(500) } });

    const error = await failureOf(LimeError, site.createLoginRequest());

    expect(error.code).toBe('NETWORK_ERROR');
    expect(error.message).toContain('its compressed body is damaged');
    expect(secretsIn(readings(error), { secret, token: lime.siteToken })).toEqual([]);
  });

  it.each([
    [401, 'UNAUTHORIZED'],
    [429, 'RATE_LIMIT_EXCEEDED'],
    [502, 'UNEXPECTED_RESPONSE'],
  ])('leaves status %i in force when its body cannot be decoded', async (status, code) => {
    for (const encoding of ['gzip', 'zstd']) {
      const { lime, site } = await startBehind(encoding, (body) => body);
      lime.faults.respond('create', { status, body: 'not compressed' });

      await expect(site.createLoginRequest()).rejects.toMatchObject({ code, httpStatus: status });
    }
  });

  it('causes no second try of a call that must not be repeated after a 500, when its body cannot be decoded', async () => {
    const { lime, site } = await startBehind('gzip', (body) => body, { maxRetries: 3 });
    lime.faults.respond('binding', { status: 500, body: 'not compressed', times: Infinity });

    await expect(
      site.createBindingRequest({ redirectUri: 'https://shop.example/callback' }),
    ).rejects.toMatchObject({ httpStatus: 500 });
    expect(lime.callCount('binding')).toBe(1);
  });
});

/** Passes a request on to the sandbox, and its answer back in another encoding. */
async function forward(
  lime: LimeSandbox,
  request: IncomingMessage,
  response: ServerResponse,
  { encoding, encode }: { encoding: string; encode: Encode },
): Promise<void> {
  const { method = '', url = '', headers } = request;
  const body = await buffer(request);
  const answer = await fetch(new URL(url, lime.baseUrl), {
    method,
    headers: { 'x-site-token': String(headers['x-site-token']) },
    ...(body.length > 0 && { body }),
  });
  const content = encode(Buffer.from(await answer.arrayBuffer()));
  const type = answer.headers.get('content-type') ?? 'text/plain';
  response.writeHead(answer.status, { 'content-type': type, 'content-encoding': encoding });
  response.end(content);
}
