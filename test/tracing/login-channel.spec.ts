import { Injectable, type Provider } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import {
  LIME_CHANNELS,
  type LimeHandlerMessage,
  type LimeLoginEvent,
  type LimeLoginMessage,
  type LimeSitesModuleOptions,
  LimeSitesModule,
  OnLimeLogin,
} from 'nestjs-lime-sites';
import { type ChannelRecord, useChannelRecords } from '../support/channel-records.js';
import { clusterThatIs } from '../support/cluster-stand-in.js';
import { readings, secretsIn } from '../support/leaks.js';
import { ManualClock } from '../support/manual-clock.js';
import { RecordingHandler } from '../support/recording-handler.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

@Injectable()
class Handlers {
  @OnLimeLogin('approved')
  async fails({ requestId }: LimeLoginEvent): Promise<void> {
    await Promise.resolve();
    throw new Error(`out of stock: ${requestId}`);
  }

  @OnLimeLogin()
  succeeds(): void {}
}

const ended = <Message extends object>(records: readonly ChannelRecord<Message>[]) =>
  records.filter(({ event }) => event === 'asyncEnd').map(({ message }) => message);

describe('The login channel', () => {
  const start = useStarter();
  const record = useChannelRecords();

  async function startSite(
    options: LimeSitesModuleOptions = {},
    providers: Provider[] = [RecordingHandler],
  ) {
    const started = await start.site({ options, providers });
    await until(() => started.site.connection.state === 'open');
    return started;
  }

  it('publishes a login from its frame to its last handler, in the order of a traced promise', async () => {
    const logins = record.tracing<LimeLoginMessage>(LIME_CHANNELS.login);
    const { lime, site } = await startSite();
    const { requestId } = await site.createLoginRequest();
    await lime.approve(requestId);
    await until(() => ended(logins).length === 1);

    const known = { site: 'default', requestId, type: 'approved', source: 'stream' };
    expect(logins.map(({ event, message }) => [event, message])).toEqual([
      ['start', known],
      ['end', known],
      ['asyncStart', { ...known, result: 'handled' }],
      ['asyncEnd', { ...known, result: 'handled' }],
    ]);
    expect(new Set(logins.map(({ identity }) => identity)).size).toBe(1);
  });

  it('publishes a duplicate, a passport that does not verify, and an expiry', async () => {
    const logins = record.tracing<LimeLoginMessage>(LIME_CHANNELS.login);
    const { lime, site } = await startSite();
    lime.faults.duplicateEvents(2);
    const good = await site.createLoginRequest();
    await lime.approve(good.requestId);
    await until(() => ended(logins).length === 2);
    lime.faults.clear();
    const bad = await site.createLoginRequest();
    await lime.approve(bad.requestId, { aud: 'lime-binding' });
    const late = await site.createLoginRequest();
    lime.expire(late.requestId);
    await until(() => ended(logins).length === 4);

    const results = ended(logins).map(({ requestId, result }) => `${requestId} ${result}`);
    expect(new Set(results)).toEqual(
      new Set([
        `${good.requestId} duplicate`,
        `${good.requestId} handled`,
        `${bad.requestId} rejected`,
        `${late.requestId} handled`,
      ]),
    );
    expect(logins.filter(({ event }) => event === 'error')).toMatchObject([
      { message: { requestId: bad.requestId, error: { code: 'PASSPORT_AUDIENCE' } } },
    ]);
  });

  it('publishes a local expiry', async () => {
    const logins = record.tracing<LimeLoginMessage>(LIME_CHANNELS.login);
    const clock = new ManualClock();
    const lime = await start.lime({ keepaliveMs: 0 });
    const { site } = await start.site({ lime, clock, providers: [RecordingHandler] });
    await until(() => site.connection.state === 'open');
    lime.faults.missExpiry();
    const { requestId, expiresAt } = await site.createLoginRequest();
    clock.advance(expiresAt.getTime() - clock.now() + 5_000);
    await until(() => ended(logins).length > 0);
    expect(ended(logins)).toEqual([
      { site: 'default', requestId, type: 'expired', source: 'local', result: 'handled' },
    ]);
  });

  it('publishes a failed handler, which the handler channel names', async () => {
    const logins = record.tracing<LimeLoginMessage>(LIME_CHANNELS.login);
    const handlers = record.tracing<LimeHandlerMessage>(LIME_CHANNELS.handler);
    const { lime, site } = await startSite({}, [Handlers]);
    const { requestId } = await site.createLoginRequest();
    await lime.approve(requestId);
    await until(() => ended(logins).length === 1);

    const error = expect.objectContaining({ message: `out of stock: ${requestId}` });
    expect(ended(logins)).toMatchObject([{ result: 'failed', error }]);
    const known = { site: 'default', requestId, type: 'approved' };
    expect(ended(handlers)).toEqual([
      { ...known, handler: 'Handlers.fails', error },
      { ...known, handler: 'Handlers.succeeds' },
    ]);
    expect(handlers.map(({ event }) => event).join(' ')).toBe(
      'start end error asyncStart asyncEnd start end asyncStart asyncEnd',
    );
  });

  it('publishes the logins that did not reach their handlers before the shutdown', async () => {
    const logins = record.tracing<LimeLoginMessage>(LIME_CHANNELS.login);
    const { lime, site, app } = await startSite({ concurrency: 1, shutdownTimeoutMs: 0 });
    site.onLogin(() => new Promise(() => undefined));
    for (let count = 0; count < 2; count++) {
      lime.expire((await site.createLoginRequest()).requestId);
    }
    await until(() => site.stats.delivered === 2);
    await app.close();
    await until(() => ended(logins).length === 2);
    const results = new Set(ended(logins).map(({ result }) => result));
    expect(results).toEqual(new Set(['dropped', 'failed']));
  });

  it('publishes whether the cluster took a login before the shutdown', async () => {
    const logins = record.tracing<LimeLoginMessage>(LIME_CHANNELS.login);
    let accepts = true;
    const cluster = clusterThatIs(
      { state: 'up', since: new Date() },
      { submit: () => (accepts ? Promise.resolve() : Promise.reject(new Error('away'))) },
    );
    const { lime, site, app } = await startSite({ cluster, shutdownTimeoutMs: 50 });
    lime.expire((await site.createLoginRequest()).requestId);
    await until(() => ended(logins).length === 1);
    accepts = false;
    lime.expire((await site.createLoginRequest()).requestId);
    await until(() => site.stats.delivered === 2);
    await app.close();
    await until(() => ended(logins).length === 2);
    expect(ended(logins).map(({ result }) => result)).toEqual(['queued', 'dropped']);
  });

  it('names the site', async () => {
    const logins = record.tracing<LimeLoginMessage>(LIME_CHANNELS.login);
    const lime = await start.lime();
    await start.app({
      imports: [LimeSitesModule.forRoot({ name: 'shop', ...lime.moduleOptions() })],
    });
    await lime.whenStreamOpen();
    lime.expire(lime.createLoginRequest().requestId);
    await until(() => ended(logins).length === 1);
    expect(logins[0]?.message.site).toBe('shop');
  });

  it('shows neither the passport, nor its claims, nor the site token', async () => {
    const logins = record.tracing<LimeLoginMessage>(LIME_CHANNELS.login);
    const handlers = record.tracing<LimeHandlerMessage>(LIME_CHANNELS.handler);
    const { lime, site } = await startSite();
    const good = await site.createLoginRequest();
    const { passport } = await lime.approve(good.requestId, { sub: 'agent-1', user_id: 'user-1' });
    const bad = await site.createLoginRequest();
    const { passport: badPassport } = await lime.approve(bad.requestId, { aud: 'lime-binding' });
    await until(() => ended(logins).length === 2);
    const secrets = {
      passport,
      badPassport,
      token: lime.siteToken,
      sub: 'agent-1',
      user: 'user-1',
    };
    expect(secretsIn(readings([...logins, ...handlers]), secrets)).toEqual([]);
  });

  it('publishes nothing for a login that started before the first subscriber', async () => {
    const { lime, site } = await startSite();
    lime.expire((await site.createLoginRequest()).requestId);
    await until(() => site.stats.delivered === 1);
    const logins = record.tracing<LimeLoginMessage>(LIME_CHANNELS.login);
    lime.expire((await site.createLoginRequest()).requestId);
    await until(() => ended(logins).length === 1);
    expect(logins).toHaveLength(4);
  });
});
