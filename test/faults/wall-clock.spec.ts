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
  const keepalive = async (afterMs: number) => {
    clock.advance(afterMs);
    lime.send({ type: 'keepalive' });
    await until(() => site.connection.lastFrameAt?.getTime() === clock.now());
  };
  return { clock, lime, site, logs, keepalive, handler: app.get(RecordingHandler) };
}

describe('A wall clock that jumps', () => {
  it.each([
    ['forward, as when a virtual machine wakes up', 5 * HOUR],
    ['back, as when the time is corrected', -5 * HOUR],
  ])('neither breaks the connection nor expires a login when it is set %s', async (_, jumpMs) => {
    const { clock, lime, site, logs, keepalive, handler } = await startSite();
    const { requestId } = await site.createLoginRequest();
    for (let count = 0; count < 3; count++) await keepalive(20 * SECOND);

    clock.setForward(jumpMs);
    await keepalive(20 * SECOND);
    await keepalive(20 * SECOND);
    expect(handler.events).toEqual([]);
    lime.expire(requestId);
    await until(() => handler.events.length === 1);

    expect(handler.events).toMatchObject([{ requestId, origin: 'platform' }]);
    expect(site.stats.reconnects).toBe(0);
    expect(logs.of('warn')).toEqual([]);
  });

  it('does not hide a dead connection when it is set forward', async () => {
    const { clock, site, keepalive } = await startSite();
    for (let count = 0; count < 3; count++) await keepalive(20 * SECOND);

    clock.setForward(5 * HOUR);
    clock.advance(61 * SECOND);
    await until(() => site.connection.state !== 'open');

    expect(site.connection.lastError).toMatchObject({ code: 'STREAM_IDLE_TIMEOUT' });
  });

  it('expires an overdue request by the monotonic clock when it is set forward', async () => {
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
