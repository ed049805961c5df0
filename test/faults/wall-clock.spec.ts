import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../support/manual-clock.js';
import { RecordingHandler } from '../support/recording-handler.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

const start = useStarter();

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

async function startSite() {
  const clock = new ManualClock();
  const lime = await start.lime({ keepaliveMs: 0, requestTtlMs: 600 * SECOND });
  const { app, site, logs } = await start.site({ lime, clock, providers: [RecordingHandler] });
  await until(() => site.connection.state === 'open');
  const beat = async (afterMs: number) => {
    clock.advance(afterMs);
    lime.send({ type: 'keepalive' });
    await until(() => site.connection.lastFrameAt?.getTime() === clock.now());
  };
  return { clock, lime, site, logs, beat, handler: app.get(RecordingHandler) };
}

describe('a wall clock', () => {
  it.each([
    ['forward, as when a virtual machine wakes up', 5 * HOUR],
    ['back, as when the time is corrected', -5 * HOUR],
  ])('that is set %s breaks no line and settles nothing', async (_, jumpMs) => {
    const { clock, lime, site, logs, beat, handler } = await startSite();
    const { requestId } = await site.createLoginRequest();
    for (let count = 0; count < 3; count++) await beat(20 * SECOND);

    clock.setForward(jumpMs);
    await beat(20 * SECOND);
    await beat(20 * SECOND);
    expect(handler.events).toEqual([]);
    lime.expire(requestId);
    await until(() => handler.events.length === 1);

    expect(handler.events).toMatchObject([{ requestId, origin: 'platform' }]);
    expect(site.stats.reconnects).toBe(0);
    expect(logs.of('warn')).toEqual([]);
  });

  it('that is set forward does not hide a line that is dead since', async () => {
    const { clock, site, beat } = await startSite();
    for (let count = 0; count < 3; count++) await beat(20 * SECOND);

    clock.setForward(5 * HOUR);
    clock.advance(61 * SECOND);
    await until(() => site.connection.state !== 'open');

    expect(site.connection.lastError).toMatchObject({ code: 'STREAM_SILENT' });
  });

  it('that is set forward lets a request that is overdue by now expire when its time has passed', async () => {
    const { clock, site, handler } = await startSite();
    const { requestId } = await site.createLoginRequest();

    clock.setForward(5 * HOUR);
    for (let passed = 0; passed < 300; passed++) clock.advance(SECOND);
    expect(handler.events).toEqual([]);
    for (let passed = 0; passed < 303; passed++) clock.advance(SECOND);
    await until(() => handler.events.length === 1);

    expect(handler.events).toMatchObject([{ requestId, origin: 'local' }]);
  });
});
