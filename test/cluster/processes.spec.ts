import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { BullMqClusterOptions } from 'nestjs-lime-sites/bullmq';
import type { LimeSandboxOptions } from 'nestjs-lime-sites/testing';
import { useCleanup } from '../support/cleanup.js';
import { CompiledPackage } from '../support/child-app.js';
import { describeWithRedis, useRedis } from '../support/redis-server.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';
import { Fleet } from './fleet.js';

const REPLICAS = 3;
/** `.ci/run` sets 20 000. */
const LOGINS = Number(process.env['LIME_CLUSTER_LOGINS'] ?? 2_000);

const start = useStarter();
const closeLater = useCleanup();

describeWithRedis('Three replicas in three processes', () => {
  const redis = useRedis();
  let compiled: CompiledPackage;

  beforeAll(async () => {
    compiled = await CompiledPackage.create();
  });
  afterAll(() => compiled.remove());

  /** Uses the default of `takeoverMs`, unless a test waits for takeovers: a busy machine can stop a process for seconds. */
  async function startFleet(
    options: LimeSandboxOptions = {},
    cluster: BullMqClusterOptions = {},
  ): Promise<Fleet> {
    const lime = await start.lime(options);
    const fleet = await Fleet.start(compiled, lime, redis().url, { size: REPLICAS, ...cluster });
    closeLater(() => fleet.destroy());
    return fleet;
  }

  it.each(['broadcast', 'single'] as const)(
    `handle each of ${LOGINS} logins once with events sent by %s`,
    async (delivery) => {
      const fleet = await startFleet({ delivery });
      const { ids, seconds } = await fleet.runLogins(LOGINS);
      await fleet.stop();

      expect(fleet.handledTimes(ids)).toEqual({ once: LOGINS });
      report(`${delivery}: ${LOGINS} logins once each in ${seconds.toFixed(1)} s`);
    },
    180_000,
  );

  it('handle each login at least once, and never two at a time, while one of them is killed every second', async () => {
    const fleet = await startFleet({}, { takeoverMs: 4_000 });
    const logins = fleet.runLogins(LOGINS, { overSeconds: 15 });
    await fleet.killEverySecond();
    const { ids } = await logins;
    await fleet.stop();

    const { never = 0, once = 0, ...more } = fleet.handledTimes(ids);
    expect(never).toBe(0);
    const repeats = LOGINS - once;
    expect(fleet.overlaps()).toEqual([]);
    expect(repeats).toBeLessThanOrEqual(fleet.inFlightAtKills);
    report(
      `${fleet.kills} kills: ${repeats} repeats of ${LOGINS} ${JSON.stringify(more)}, ` +
        `${fleet.inFlightAtKills} logins in flight at a kill`,
    );
  }, 240_000);

  it('lose no login when Redis restarts and when it hangs for twice the takeover time', async () => {
    const fleet = await startFleet({}, { takeoverMs: 4_000, commandTimeoutMs: 1_000 });
    const logins = fleet.runLogins(1_500, { overSeconds: 14 });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await redis().stop();
    await redis().start();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    redis().pause();
    await new Promise((resolve) => setTimeout(resolve, 8_000));
    redis().resume();
    const { ids } = await logins;
    await fleet.stop();

    const { never = 0, once = 0 } = fleet.handledTimes(ids);
    expect(never).toBe(0);
    report(`Redis restarted and paused: ${1_500 - once} repeats of 1500`);
  }, 180_000);

  it('handle each login once while they are replaced one by one under load', async () => {
    const fleet = await startFleet();
    const logins = fleet.runLogins(3_000, { overSeconds: 6 });
    for (let index = 0; index < REPLICAS; index++) await fleet.replaceOldest();
    const { ids } = await logins;
    await fleet.stop();

    expect(fleet.handledTimes(ids)).toEqual({ once: 3_000 });
    await until(() => fleet.endedInOrder);
  }, 120_000);
});

function report(line: string): void {
  process.stderr.write(`      ${line}\n`);
}
