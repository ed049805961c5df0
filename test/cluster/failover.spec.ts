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

describeWithRedis('When another Redis takes over', () => {
  it('logins go on, each handled once', async () => {
    const redis = await RedisSentinel.start();
    closeLater(() => redis.remove());
    const { lime, first, second, both } = await startTwo(start, { redis });
    const told: string[] = [];
    let lost = 0;
    const logIn = async () => {
      const { requestId } = await first.site.createLoginRequest(); // waits for the cluster, if need be
      await lime.approve(requestId);
      const outcome = second.site
        .outcomeOf(requestId)
        .pipe(timeout({ first: 5_000, with: () => EMPTY }));
      const event = await firstValueFrom(outcome, { defaultValue: undefined });
      if (event) told.push(requestId);
      else lost++;
    };
    await logIn();

    await redis.failOver();
    while (!(await redis.hasChangedPlaces())) {
      await logIn();
      await sleep(50);
    }
    // Nothing can be written to the one that was the primary any more.
    for (let further = 0; further < 10; further++) await logIn();

    const handled = () => both.flatMap(({ handler }) => handler.requestIds);
    await until(() => handled().length >= told.length);
    expect(handled().toSorted()).toEqual(told.toSorted());
    expect(lost).toBeLessThanOrEqual(1); // what the old primary took in its last moment is copied nowhere
  }, 60_000);
});
