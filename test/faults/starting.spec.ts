import { Injectable, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { LimeSiteService, OnLimeLogin } from 'nestjs-lime-sites';
import { bullMqCluster } from 'nestjs-lime-sites/bullmq';
import { ManualClock } from '../support/manual-clock.js';
import { describeWithRedis, useRedis } from '../support/redis-server.js';
import { type SiteSetup, useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

const start = useStarter();

/** The events in order: the end of a hook, a login in a handler. */
const steps: string[] = [];

/** A provider with a slow hook, during which a login arrives. Its handler needs the set-up of the hook. */
@Injectable()
class SlowLogins implements OnApplicationBootstrap {
  constructor(private readonly site: LimeSiteService) {}

  async onApplicationBootstrap() {
    steps.length = 0;
    hooks.site = this.site;
    await until(() => this.site.connection.state === 'open');
    await hooks.duringBootstrap();
    await new Promise((resolve) => setTimeout(resolve, 20));
    steps.push('hook ended');
  }

  @OnLimeLogin()
  onLogin() {
    steps.push('handled');
  }
}

/** A provider that registers its handler in the hook. */
@Injectable()
class LateLogins implements OnApplicationBootstrap {
  constructor(private readonly site: LimeSiteService) {}

  async onApplicationBootstrap() {
    steps.length = 0;
    await until(() => this.site.connection.state === 'open');
    await hooks.duringBootstrap();
    await new Promise((resolve) => setTimeout(resolve, 20));
    steps.push('hook ended');
    this.site.onLogin(function late() {
      steps.push('handled');
    });
  }
}

const hooks: { site?: LimeSiteService; duringBootstrap: () => Promise<void> } = {
  duringBootstrap: async () => undefined,
};

/** The site whose hooks are being called. */
function current(): LimeSiteService {
  if (!hooks.site) throw new Error('no site yet');
  return hooks.site;
}

@Module({ providers: [SlowLogins] })
class FeatureModule {}

@Module({ providers: [LateLogins] })
class LateFeatureModule {}

async function startWhile(
  setup: SiteSetup,
  duringBootstrap: (lime: Awaited<ReturnType<typeof start.lime>>) => Promise<unknown>,
): Promise<LimeSiteService> {
  const lime = await start.lime();
  hooks.duringBootstrap = async () => void (await duringBootstrap(lime));
  const { site } = await start.site({ ...setup, lime });
  return site;
}

describe('A login that arrives during the start of the application', () => {
  it.each<[string, SiteSetup]>([
    ['a provider of the root module', { providers: [SlowLogins] }],
    ['a provider of a feature module', { imports: [FeatureModule] }],
    ['a function that its hook registers', { providers: [LateLogins] }],
    ['a function that the hook of a feature module registers', { imports: [LateFeatureModule] }],
  ])('is delivered after the bootstrap hooks to %s', async (_, setup) => {
    await startWhile(setup, async (lime) => lime.expire(lime.createLoginRequest().requestId));

    await until(() => steps.includes('handled'));

    expect(steps).toEqual(['hook ended', 'handled']);
  });

  it('waits in the socket when it is one of thousands, and is not lost', async () => {
    const site = await startWhile({ providers: [SlowLogins] }, async (lime) => {
      for (let index = 0; index < 3_000; index++) {
        lime.send({ type: 'expired', login_request_id: `lr_${index}` });
      }
    });
    expect(site.stats.received).toBeLessThanOrEqual(3_000);

    await until(() => steps.length === 3_001);

    expect(steps[0]).toBe('hook ended');
    expect(site.stats).toMatchObject({ received: 3_000, delivered: 3_000 });
  });

  it('expires locally only after the bootstrap hooks', async () => {
    const clock = new ManualClock();
    const lime = await start.lime({ requestTtlMs: 1_000, keepaliveMs: 0 });
    lime.faults.missExpiry();
    hooks.duringBootstrap = async () => {
      await current().createLoginRequest();
      for (let second = 0; second < 10; second++) {
        clock.advance(1_000);
        await new Promise(setImmediate);
      }
    };
    await start.site({ lime, clock, providers: [SlowLogins] });
    clock.advance(2_000);
    await until(() => steps.includes('handled'));

    expect(steps).toEqual(['hook ended', 'handled']);
  });

  it('can be created by a hook that does not wait for its outcome', async () => {
    let requestId = '';
    @Injectable()
    class Creator implements OnApplicationBootstrap {
      constructor(private readonly site: LimeSiteService) {}

      async onApplicationBootstrap() {
        requestId = (await this.site.createLoginRequest()).requestId;
      }
    }
    const { lime } = await start.site({ providers: [Creator] });

    expect(lime.request(requestId)).toMatchObject({ status: 'PENDING' });
  });
});

describeWithRedis('A login of a cluster that arrives during the start of a replica', () => {
  const redis = useRedis();

  it.each<[string, SiteSetup]>([
    ['a decorated method', { providers: [SlowLogins] }],
    ['a function that a hook registers', { imports: [LateFeatureModule] }],
  ])('is handled after the bootstrap hooks by %s', async (_, setup) => {
    const cluster = bullMqCluster({ url: redis().url });
    await startWhile({ ...setup, options: { cluster } }, async (lime) => {
      lime.expire(lime.createLoginRequest().requestId);
    });

    await until(() => steps.includes('handled'));

    expect(steps).toEqual(['hook ended', 'handled']);
  });

  it('is not completed by a replica without a handler, and another one handles it', async () => {
    const lime = await start.lime();
    const cluster = () => bullMqCluster({ url: redis().url, siteKey: 'idle', backoffMs: 50 });
    const idle = await start.site({ lime, options: { cluster: cluster() } });
    await until(() => idle.site.cluster?.state === 'up' && idle.site.connection.state === 'open');
    const { requestId } = lime.createLoginRequest();
    lime.expire(requestId);
    await until(() => idle.site.stats.delivered === 1);

    const handled: string[] = [];
    idle.site.onLogin(function late(event) {
      handled.push(event.requestId);
    });
    await until(() => handled.length > 0);

    expect(handled).toEqual([requestId]);
  });
});
