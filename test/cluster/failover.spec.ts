import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { EMPTY, firstValueFrom, timeout } from 'rxjs';
import { useCleanup } from '../support/cleanup.js';
import { RedisSentinel } from '../support/redis-sentinel.js';
import { describeWithRedis } from '../support/redis-server.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';
import { startTwo } from './start-replicas.js';

const start = useStarter();
const closeLater = useCleanup();

describeWithRedis('The failover of Redis', () => {
  it('does not stop logins, and each is handled once', async () => {
    const redis = await RedisSentinel.start();
    closeLater(() => redis.remove());
    const { lime, first, second, both } = await startTwo(start, { redis });
    const known: string[] = [];
    let lost = 0;
    const logIn = async () => {
      const { requestId } = await first.site.createLoginRequest(); // waits for the cluster
      await lime.approve(requestId);
      const outcome = second.site
        .outcomeOf(requestId)
        .pipe(timeout({ first: 5_000, with: () => EMPTY }));
      const event = await firstValueFrom(outcome, { defaultValue: undefined });
      if (event) known.push(requestId);
      else lost++;
    };
    await logIn();

    await redis.failOver();
    while (!(await redis.hasChangedPlaces())) {
      await logIn();
      await sleep(50);
    }
    // The old primary does not accept writes any more.
    for (let further = 0; further < 10; further++) await logIn();

    const handled = () => both.flatMap(({ handler }) => handler.requestIds);
    await until(() => handled().length >= known.length);
    expect(handled().toSorted()).toEqual(known.toSorted());
    expect(lost).toBeLessThanOrEqual(1); // the last write to the old primary may not have been replicated
  }, 60_000);
});
