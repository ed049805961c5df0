import { get } from 'node:http';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { LimeSitesModuleOptions } from 'nestjs-lime-sites';
import type { LimeSandbox, LimeSandboxOptions } from 'nestjs-lime-sites/testing';
import { useCleanup } from '../support/cleanup.js';
import { RecordingHandler } from '../support/recording-handler.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';
import { type HttpBlock, isNginxInstalled, Nginx } from './nginx-server.js';

const start = useStarter();
const closeLater = useCleanup();

const SECOND = 1_000;
/** nginx drops an idle upstream after 60 s by default. These tests use one second. */
const SHORT_DEFAULT = 'proxy_read_timeout 1s;';
/** LIME may send `X-Accel-Buffering: no`, as the sandbox does, or not: this setting hides it. */
const NO_HINT = 'proxy_ignore_headers X-Accel-Buffering;';
const COMPRESS_ALL = 'gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any;';

interface Setup {
  sandbox?: LimeSandboxOptions;
  options?: LimeSitesModuleOptions;
}

/** The recommended file of the documentation with this test's addresses, in an nginx with adverse defaults. */
async function recommended({ port }: LimeSandbox): Promise<HttpBlock> {
  const file = await readFile('docs/nginx.conf', 'utf8');
  return (listen) => {
    const server = file
      .replace('listen 127.0.0.1:8010;', `listen ${listen};`)
      .replace('proxy_pass https://lime.pics;', `proxy_pass http://127.0.0.1:${port};`);
    expect(server).toContain(`listen ${listen};`);
    expect(server).toContain(`127.0.0.1:${port};`);
    return [SHORT_DEFAULT, NO_HINT, COMPRESS_ALL, server].join('\n');
  };
}

/** Only a `proxy_pass`, with `settings` before it. */
function defaults(settings: readonly string[] = []): (lime: LimeSandbox) => Promise<HttpBlock> {
  return ({ port }) =>
    Promise.resolve(
      (listen) => `
        ${[SHORT_DEFAULT, ...settings].join('\n')}
        server { listen ${listen}; location / { proxy_pass http://127.0.0.1:${port}; } }`,
    );
}

/** Starts a platform without keepalives, nginx in front of it, and a site. */
async function startBehind(
  blockFor: (lime: LimeSandbox) => Promise<HttpBlock>,
  { sandbox, options }: Setup = {},
) {
  const lime = await start.lime({ keepaliveMs: 0, ...sandbox });
  const nginx = await Nginx.start(await blockFor(lime));
  closeLater(() => nginx.remove());
  const started = await start.site({
    lime,
    options: {
      baseUrl: nginx.baseUrl,
      issuer: new URL(lime.baseUrl).origin,
      maxRetries: 0,
      ...options,
    },
    providers: [RecordingHandler],
  });
  const handler = started.app.get(RecordingHandler);
  const isOpen = () => started.site.connection.state === 'open' && lime.openStreams === 1;
  /** Runs a login from its creation to the handler. @returns the duration of the approval in milliseconds. */
  const login = async () => {
    const { requestId } = await started.site.createLoginRequest();
    await started.lime.approve(requestId);
    const approvedAt = performance.now();
    await until(() => handler.requestIds.includes(requestId));
    expect(handler.events.at(-1)).toMatchObject({ type: 'approved', requestId });
    return performance.now() - approvedAt;
  };
  return { ...started, nginx, handler, isOpen, login };
}

const installed = isNginxInstalled();
const title = 'through a real nginx';
const notice = `${title}: SKIPPED, because nginx is not installed (Debian: apt-get install nginx)`;
if (!installed) process.stderr.write(`${notice}\n`);

(installed ? describe : describe.skip)(installed ? title : notice, () => {
  describe('as docs/nginx.conf recommends it', () => {
    it('an event arrives at once', async () => {
      const { isOpen, login } = await startBehind(recommended);
      await until(isOpen);

      for (let count = 0; count < 5; count++) expect(await login()).toBeLessThan(0.5 * SECOND);
    });

    it('the stream survives an idle time above the default read timeout', async () => {
      const { lime, site, isOpen, login } = await startBehind(recommended);
      await until(isOpen);

      await sleep(1.5 * SECOND);
      await login();

      expect(lime.callCount('events')).toBe(1);
      expect(site.stats.reconnects).toBe(0);
    });

    it('the stream is not compressed, even for a client that accepts gzip', async () => {
      const { nginx, lime } = await startBehind(recommended);
      const headers = { 'x-site-token': lime.siteToken, 'accept-encoding': 'gzip' };
      const url = `${nginx.baseUrl}/modules/agent-login/events`;

      const response = await new Promise<Record<string, unknown>>((resolve) => {
        const request = get(url, { headers, agent: false }, (answer) => {
          resolve(answer.headers);
          answer.destroy();
        });
        closeLater(() => request.destroy());
      });

      expect(response['content-type']).toBe('text/event-stream');
      expect(response['content-encoding']).toBeUndefined();
    });

    it('a reload does not drop the stream', async () => {
      const { nginx, lime, isOpen, login } = await startBehind(recommended);
      await until(isOpen);

      nginx.reload();
      await sleep(0.2 * SECOND);
      await login();

      expect(lime.callCount('events')).toBe(1);
    });

    it('a restart causes one reconnect, and the status call recovers the missed event', async () => {
      const { nginx, lime, site, handler, isOpen, login } = await startBehind(recommended);
      await until(isOpen);
      const { requestId } = await site.createLoginRequest();

      await nginx.stop();
      await until(() => lime.openStreams === 0 && site.connection.state === 'reconnecting');
      lime.expire(requestId);
      await nginx.start();
      await until(() => handler.requestIds.includes(requestId));

      expect(handler.events).toMatchObject([{ type: 'expired', origin: 'platform' }]);
      expect(site.stats).toMatchObject({ reconnects: 1, missed: 1 });
      await login();
    });

    it('a platform that is down (502) is retried with the short backoff until it is back', async () => {
      const { lime, site, isOpen, logs } = await startBehind(recommended);
      await until(isOpen);
      const { port, siteToken } = lime;

      await lime.stop();
      await until(() => site.connection.lastError?.message.includes('502'));
      expect(site.connection.state).toBe('reconnecting');
      const back = await start.lime({ port, siteToken });
      await until(() => site.connection.state === 'open');
      const { requestId } = await site.createLoginRequest();

      expect(back.request(requestId)).toBeDefined();
      expect(logs.of('error')).toEqual([]);
    });
  });

  describe('with its defaults, and a platform that sends X-Accel-Buffering: no', () => {
    it('an event arrives at once', async () => {
      const { isOpen, login } = await startBehind(defaults());
      await until(isOpen);

      expect(await login()).toBeLessThan(0.5 * SECOND);
    });

    it('keepalives keep the stream open', async () => {
      const { lime, isOpen, login } = await startBehind(defaults(), {
        sandbox: { keepaliveMs: 200 },
      });
      await until(isOpen);

      await sleep(1.5 * SECOND);
      await login();

      expect(lime.callCount('events')).toBe(1);
    });

    it('an idle time drops the stream; it reconnects, and later logins arrive', async () => {
      const { lime, site, isOpen, login } = await startBehind(defaults());
      await until(isOpen);

      await until(() => site.stats.reconnects > 0);
      await until(isOpen);
      await login();

      expect(lime.callCount('events')).toBeGreaterThanOrEqual(2);
    });

    it('the status call recovers events between two streams', async () => {
      const { lime, site, handler, isOpen } = await startBehind(defaults());
      await until(isOpen);
      const { requestId: expired } = await site.createLoginRequest();
      const { requestId: approved } = await site.createLoginRequest();
      let down = true;
      lime.faults.respond('events', { status: 503, times: Infinity, when: () => down });

      await until(() => site.connection.lastError?.message.includes('503'));
      lime.expire(expired);
      await lime.approve(approved);
      down = false;
      await until(() => handler.events.length === 2, 6 * SECOND);

      expect(handler.events).toMatchObject([
        { type: 'expired', requestId: expired, origin: 'platform' },
        { type: 'expired', requestId: approved, origin: 'local' },
      ]);
    });
  });

  describe('with its defaults, and a platform that does not send X-Accel-Buffering: no', () => {
    it('nothing arrives over HTTP/1.0, not even the headers of the stream; logins still expire', async () => {
      const { lime, site, handler } = await startBehind(defaults([NO_HINT]), {
        sandbox: { requestTtlMs: 0.4 * SECOND },
        options: { streamWaitMs: 0 },
      });
      await lime.whenStreamOpen();
      const { requestId } = await site.createLoginRequest();

      await lime.approve(requestId);
      await sleep(0.2 * SECOND);
      expect(site.connection.state).not.toBe('open');
      expect(handler.events).toEqual([]);
      await until(() => handler.events.length > 0, 6 * SECOND);

      expect(handler.events).toMatchObject([{ type: 'expired', requestId, origin: 'local' }]);
    });

    it('small frames arrive at once over HTTP/1.1, but the stream opens with the first one', async () => {
      const { lime, isOpen, login, site } = await startBehind(
        defaults([NO_HINT, 'proxy_http_version 1.1;']),
      );
      await lime.whenStreamOpen();
      await sleep(0.1 * SECOND);
      expect(site.connection.state).not.toBe('open');

      lime.send(': hello\n\n');
      await until(isOpen);

      expect(await login()).toBeLessThan(0.5 * SECOND);
    });
  });
});
