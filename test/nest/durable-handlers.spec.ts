import { Inject, Injectable, Scope } from '@nestjs/common';
import {
  type ContextId,
  ContextIdFactory,
  type ContextIdStrategy,
  type HostComponentInfo,
  REQUEST,
} from '@nestjs/core';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type LimeLoginEvent, OnLimeLogin } from 'nestjs-lime-sites';
import { type StartedSite, useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

interface Call {
  readonly instance: object;
  readonly request: unknown;
  readonly event: LimeLoginEvent;
}

const calls: Call[] = [];
let instances = 0;

/** Stands in for a connection pool of one tenant. */
@Injectable({ scope: Scope.REQUEST, durable: true })
class TenantPool {
  constructor(@Inject(REQUEST) readonly payload: unknown) {
    instances++;
  }
}

@Injectable({ scope: Scope.REQUEST, durable: true })
class DurableLogins {
  constructor(
    readonly pool: TenantPool,
    @Inject(REQUEST) private readonly request: unknown,
  ) {}

  @OnLimeLogin()
  open(event: LimeLoginEvent) {
    calls.push({ instance: this.pool, request: this.request, event });
  }
}

@Injectable({ scope: Scope.REQUEST })
class RequestLogins {
  constructor(@Inject(REQUEST) private readonly request: unknown) {}

  @OnLimeLogin()
  open(event: LimeLoginEvent) {
    calls.push({ instance: this, request: this.request, event });
  }
}

/** Keeps one tree of durable providers for each tenant. The type of the event stands in for the tenant. */
class ByTenant implements ContextIdStrategy<LimeLoginEvent> {
  readonly attached: LimeLoginEvent[] = [];
  readonly #tenants = new Map<string, ContextId>();

  attach(contextId: ContextId, event: LimeLoginEvent) {
    this.attached.push(event);
    const tenant = event.type;
    const shared = this.#tenants.get(tenant) ?? ContextIdFactory.create();
    this.#tenants.set(tenant, shared);
    return {
      resolve: ({ isTreeDurable }: HostComponentInfo) => (isTreeDurable ? shared : contextId),
      payload: { tenant },
    };
  }
}

describe('The application with a ContextIdStrategy', () => {
  const start = useStarter();

  afterEach(() => {
    ContextIdFactory.apply(undefined as unknown as ContextIdStrategy);
    calls.length = 0;
    instances = 0;
  });

  async function startWith(handlers: (typeof DurableLogins | typeof RequestLogins)[]) {
    const strategy = new ByTenant();
    ContextIdFactory.apply(strategy);
    const started = await start.site({ providers: [TenantPool, ...handlers] });
    await started.lime.whenStreamOpen();
    return { ...started, strategy };
  }

  async function end({ lime }: StartedSite, type: 'approve' | 'expire'): Promise<void> {
    const before = calls.length;
    const { requestId } = lime.createLoginRequest();
    await lime[type](requestId);
    await until(() => calls.length > before);
  }

  it('calls the strategy for each event, and keeps durable providers for a tenant', async () => {
    const started = await startWith([DurableLogins]);
    await end(started, 'approve');
    await end(started, 'approve');
    await end(started, 'expire');
    expect(started.strategy.attached).toEqual(calls.map(({ event }) => event));
    expect(instances).toBe(2);
    expect(calls[0]?.instance).toBe(calls[1]?.instance);
    expect(calls[2]?.instance).not.toBe(calls[0]?.instance);
  });

  it('gives a durable handler the payload of the strategy, because it outlives the event', async () => {
    const started = await startWith([DurableLogins]);
    await end(started, 'approve');
    await end(started, 'expire');
    expect(calls.map(({ request }) => request)).toEqual([
      { tenant: 'approved' },
      { tenant: 'expired' },
    ]);
  });

  it('gives a request-scoped handler its event, unchanged', async () => {
    const started = await startWith([RequestLogins]);
    await end(started, 'approve');
    await end(started, 'approve');
    expect(calls.map(({ request, event }) => request === event)).toEqual([true, true]);
    expect(calls[0]?.instance).not.toBe(calls[1]?.instance);
    expect(calls[0]?.event).not.toHaveProperty('tenant');
  });
});

describe('The application without a ContextIdStrategy', () => {
  const start = useStarter();

  it('makes a new durable handler for each event, with the event as its request', async () => {
    calls.length = 0;
    const { lime } = await start.site({ providers: [TenantPool, DurableLogins] });
    await lime.whenStreamOpen();
    for (const count of [1, 2]) {
      lime.expire(lime.createLoginRequest().requestId);
      await until(() => calls.length === count);
    }
    expect(calls.map(({ request, event }) => request === event)).toEqual([true, true]);
    expect(calls[0]?.instance).not.toBe(calls[1]?.instance);
  });
});
