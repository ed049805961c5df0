import { describe, expect, it, jest } from '@jest/globals';
import type { LimeLoginEvent, LimeLoginFailure, LimeSitesModuleOptions } from 'nestjs-lime-sites';
import type { LimeSandboxOptions } from 'nestjs-lime-sites/testing';
import { firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { readings } from '../support/leaks.js';
import { RecordingHandler } from '../support/recording-handler.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

/** Makes the options of one kind of delivery. */
export type DeliveryOptions = (tuning?: { attempts?: number }) => LimeSitesModuleOptions;

/** The tests of every kind of delivery. */
export function describeDelivery(kind: string, options: DeliveryOptions): void {
  const start = useStarter();

  async function startSite(
    given: LimeSitesModuleOptions = {},
    { attempts, sandbox }: { attempts?: number; sandbox?: LimeSandboxOptions } = {},
  ) {
    const started = await start.site({
      options: { ...options(attempts === undefined ? {} : { attempts }), ...given },
      providers: [RecordingHandler],
      ...(sandbox && { sandbox }),
    });
    await started.lime.whenStreamOpen();
    return { ...started, handler: started.app.get(RecordingHandler) };
  }

  describe(`Delivery ${kind}`, () => {
    it('delivers an approval with verified claims and a readable passport', async () => {
      const { lime, site, handler } = await startSite();
      const { requestId } = await site.createLoginRequest();
      let read: string | undefined;
      site.onLogin(function reads(event) {
        read = event.passport ?? undefined;
      });

      const { passport } = await lime.approve(requestId, { sub: 'agent-1' });
      const [event] = await until(() => read !== undefined && handler.events);

      expect(event).toMatchObject({ type: 'approved', requestId, receivedAt: expect.any(Date) });
      expect(event).toHaveProperty('claims.agent_id', 'agent-1');
      expect(read).toBe(passport);
      expect(readings(event)).not.toContain(passport);
    });

    it('delivers an expiry', async () => {
      const { lime, site, handler } = await startSite();
      const { requestId } = await site.createLoginRequest();

      lime.expire(requestId);
      await until(() => handler.events.length === 1);

      expect(handler.events[0]).toEqual({
        type: 'expired',
        requestId,
        passport: null,
        origin: 'platform',
        receivedAt: expect.any(Date),
      });
    });

    it('delivers the login of a request that another process of the site created', async () => {
      const { lime, handler } = await startSite();
      const { requestId } = lime.createLoginRequest();

      await lime.approve(requestId);

      await until(() => handler.requestIds.includes(requestId));
    });

    it('drops duplicates, also those of another connection', async () => {
      const { lime, site, handler } = await startSite();
      const { requestId } = lime.createLoginRequest();
      const { passport } = await lime.approve(requestId);
      const again = {
        type: 'approved',
        login_request_id: requestId,
        agent_passport_jwt: passport,
      };

      lime.send(again);
      await until(() => site.stats.duplicates === 1);
      lime.faults.dropStreams();
      await until(() => site.stats.reconnects === 1 && lime.openStreams === 1);
      lime.send(again);
      await until(() => site.stats.duplicates === 2);
      lime.send({ type: 'expired', login_request_id: requestId });
      await until(() => site.stats.duplicates === 3);

      await until(() => handler.events.length > 0);
      expect(handler.requestIds).toEqual([requestId]);
    });

    it('invokes the handlers of a login one after another, in the order of their registration', async () => {
      const { lime, site } = await startSite();
      const steps: string[] = [];
      const names = ['first', 'second', 'third'];
      for (const label of names) {
        const step = async () => {
          steps.push(`${label} begins`);
          await new Promise(setImmediate);
          steps.push(`${label} ends`);
        };
        site.onLogin(Object.defineProperty(step, 'name', { value: label }));
      }

      lime.expire(lime.createLoginRequest().requestId);
      await until(() => steps.length === 6);

      expect(steps).toEqual(names.flatMap((label) => [`${label} begins`, `${label} ends`]));
    });

    it('invokes the handlers of as many logins at once as concurrency allows, and no more', async () => {
      const { lime, site } = await startSite({ concurrency: 3 });
      const waiting: (() => void)[] = [];
      let most = 0;
      let running = 0;
      site.onLogin(async function onOutcome() {
        most = Math.max(most, ++running);
        await new Promise<void>((resolve) => waiting.push(resolve));
        running--;
      });
      for (let index = 0; index < 9; index++) lime.expire(lime.createLoginRequest().requestId);

      await until(() => waiting.length === 3);
      for (let released = 0; released < 9; released++) {
        await until(() => waiting.length > 0);
        waiting.shift()?.();
      }

      expect(most).toBe(3);
    });

    it('reports no failure when all handlers succeed', async () => {
      const { lime, site, app, handler } = await startSite();
      const failures: LimeLoginFailure[] = [];
      site.failures$.subscribe((failure) => failures.push(failure));

      lime.expire(lime.createLoginRequest().requestId);
      await until(() => handler.events.length === 1);
      await app.close();

      expect(failures).toEqual([]);
      expect(site.stats).toMatchObject({ delivered: 1, handlerErrors: 0, failed: 0 });
    });

    it('reports a handler that throws after its last attempt, and still invokes the others', async () => {
      const { lime, site, handler, logs } = await startSite({}, { attempts: 1 });
      const failures: LimeLoginFailure[] = [];
      site.failures$.subscribe((failure) => failures.push(failure));
      site.onLogin(function breaks() {
        throw new Error('database is gone');
      });
      const after = jest.fn();
      site.onLogin(after);
      const { requestId } = lime.createLoginRequest();

      lime.expire(requestId);
      await until(() => failures.length === 1);

      expect(handler.events).toHaveLength(1);
      expect(after).toHaveBeenCalledTimes(1);
      expect(failures).toEqual([
        {
          requestId,
          type: 'expired',
          failed: [{ handler: 'breaks', reason: 'database is gone' }],
          attempts: 1,
        },
      ]);
      expect(site.stats).toMatchObject({ handlerErrors: 1, failed: 1 });
      expect(logs.toString()).toContain('Handler breaks failed for expired');
    });

    it('aborts the signal of a handler that times out, and goes on without it', async () => {
      const { lime, site } = await startSite({ handlerTimeoutMs: 30 }, { attempts: 1 });
      let reason: unknown;
      site.onLogin(function hangs(_event, { signal }) {
        return new Promise(() => {
          signal.addEventListener('abort', () => {
            reason = signal.reason;
          });
        });
      });

      lime.expire(lime.createLoginRequest().requestId);
      await until(() => site.stats.failed === 1);

      expect(reason).toMatchObject({ code: 'HANDLER_TIMEOUT' });
    });

    it('emits the outcome after the synchronous part of the handlers', async () => {
      const { lime, site } = await startSite();
      const sessions = new Set<string>();
      site.onLogin(async function onOutcome({ requestId }) {
        sessions.add(requestId);
        await new Promise((resolve) => setTimeout(resolve, 50));
      });
      const { requestId } = await site.createLoginRequest();
      const outcome = firstValueFrom(site.outcomeOf(requestId)).then(({ type }) => ({
        type,
        session: sessions.has(requestId),
      }));

      await lime.approve(requestId);

      expect(await outcome).toEqual({ type: 'approved', session: true });
      const late = await lastValueFrom(site.outcomeOf(requestId).pipe(toArray()));
      expect(late).toMatchObject([{ type: 'approved', requestId }]);
    });

    it('emits the events of this process to its subscribers', async () => {
      const { lime, site } = await startSite();
      const emitted: LimeLoginEvent[] = [];
      site.loginEvents$.subscribe((event) => emitted.push(event));
      const { requestId } = lime.createLoginRequest();

      const { passport } = await lime.approve(requestId);
      await until(() => emitted.length === 1);

      expect(emitted).toMatchObject([{ type: 'approved', requestId, passport }]);
    });

    it('expires a login without an event of LIME, and lets a late approval overrule the expiry', async () => {
      const { lime, site, handler } = await startSite({}, { sandbox: { requestTtlMs: 200 } });
      const emitted: LimeLoginEvent[] = [];
      site.loginEvents$.subscribe((event) => emitted.push(event));
      lime.faults.loseEvents(1);
      const { requestId } = await site.createLoginRequest();

      await until(() => handler.events.length === 1 && emitted.length === 1);
      const passport = await lime.signPassport({ request_id: requestId });
      lime.send({
        type: 'approved',
        login_request_id: requestId,
        agent_passport_jwt: passport,
      });
      await until(() => handler.events.length === 2);

      expect(handler.events).toMatchObject([
        { type: 'expired', requestId, origin: 'local' },
        { type: 'approved', requestId },
      ]);
      expect(emitted).toHaveLength(2);
    });

    it('keeps an approval that overrules a local expiry behind the handlers of that expiry', async () => {
      const { lime, site, handler } = await startSite({}, { sandbox: { requestTtlMs: 100 } });
      let release = (): void => undefined;
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      const steps: string[] = [];
      site.onLogin(async function records({ type }) {
        steps.push(`${type} begins`);
        if (type === 'expired') await held;
        steps.push(`${type} ends`);
      });
      lime.faults.loseEvents(1);
      const { requestId } = await site.createLoginRequest();
      await until(() => steps.length === 1);

      const passport = await lime.signPassport({ request_id: requestId });
      lime.send({ type: 'approved', login_request_id: requestId, agent_passport_jwt: passport });
      await until(() => site.stats.received === 1 && site.stats.delivered >= 1);
      await new Promise((resolve) => setTimeout(resolve, 50));
      release();
      await until(() => steps.length === 4);

      expect(steps).toEqual(['expired begins', 'expired ends', 'approved begins', 'approved ends']);
      expect(handler.events).toHaveLength(2);
    });

    it('waits for the handlers in flight when the application closes', async () => {
      const { lime, site, app } = await startSite();
      let begun = false;
      let ended = false;
      site.onLogin(async function onOutcome() {
        begun = true;
        await new Promise((resolve) => setTimeout(resolve, 100));
        ended = true;
      });
      lime.expire(lime.createLoginRequest().requestId);
      await until(() => begun);

      await app.close();

      expect(ended).toBe(true);
    });

    it('aborts and names the handlers that run at the shutdown deadline', async () => {
      const { lime, site, app, logs } = await startSite({ shutdownTimeoutMs: 50 });
      let signal: AbortSignal | undefined;
      site.onLogin(function lingers(_event, context) {
        signal = context.signal;
        return new Promise(() => undefined);
      });
      const { requestId } = lime.createLoginRequest();
      lime.expire(requestId);
      await until(() => signal);

      await app.close();

      expect(signal?.aborted).toBe(true);
      expect(logs.toString()).toContain(`lingers for ${requestId}`);
    });
  });
}
