import { type AddressInfo, createServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { useCleanup } from '../support/cleanup.js';
import { readings } from '../support/leaks.js';
import { LoopbackServer } from '../support/loopback-server.js';
import { RecordingHandler } from '../support/recording-handler.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

const start = useStarter();
const closeLater = useCleanup();

const FRAME = 'data: {"type":"expired","login_request_id":"lr_ü"}\n\n';

/** Starts a server that sends these bytes to each client, and then closes the connection if `hangUp`. */
async function startTcpServer(bytes: string, hangUp: boolean) {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.on('error', () => undefined);
    socket.once('data', () => (hangUp ? socket.end(bytes) : socket.write(bytes)));
    closeLater(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closeLater(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { baseUrl: `http://127.0.0.1:${port}`, connections: () => connections };
}

describe('The request for the stream', () => {
  it('is a GET without a body that asks for an event stream, uncached, with the site token', async () => {
    const { lime } = await start.site();
    await lime.whenStreamOpen();

    const call = lime.calls.find(({ target }) => target === 'events');

    expect(call).toMatchObject({
      method: 'GET',
      path: '/modules/agent-login/events',
      headers: {
        accept: 'text/event-stream',
        'accept-encoding': 'identity',
        'cache-control': 'no-cache',
      },
      siteToken: true,
    });
    expect(Object.keys(call?.headers ?? {})).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(content-|transfer-|last-event-id)/)]),
    );
  });
});

describe('The content type of the stream', () => {
  async function startWith(contentType: string) {
    const server = await LoopbackServer.start((request, response) => {
      if (!request.url?.endsWith('/events')) return response.writeHead(404).end();
      return response.writeHead(200, { 'content-type': contentType }).write(FRAME);
    });
    closeLater(() => server.stop());
    const { app, site } = await start.site({
      options: { baseUrl: server.url },
      providers: [RecordingHandler],
    });
    return { site, handler: app.get(RecordingHandler) };
  }

  it.each([
    'text/event-stream',
    'Text/Event-Stream',
    'text/event-stream;',
    'text/event-stream;charset=utf-8',
    'text/event-stream ; charset=windows-1252',
    'text/event-stream;x=y;bogus',
  ])('can be %j, and the text is UTF-8 for any charset', async (contentType) => {
    const { handler } = await startWith(contentType);

    await until(() => handler.events.length === 1);

    expect(handler.requestIds).toEqual(['lr_ü']);
  });

  it.each([
    'text/event-streams',
    'text/event stream',
    'x text/event-stream',
    'application/event-stream',
    'text/plain',
    'text/plain, text/event-stream',
  ])('cannot be %j', async (contentType) => {
    const { site, handler } = await startWith(contentType);

    await until(() => site.connection.lastError);

    expect(site.connection.lastError).toMatchObject({ code: 'NO_EVENT_STREAM' });
    expect(handler.events).toEqual([]);
  });
});

describe('An answer other than an event stream', () => {
  /** Starts a site whose stream gets this status, and this body without a content type. */
  async function startOnAnswers({ status, body = '' }: { status: number; body?: string }) {
    const server = await LoopbackServer.start((_, response) => {
      response.writeHead(status).end(body);
    });
    closeLater(() => server.stop());
    return start.site({ options: { baseUrl: server.url } });
  }

  it.each([
    ['a page with status 200', 200, 'NO_EVENT_STREAM'],
    ['a page with status 404', 404, 'UNEXPECTED_RESPONSE'],
    ['a redirect', 302, 'UNEXPECTED_REDIRECT'],
  ])('is cut off when it never ends: %s', async (_, status, code) => {
    let open = 0;
    const server = await LoopbackServer.start((request, response) => {
      if (!request.url?.endsWith('/events')) return response.writeHead(404).end();
      open++;
      response.on('close', () => open--);
      response.writeHead(status, { 'content-type': 'text/html', location: '/' });
      const more = () => !response.destroyed && response.write('x'.repeat(16_384), () => more());
      return more();
    });
    closeLater(() => server.stop());
    const { site } = await start.site({ options: { baseUrl: server.url } });

    await until(() => site.connection.lastError);
    await until(() => open === 0);

    expect(site.connection.lastError).toMatchObject({ code });
  });

  it('counts by its status when it breaks off', async () => {
    const answer = 'HTTP/1.1 403 Forbidden\r\ncontent-length: 1000\r\n\r\n{"ok":';
    const { baseUrl } = await startTcpServer(answer, true);
    const { site } = await start.site({ options: { baseUrl } });

    await until(() => site.connection.state === 'unauthorized');

    expect(site.connection.lastError).toMatchObject({
      httpStatus: 403,
      message:
        'GET /modules/agent-login/events answered HTTP 403: an empty or unreadable body (no content type)',
    });
  });

  it('is decoded when a gateway has compressed it', async () => {
    const page = JSON.stringify({ ok: false, error: { code: 'SITE_SUSPENDED', message: 'no' } });
    const server = await LoopbackServer.start((_, response) => {
      response.writeHead(403, { 'content-encoding': 'gzip' }).end(gzipSync(page));
    });
    closeLater(() => server.stop());
    const { site } = await start.site({ options: { baseUrl: server.url } });

    await until(() => site.connection.state === 'unauthorized');

    expect(site.connection.lastError).toMatchObject({ code: 'SITE_SUSPENDED' });
  });

  it('is NO_EVENT_STREAM with an encoding that the module does not decode, and does not show the site token', async () => {
    const server = await LoopbackServer.start(({ headers }, response) => {
      const token = String(headers['x-site-token']);
      response.writeHead(200, {
        'content-type': `text/event-stream; token=${token}`,
        'content-encoding': `zstd;${token}`,
      });
      response.end();
    });
    closeLater(() => server.stop());
    const { site, lime } = await start.site({ options: { baseUrl: server.url } });

    await until(() => site.connection.lastError);

    expect(site.connection.lastError).toMatchObject({
      code: 'NO_EVENT_STREAM',
      message: expect.stringContaining('text/event-stream; token=[secret] (zstd;[secret])'),
    });
    expect(readings(site.connection)).not.toContain(lime.siteToken);
  });

  it('is UNEXPECTED_RESPONSE from status 400 on, and NO_EVENT_STREAM below', async () => {
    const { site } = await startOnAnswers({ status: 400 });
    await until(() => site.connection.lastError);
    expect(site.connection.lastError).toMatchObject({ code: 'UNEXPECTED_RESPONSE' });
    const { site: other } = await startOnAnswers({ status: 204 });
    await until(() => other.connection.lastError);
    expect(other.connection.lastError).toMatchObject({
      code: 'NO_EVENT_STREAM',
      message:
        'GET /modules/agent-login/events answered HTTP 204 with no content type (identity) instead of an event stream',
    });
  });

  it.each([
    ['is read', 65_536, 'SITE_SUSPENDED'],
    ['is not read further', 65_537, 'UNEXPECTED_RESPONSE'],
  ])('%s when it has %i bytes', async (_, size, code) => {
    const page = JSON.stringify({ ok: false, error: { code: 'SITE_SUSPENDED', message: 'no' } });
    const { site } = await startOnAnswers({ status: 403, body: page.padEnd(size) });

    await until(() => site.connection.lastError);

    expect(site.connection.lastError).toMatchObject({ code, httpStatus: 403 });
  });
});

describe('A server that breaks HTTP', () => {
  it.each([
    ['nothing', '', true],
    ['a line of another protocol', 'SSH-2.0-OpenSSH_9.6\r\n', false],
    ['half a header', 'HTTP/1.1 200 OK\r\ncontent-type: text/ev', true],
    ['bytes that are not text', '\0\0\0', true],
  ])('causes reconnects like a broken connection: %s', async (_, bytes, hangUp) => {
    const { baseUrl, connections } = await startTcpServer(bytes, hangUp);
    const { site, logs } = await start.site({ options: { baseUrl } });

    await until(() => site.connection.attempt > 3);

    expect(site.connection).toMatchObject({
      state: 'reconnecting',
      lastError: { code: 'NETWORK_ERROR' },
    });
    expect(connections()).toBeGreaterThan(3);
    expect(logs.of('warn').filter((line) => line.includes('Event stream lost'))).toHaveLength(1);
  });

  it('loses only one frame when it breaks off in the middle of a chunk', async () => {
    const answer =
      'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';
    const size = Buffer.byteLength(FRAME).toString(16);
    const { baseUrl } = await startTcpServer(
      `${answer}${size}\r\n${FRAME}\r\n${size}\r\ndata: {"ty`,
      true,
    );
    const { app, site } = await start.site({ options: { baseUrl }, providers: [RecordingHandler] });

    await until(() => site.stats.reconnects > 1);

    expect(app.get(RecordingHandler).requestIds).toEqual(['lr_ü']);
    expect(site.stats.rejected).toBe(0);
  });
});
