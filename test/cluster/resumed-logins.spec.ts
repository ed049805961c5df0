import { Controller, Get, UseGuards } from '@nestjs/common';
import { expect, it } from '@jest/globals';
import { PassportGuard } from 'nestjs-lime-sites';
import { lastValueFrom } from 'rxjs';
import { bearer } from '../support/own-login.js';
import { describeWithRedis, useRedis } from '../support/redis-server.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';
import { startTwo } from './start-replicas.js';

@Controller()
class GuardedRoutes {
  @UseGuards(PassportGuard)
  @Get('me')
  me() {
    return {};
  }
}

describeWithRedis('Logins that a replica resumes', () => {
  const redis = useRedis();
  const start = useStarter();

  it('are accepted by the guards of all replicas, and expire though that replica has stopped', async () => {
    const setup = { redis: redis(), controllers: [GuardedRoutes] };
    const { lime, first, second } = await startTwo(start, setup);
    const { requestId } = lime.createLoginRequest();
    const headers = bearer(await lime.signPassport({ request_id: requestId }));
    const status = async () => (await fetch(`${second.url}/me`, { headers })).status;
    expect(await status()).toBe(401);

    first.site.resumeLogins([{ requestId, expiresAt: new Date(Date.now() + 1_000) }]);
    await until(async () => (await status()) === 200);
    await first.app.close();
    await until(() => second.handler.requestIds.includes(requestId));

    expect(second.handler.events).toMatchObject([{ type: 'expired', requestId, origin: 'local' }]);
  });

  it('differ from unknown ones, for which outcomeOf() completes without a value', async () => {
    const { lime, first, second } = await startTwo(start, { redis: redis() });
    const { requestId, expiresAt } = lime.createLoginRequest();
    first.site.resumeLogins([{ requestId, expiresAt }]);

    const outcome = lastValueFrom(second.site.outcomeOf(requestId));
    const unknown = lastValueFrom(second.site.outcomeOf('lr_made_up'), { defaultValue: undefined });
    expect(await unknown).toBeUndefined();
    await lime.approve(requestId);

    expect(await outcome).toMatchObject({ type: 'approved', requestId });
  });
});
