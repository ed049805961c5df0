import { Controller, Get, UseGuards } from '@nestjs/common';
import { expect, it } from '@jest/globals';
import {
  BindingPassportGuard,
  type LimeLoginEvent,
  Passport,
  PassportGuard,
  PassportPolicy,
} from 'nestjs-lime-sites';
import { firstValueFrom } from 'rxjs';
import { bearer } from '../support/own-login.js';
import { useRedisCluster } from '../support/redis-cluster.js';
import { describeWithRedis, useRedis } from '../support/redis-server.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';
import { type ReplicaSetup, startReplica, startTwo } from './start-replicas.js';

@Controller()
class GuardedRoutes {
  @UseGuards(PassportGuard)
  @Get('me')
  me(@Passport('agent_id') agentId: string) {
    return { agentId };
  }

  @UseGuards(PassportGuard)
  @PassportPolicy({ singleUse: true })
  @Get('once')
  once() {
    return { once: true };
  }

  @UseGuards(BindingPassportGuard)
  @Get('callback')
  callback(@Passport('binding_id') bindingId: string) {
    return { bindingId };
  }
}

const start = useStarter();
const controllers = [GuardedRoutes];

describeWithRedis('The replicas of a site on one Redis', () => describeReplicas(useRedis()));
describeWithRedis('The replicas of a site on a Redis Cluster', () =>
  describeReplicas(useRedisCluster()),
);

function describeReplicas(redis: () => ReplicaSetup['redis']): void {
  it('handle a login once that both of them received', async () => {
    const { lime, first, both } = await startTwo(start, { redis: redis() });
    const received: LimeLoginEvent[] = [];
    for (const { site } of both) site.loginEvents$.subscribe((event) => received.push(event));
    const ids: string[] = [];
    for (let index = 0; index < 20; index++) {
      const { requestId } = await first.site.createLoginRequest();
      ids.push(requestId);
      await lime.approve(requestId);
    }

    const handled = () => both.flatMap(({ handler }) => handler.requestIds);
    await until(() => handled().length >= 20 && received.length === 40);
    await firstValueFrom(first.site.outcomeOf(ids.at(-1) ?? ''));

    expect(handled().toSorted()).toEqual(ids.toSorted());
  });

  it('handle a login that one of them received, and all know its outcome', async () => {
    const { lime, first, second, both } = await startTwo(start, {
      redis: redis(),
      sandbox: { delivery: 'single' },
    });
    const ids: string[] = [];
    for (let index = 0; index < 6; index++) {
      ids.push((await first.site.createLoginRequest()).requestId);
    }
    const waiting = ids.map((id) => firstValueFrom(second.site.outcomeOf(id)));
    for (const id of ids) await lime.approve(id);

    const outcomes = await Promise.all(waiting);
    expect(outcomes.map(({ type, requestId }) => [type, requestId])).toEqual(
      ids.map((id) => ['approved', id]),
    );
    const later = await Promise.all(ids.map((id) => firstValueFrom(first.site.outcomeOf(id))));
    expect(later.map(({ type }) => type)).toEqual(ids.map(() => 'approved'));
    await until(() => both.flatMap(({ handler }) => handler.requestIds).length === 6);
    expect(both.map(({ site }) => site.stats.received)).toEqual([3, 3]);
  });

  it('give the outcome to a subscriber on a replica that started after it', async () => {
    const { lime, first } = await startTwo(start, { redis: redis() });
    const { requestId } = await first.site.createLoginRequest();
    await lime.approve(requestId, { sub: 'agent-1' });
    await firstValueFrom(first.site.outcomeOf(requestId));

    const third = await startReplica(start, { redis: redis(), lime });
    const event = await firstValueFrom(third.site.outcomeOf(requestId));

    expect(event).toMatchObject({ type: 'approved', claims: { agent_id: 'agent-1' } });
    expect(() => event.passport).toThrow(expect.objectContaining({ code: 'PASSPORT_NOT_KEPT' }));
  });

  it('accept a passport on each of them, and count a single use for all', async () => {
    const { lime, first, second } = await startTwo(start, { redis: redis(), controllers });
    const { requestId } = await first.site.createLoginRequest();
    const headers = bearer(await lime.signPassport({ request_id: requestId }));

    expect((await fetch(`${second.url}/me`, { headers })).status).toBe(200);
    expect((await fetch(`${second.url}/once`, { headers })).status).toBe(200);
    expect((await fetch(`${first.url}/once`, { headers })).status).toBe(401);

    const foreign = bearer(await lime.signPassport({ request_id: 'lr_of_another_site' }));
    expect((await fetch(`${second.url}/me`, { headers: foreign })).status).toBe(401);
  });

  it('accept the callback of a binding that another one started', async () => {
    const { lime, first, second } = await startTwo(start, { redis: redis(), controllers });
    const { bindingId } = await first.site.createBindingRequest({
      redirectUri: `${second.url}/callback`,
    });

    const { callbackUrl } = await lime.completeBinding(bindingId);

    expect(await (await fetch(callbackUrl)).json()).toEqual({ bindingId });
  });

  it('share their logins with a service that only verifies', async () => {
    const { lime, first } = await startTwo(start, { redis: redis() });
    const verifier = await startReplica(start, {
      redis: redis(),
      lime,
      controllers,
      options: { dispatcher: false },
    });
    const { requestId } = await first.site.createLoginRequest();
    const { passport } = await lime.approve(requestId);

    const { status } = await fetch(`${verifier.url}/me`, { headers: bearer(passport) });
    expect(status).toBe(200);
    expect((await firstValueFrom(verifier.site.outcomeOf(requestId))).type).toBe('approved');
    await until(() => first.site.stats.received === 1);
    expect(verifier.handler.events).toEqual([]);
    expect(lime.openStreams).toBe(2);
  });

  it('expire the login of a replica that has stopped', async () => {
    const { lime, first, second } = await startTwo(start, {
      redis: redis(),
      sandbox: { requestTtlMs: 300 },
    });
    lime.faults.loseEvents();
    const { requestId } = await first.site.createLoginRequest();
    await first.app.close();

    await until(() => second.handler.requestIds.includes(requestId));
    expect(second.handler.events).toMatchObject([{ type: 'expired', origin: 'local' }]);
  });

  it('do not see the logins of another site on the same Redis', async () => {
    const [ours, theirs] = await Promise.all([
      startReplica(start, { redis: redis(), controllers }),
      startReplica(start, { redis: redis(), controllers }),
    ]);
    await Promise.all([ours.lime.whenStreamOpen(), theirs.lime.whenStreamOpen()]);
    const { requestId } = await ours.site.createLoginRequest();

    const { passport } = await ours.lime.approve(requestId);
    await until(() => ours.handler.requestIds.includes(requestId));

    expect(theirs.handler.events).toEqual([]);
    const { status } = await fetch(`${theirs.url}/me`, { headers: bearer(passport) });
    expect(status).toBe(401);
    await until(() => ours.site.cluster?.state === 'up');
  });

  it('are one site under different tokens with the same siteKey', async () => {
    const cluster = { siteKey: 'shop' };
    const ours = await startReplica(start, { redis: redis(), cluster });
    const theirs = await startReplica(start, { redis: redis(), cluster });
    await ours.lime.whenStreamOpen();
    const { requestId } = ours.lime.createLoginRequest();

    await ours.lime.approve(requestId);

    expect((await firstValueFrom(theirs.site.outcomeOf(requestId))).type).toBe('approved');
  });
}
