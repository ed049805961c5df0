import { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import { describe, expect, it } from '@jest/globals';
import { LIME_CHANNELS, type LimeHandlerMessage, type LimeLoginMessage } from 'nestjs-lime-sites';
import { useCleanup } from '../support/cleanup.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

describe('A store bound to the start of a login', () => {
  const start = useStarter();
  const closeLater = useCleanup();

  /** A storage with the request id of the login, as a tracer stores its span. */
  function boundToLogins(): AsyncLocalStorage<string> {
    const storage = new AsyncLocalStorage<string>();
    const { start: begin } = tracingChannel<string, LimeLoginMessage>(LIME_CHANNELS.login);
    begin.bindStore(storage, ({ requestId }) => requestId);
    closeLater(() => begin.unbindStore(storage));
    return storage;
  }

  it.each([1, 2, 16])(
    'is available in its handlers, with %d logins at once',
    async (concurrency) => {
      const storage = boundToLogins();
      const { lime, site } = await start.site({ options: { concurrency } });
      await lime.whenStreamOpen();
      const seen: [string, string | undefined][] = [];
      site.onLogin(async ({ requestId }) => {
        seen.push([requestId, storage.getStore()]);
        await sleep(1);
        seen.push([requestId, storage.getStore()]);
      });
      site.onLogin(({ requestId }) => void seen.push([requestId, storage.getStore()]));
      const requests = Array.from({ length: 12 }, () => lime.createLoginRequest());
      await Promise.all(
        requests.map(async ({ requestId }, index) => {
          if (index % 3 === 0) lime.expire(requestId);
          else await lime.approve(requestId);
        }),
      );
      await until(() => seen.length === 3 * requests.length);
      expect(seen.filter(([requestId, bound]) => requestId !== bound)).toEqual([]);
    },
  );

  it('is available for an approval that waited for the JWKS, and for the expiry behind it', async () => {
    const storage = boundToLogins();
    const lime = await start.lime();
    lime.faults.respond('jwks', { status: 503 });
    const { site } = await start.site({ lime });
    await lime.whenStreamOpen();
    const seen: [string, string, string | undefined][] = [];
    site.onLogin(({ type, requestId }) => void seen.push([type, requestId, storage.getStore()]));
    const [held, behind] = [lime.createLoginRequest(), lime.createLoginRequest()];
    const bad = await lime.signPassport({ request_id: behind.requestId, aud: 'lime-binding' });
    await lime.approve(held.requestId);
    lime.send({
      type: 'approved',
      login_request_id: behind.requestId,
      agent_passport_jwt: bad,
    });
    lime.send({ type: 'expired', login_request_id: behind.requestId });
    await until(() => seen.length === 2);
    expect(new Set(seen.map(String))).toEqual(
      new Set(
        [
          ['approved', held.requestId, held.requestId],
          ['expired', behind.requestId, behind.requestId],
        ].map(String),
      ),
    );
  });

  it('is available to subscribers and to listeners of application events', async () => {
    const storage = boundToLogins();
    const { app, lime, site } = await start.site({ imports: [EventEmitterModule.forRoot()] });
    await lime.whenStreamOpen();
    const seen: (string | undefined)[] = [];
    const look = () => void seen.push(storage.getStore());
    site.loginEvents$.subscribe(look);
    app.get(EventEmitter2).on('lime.login.approved', look);
    site.rejections$.subscribe(look);
    const [good, bad] = [lime.createLoginRequest(), lime.createLoginRequest()];
    await lime.approve(good.requestId);
    await until(() => seen.length === 2);
    await lime.approve(bad.requestId, { aud: 'lime-binding' });
    await until(() => seen.length === 3);
    expect(seen).toEqual([good.requestId, good.requestId, bad.requestId]);
  });

  it('is available at the start of a handler, whose own store is available in that handler only', async () => {
    const logins = boundToLogins();
    const handlers = new AsyncLocalStorage<string>();
    const { start: begin } = tracingChannel<string, LimeHandlerMessage>(LIME_CHANNELS.handler);
    begin.bindStore(handlers, ({ handler }) => `${handler} of ${logins.getStore()}`);
    closeLater(() => begin.unbindStore(handlers));
    const { lime, site } = await start.site();
    await lime.whenStreamOpen();
    const seen: (string | undefined)[] = [];
    async function first(): Promise<void> {
      await sleep(1);
      seen.push(handlers.getStore());
    }
    function second(): void {
      seen.push(handlers.getStore());
    }
    site.onLogin(first);
    site.onLogin(second);
    const { requestId } = lime.createLoginRequest();
    lime.expire(requestId);
    await until(() => seen.length === 2);
    expect(seen).toEqual([`first of ${requestId}`, `second of ${requestId}`]);
  });

  it('is available when the login ends', async () => {
    const storage = boundToLogins();
    const seen: [string, string | undefined][] = [];
    const channel = tracingChannel<unknown, LimeLoginMessage>(LIME_CHANNELS.login);
    const look = ({ requestId }: LimeLoginMessage) => seen.push([requestId, storage.getStore()]);
    const listeners = { start: look, end: look, asyncStart: look, asyncEnd: look, error: look };
    channel.subscribe(listeners);
    closeLater(() => channel.unsubscribe(listeners));
    const { lime } = await start.site();
    await lime.whenStreamOpen();
    const { requestId } = lime.createLoginRequest();
    await lime.approve(requestId, { aud: 'lime-binding' });
    await until(() => seen.length === 5);
    expect(new Set(seen.flat())).toEqual(new Set([requestId]));
  });
});
