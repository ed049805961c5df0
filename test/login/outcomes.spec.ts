import { describe, expect, it } from '@jest/globals';
import { type LimeLoginEvent, LimeSiteService } from 'nestjs-lime-sites';
import { SandboxAgent } from 'nestjs-lime-sites/testing';
import { firstValueFrom, toArray } from 'rxjs';
import { RecordingHandler } from '../support/recording-handler.js';
import { type SiteSetup, useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

const start = useStarter();

async function startSite(setup: SiteSetup = {}) {
  const started = await start.site({ ...setup, providers: [RecordingHandler] });
  await started.lime.whenStreamOpen();
  return { ...started, handler: started.app.get(RecordingHandler) };
}

describe('A login', () => {
  it('is approved with verified claims when an agent logs in', async () => {
    const { lime, site, handler } = await startSite();
    const { requestId } = await site.createLoginRequest();

    await new SandboxAgent(lime).login(requestId);
    const [event] = await until(() => handler.events.length > 0 && handler.events);

    expect(event).toMatchObject({ type: 'approved', requestId, receivedAt: expect.any(Date) });
    expect(event?.type === 'approved' && event.claims).toMatchObject({
      agent_id: lime.agent.agentId,
      sub: lime.agent.agentId,
      user_id: lime.agent.userId,
      request_id: requestId,
    });
  });

  it('expires when the platform sends the expiry', async () => {
    const { lime, site, handler } = await startSite();
    const { requestId } = await site.createLoginRequest();

    lime.expire(requestId);
    await until(() => handler.events.length > 0);

    expect(handler.events).toEqual([
      {
        type: 'expired',
        requestId,
        passport: null,
        origin: 'platform',
        receivedAt: expect.any(Date),
      },
    ]);
  });

  it('is delivered when its event is the first one after the start', async () => {
    const lime = await start.lime();
    const { requestId } = lime.createLoginRequest();
    const { app } = await start.site({ lime, providers: [RecordingHandler] });
    await lime.whenStreamOpen();

    lime.expire(requestId);

    await until(() => app.get(RecordingHandler).requestIds.includes(requestId));
  });

  it('is delivered when its outcome comes before createLoginRequest() has returned', async () => {
    const { lime, site, handler } = await startSite();
    lime.onActivity((activity) => {
      if (activity.kind === 'request-created') lime.expire(activity.requestId);
    });
    lime.faults.delay('create', 1);

    const { requestId } = await site.createLoginRequest();

    expect((await firstValueFrom(site.outcomeOf(requestId))).type).toBe('expired');
    expect(handler.requestIds).toEqual([requestId]);
  });

  it('is delivered when another process created its request', async () => {
    const { lime, handler, site } = await startSite();
    const { requestId } = lime.createLoginRequest();

    await lime.approve(requestId);
    await until(() => handler.events.length > 0);

    expect(handler.requestIds).toEqual([requestId]);
    expect(site.stats).toMatchObject({ received: 1, delivered: 1 });
  });

  it('is delivered once when the platform repeats its event', async () => {
    const { lime, site, handler } = await startSite();
    lime.faults.duplicateEvents(3);
    const { requestId } = await site.createLoginRequest();

    await lime.approve(requestId);
    await until(() => site.stats.duplicates === 2);

    expect(handler.events).toHaveLength(1);
    expect(site.stats).toMatchObject({ received: 3, delivered: 1, duplicates: 2 });
  });

  it('keeps its first outcome: an expiry after an approval is a duplicate', async () => {
    const { lime, site, handler } = await startSite();
    const { requestId } = await site.createLoginRequest();

    await lime.approve(requestId);
    lime.send({ type: 'expired', login_request_id: requestId });
    await until(() => site.stats.duplicates === 1);

    expect(handler.events.map(({ type }) => type)).toEqual(['approved']);
  });

  it('keeps its first outcome: an approval after an expiry by the platform is a duplicate', async () => {
    const { lime, site, handler } = await startSite();
    const { requestId } = await site.createLoginRequest();
    const passport = await lime.signPassport({ request_id: requestId });

    lime.expire(requestId);
    lime.send({ type: 'approved', login_request_id: requestId, agent_passport_jwt: passport });
    await until(() => site.stats.duplicates === 1);

    expect(handler.events.map(({ type }) => type)).toEqual(['expired']);
  });

  it('is approved by the second approval when the passport of the first one does not verify', async () => {
    const { lime, site, handler } = await startSite();
    const { requestId } = await site.createLoginRequest();
    const forged = await lime.signPassport({ request_id: 'lr_of_somebody_else' });

    lime.send({ type: 'approved', login_request_id: requestId, agent_passport_jwt: forged });
    await lime.approve(requestId);
    await until(() => handler.events.length > 0);

    expect(handler.events.map(({ type }) => type)).toEqual(['approved']);
    expect(site.stats).toMatchObject({ rejected: 1, delivered: 1 });
  });
});

describe('A burst of 10 000 events', () => {
  it('reaches the handler completely and in order', async () => {
    const { lime, site, handler } = await startSite({ options: { concurrency: 1 } });
    const ids = Array.from({ length: 10_000 }, (_, index) => `lr_${index}`);

    lime.send(ids.map((id) => `data: {"type":"expired","login_request_id":"${id}"}\n\n`).join(''));
    await until(() => handler.events.length === ids.length);

    expect(handler.requestIds).toEqual(ids);
    expect(site.stats).toMatchObject({ received: 10_000, delivered: 10_000, duplicates: 0 });
  });
});

describe('outcomeOf()', () => {
  it('emits once and completes when the outcome comes after the subscription', async () => {
    const { lime, site } = await startSite();
    const { requestId } = await site.createLoginRequest();
    const outcome = firstValueFrom(site.outcomeOf(requestId).pipe(toArray()));

    lime.expire(requestId);

    expect((await outcome).map(({ type }) => type)).toEqual(['expired']);
  });

  it('emits once and completes when the outcome came before the subscription', async () => {
    const { lime, site, handler } = await startSite();
    const { requestId } = await site.createLoginRequest();
    lime.expire(requestId);
    await until(() => handler.events.length > 0);

    const events = await firstValueFrom(site.outcomeOf(requestId).pipe(toArray()));

    expect(events.map(({ type }) => type)).toEqual(['expired']);
  });

  it('emits to all subscribers of a request, and not to one that unsubscribed', async () => {
    const { lime, site } = await startSite();
    const { requestId } = await site.createLoginRequest();
    const emitted: string[] = [];
    const first = firstValueFrom(site.outcomeOf(requestId));
    const second = firstValueFrom(site.outcomeOf(requestId));
    site
      .outcomeOf(requestId)
      .subscribe(() => emitted.push('left'))
      .unsubscribe();

    lime.expire(requestId);

    expect(await first).toBe(await second);
    expect(emitted).toEqual([]);
  });

  it('completes without a value at shutdown, also for later subscribers', async () => {
    const { app, site } = await startSite();
    const waiting = firstValueFrom(site.outcomeOf('lr_never').pipe(toArray()));

    await app.close();

    expect(await waiting).toEqual([]);
    expect(await firstValueFrom(site.outcomeOf('lr_later').pipe(toArray()))).toEqual([]);
  });

  it('emits after the synchronous part of a handler', async () => {
    const { lime, site, app } = await startSite();
    const opened = new Set<string>();
    app.get(LimeSiteService).onLogin(async ({ requestId }) => {
      opened.add(requestId);
      await Promise.resolve();
    });
    const { requestId } = await site.createLoginRequest();
    const seen = new Promise<boolean>((resolve) => {
      site.outcomeOf(requestId).subscribe(() => resolve(opened.has(requestId)));
    });

    lime.expire(requestId);

    expect(await seen).toBe(true);
  });
});

describe('loginEvents$ and rejections$', () => {
  it('are hot, and complete at shutdown', async () => {
    const { lime, site, app } = await startSite();
    const events = firstValueFrom(site.loginEvents$.pipe(toArray()));
    const rejections = firstValueFrom(site.rejections$.pipe(toArray()));
    const { requestId } = await site.createLoginRequest();
    lime.expire(requestId);
    const forged = await lime.signPassport({ request_id: 'lr_b' });
    lime.send({ type: 'approved', login_request_id: 'lr_a', agent_passport_jwt: forged });
    await until(() => site.stats.rejected === 1);

    await app.close();

    expect((await events).map((event: LimeLoginEvent) => event.requestId)).toEqual([requestId]);
    expect(await rejections).toEqual([
      { requestId: 'lr_a', error: expect.objectContaining({ code: 'PASSPORT_REQUEST_MISMATCH' }) },
    ]);
  });
});

describe('An approved event', () => {
  it('has a readable passport that is not logged, spread or serialised', async () => {
    const { lime, site, handler } = await startSite();
    const { requestId } = await site.createLoginRequest();
    const { passport } = await lime.approve(requestId);
    const [event] = await until(() => handler.events.length > 0 && handler.events);

    expect(event?.passport).toBe(passport);
    expect(JSON.stringify(event)).not.toContain(passport);
    expect({ ...event }).not.toHaveProperty('passport');
  });
});
