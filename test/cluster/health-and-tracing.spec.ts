import { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';
import { TerminusModule } from '@nestjs/terminus';
import { expect, it } from '@jest/globals';
import { LIME_CHANNELS, type LimeHandlerMessage, type LimeLoginMessage } from 'nestjs-lime-sites';
import { LimeSitesHealthIndicator } from 'nestjs-lime-sites/terminus';
import { useChannelRecords } from '../support/channel-records.js';
import { useCleanup } from '../support/cleanup.js';
import { describeWithRedis, useRedis } from '../support/redis-server.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';
import { startReplica, startTwo } from './start-replicas.js';

describeWithRedis('The health and the tracing of a cluster', () => {
  const start = useStarter();
  const record = useChannelRecords();
  const closeLater = useCleanup();
  const redis = useRedis();

  it('is down during an outage of Redis, and up after it', async () => {
    const { app, site } = await startReplica(start, {
      redis: redis(),
      imports: [TerminusModule],
      providers: [LimeSitesHealthIndicator],
    });
    await until(() => site.connection.state === 'open');
    const look = async () => (await app.get(LimeSitesHealthIndicator).isHealthy('lime')).lime;
    expect(await look()).toMatchObject({ status: 'up', state: 'open', cluster: 'up' });

    await redis().stop();
    await until(() => site.cluster?.state === 'down');
    expect(await look()).toMatchObject({ status: 'down', state: 'open', cluster: 'down' });

    await redis().start();
    await until(() => site.cluster?.state === 'up');
    expect(await look()).toMatchObject({ status: 'up', cluster: 'up' });
  });

  it('shows that each replica queues a login, and that one handles it in its own context', async () => {
    const logins = record.tracing<LimeLoginMessage>(LIME_CHANNELS.login);
    const handlers = record.tracing<LimeHandlerMessage>(LIME_CHANNELS.handler);
    const storage = new AsyncLocalStorage<string>();
    const { start: begin } = tracingChannel<string, LimeHandlerMessage>(LIME_CHANNELS.handler);
    begin.bindStore(storage, ({ requestId }) => requestId);
    closeLater(() => begin.unbindStore(storage));
    const { lime, both } = await startTwo(start, { redis: redis() });
    const seen: (string | undefined)[] = [];
    for (const { site } of both)
      site.onLogin(function onOutcome() {
        seen.push(storage.getStore());
      });

    const { requestId } = lime.createLoginRequest();
    await lime.approve(requestId);

    const ended = () => logins.filter(({ event }) => event === 'asyncEnd');
    await until(() => ended().length === 2 && seen.length === 1);
    expect(ended().map(({ message }) => message.result)).toEqual(['queued', 'queued']);
    expect(seen).toEqual([requestId]);
    const handled = handlers.filter(({ event }) => event === 'asyncEnd');
    expect(handled.map(({ message }) => message)).toMatchObject([
      { requestId, type: 'approved', handler: 'RecordingHandler.record' },
      { requestId, type: 'approved' },
    ]);
  });
});
