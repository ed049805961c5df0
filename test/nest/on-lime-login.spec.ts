import {
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  Inject,
  Injectable,
  type NestInterceptor,
  type Provider,
  Scope,
  type Type,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, REQUEST } from '@nestjs/core';
import { describe, expect, it, jest } from '@jest/globals';
import {
  type LimeApprovedEvent,
  type LimeExpiredEvent,
  type LimeHandlerContext,
  type LimeLoginEvent,
  OnLimeLogin,
} from 'nestjs-lime-sites';
import { featureModule } from '../support/feature-module.js';
import { type SiteSetup, type StartedSite, useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

/** The events of the handlers of one application. */
class Calls {
  readonly list: { by: string; event: LimeLoginEvent; instance: object }[] = [];

  note(by: string, event: LimeLoginEvent, instance: object): void {
    this.list.push({ by, event, instance });
  }

  get names(): string[] {
    return this.list.map(({ by }) => by);
  }
}

const callsModule = featureModule({ providers: [Calls], exports: [Calls] });

/** A handler that records its calls. */
@Injectable()
class Noting {
  constructor(protected readonly calls: Calls) {}
}

describe('@OnLimeLogin()', () => {
  const start = useStarter();

  async function startSite(setup: SiteSetup): Promise<StartedSite & { calls: Calls }> {
    const started = await start.site({
      ...setup,
      imports: [callsModule, ...(setup.imports ?? [])],
    });
    await started.lime.whenStreamOpen();
    return { ...started, calls: started.app.get(Calls, { strict: false }) };
  }

  async function approve({ lime, site }: StartedSite): Promise<string> {
    const { requestId } = lime.createLoginRequest();
    const { delivered } = site.stats;
    await lime.approve(requestId);
    await until(() => site.stats.delivered === delivered + 1);
    return requestId;
  }

  async function expire({ lime, site }: StartedSite): Promise<string> {
    const { requestId } = lime.createLoginRequest();
    const { delivered } = site.stats;
    lime.expire(requestId);
    await until(() => site.stats.delivered === delivered + 1);
    return requestId;
  }

  it('gives a method of a provider the event and a signal', async () => {
    const seen: [LimeLoginEvent, LimeHandlerContext][] = [];
    @Injectable()
    class Logins {
      @OnLimeLogin()
      onLogin(event: LimeLoginEvent, context: LimeHandlerContext) {
        seen.push([event, context]);
      }
    }
    const started = await startSite({ providers: [Logins] });
    const requestId = await approve(started);
    await until(() => seen.length === 1);
    const [[event, context] = []] = seen;
    expect(event).toMatchObject({
      type: 'approved',
      requestId,
      claims: { agent_id: started.lime.agent.agentId, request_id: requestId },
    });
    expect(event?.passport).toBe(started.lime.request(requestId)?.passport);
    expect(event?.receivedAt).toBeInstanceOf(Date);
    expect(JSON.stringify({ ...event })).not.toContain(event?.passport);
    expect(context?.signal.aborted).toBe(false);
  });

  it('gives an expired login', async () => {
    const seen: LimeLoginEvent[] = [];
    @Injectable()
    class Logins {
      @OnLimeLogin()
      onLogin(event: LimeLoginEvent) {
        seen.push(event);
      }
    }
    const started = await startSite({ providers: [Logins] });
    const requestId = await expire(started);
    expect(seen).toEqual([
      {
        type: 'expired',
        requestId,
        passport: null,
        origin: 'platform',
        receivedAt: expect.any(Date) as unknown,
      },
    ]);
  });

  it('works on the methods of a controller', async () => {
    @Controller('logins')
    class LoginsController extends Noting {
      @OnLimeLogin()
      onLogin(event: LimeLoginEvent) {
        this.calls.note('controller', event, this);
      }
    }
    const started = await startSite({ controllers: [LoginsController] });
    await approve(started);
    expect(started.calls.list).toHaveLength(1);
    expect(started.calls.list[0]?.instance).toBe(started.app.get(LoginsController));
  });

  it('calls the method only for its type', async () => {
    @Injectable()
    class Logins extends Noting {
      @OnLimeLogin('approved')
      approved(event: LimeApprovedEvent) {
        this.calls.note('approved', event, this);
      }

      @OnLimeLogin('expired')
      expired(event: LimeExpiredEvent) {
        this.calls.note('expired', event, this);
      }

      @OnLimeLogin({ type: 'approved' })
      byOption(event: LimeApprovedEvent) {
        this.calls.note('by option', event, this);
      }

      @OnLimeLogin({})
      any(event: LimeLoginEvent) {
        this.calls.note('any', event, this);
      }
    }
    const started = await startSite({ providers: [Logins] });
    await approve(started);
    await until(() => started.calls.list.length === 3);
    expect(started.calls.names).toEqual(['approved', 'by option', 'any']);
    await expire(started);
    await until(() => started.calls.list.length === 5);
    expect(started.calls.names.slice(3)).toEqual(['expired', 'any']);
  });

  it('calls a method with two decorators once for each event', async () => {
    @Injectable()
    class Logins extends Noting {
      @OnLimeLogin('approved')
      @OnLimeLogin('expired')
      both(event: LimeLoginEvent) {
        this.calls.note('both', event, this);
      }

      @OnLimeLogin('approved')
      @OnLimeLogin('approved')
      twice(event: LimeLoginEvent) {
        this.calls.note('twice', event, this);
      }
    }
    const started = await startSite({ providers: [Logins] });
    await approve(started);
    await expire(started);
    await until(() => started.calls.list.length === 3);
    expect(started.calls.names).toEqual(['both', 'twice', 'both']);
  });

  describe('with inheritance', () => {
    @Injectable()
    class Base extends Noting {
      @OnLimeLogin()
      onLogin(event: LimeLoginEvent): void {
        this.calls.note('base', event, this);
      }
    }

    it('calls an inherited method', async () => {
      @Injectable()
      class Derived extends Base {}
      const started = await startSite({ providers: [Derived] });
      await approve(started);
      expect(started.calls.names).toEqual(['base']);
    });

    it('calls an override that has no decorator of its own', async () => {
      @Injectable()
      class Derived extends Base {
        override onLogin(event: LimeLoginEvent) {
          this.calls.note('override', event, this);
        }
      }
      const started = await startSite({ providers: [Derived] });
      await approve(started);
      expect(started.calls.names).toEqual(['override']);
    });

    it('uses the decorator of an override that has one', async () => {
      @Injectable()
      class Derived extends Base {
        @OnLimeLogin('expired')
        override onLogin(event: LimeLoginEvent) {
          this.calls.note('override', event, this);
        }
      }
      const started = await startSite({ providers: [Derived] });
      await approve(started);
      await expire(started);
      expect(started.calls.list.map(({ event }) => event.type)).toEqual(['expired']);
    });

    it('calls both when the base class is a provider too', async () => {
      @Injectable()
      class Derived extends Base {}
      const started = await startSite({ providers: [Base, Derived] });
      await approve(started);
      await until(() => started.calls.list.length === 2);
      expect(started.logs.of('warn')).toEqual([]);
    });
  });

  describe('on request-scoped and transient providers', () => {
    it.each<[string, (logins: Type) => SiteSetup]>([
      ['a provider', (logins) => ({ providers: [logins] })],
      ['a controller', (logins) => ({ controllers: [logins] })],
    ])(
      'makes a new instance of %s for each event, with the event as its request',
      async (_, setup) => {
        @Controller({ path: 'scoped', scope: Scope.REQUEST })
        @Injectable({ scope: Scope.REQUEST })
        class Logins {
          constructor(
            private readonly calls: Calls,
            @Inject(REQUEST) private readonly request: unknown,
          ) {}

          @OnLimeLogin()
          onLogin(event: LimeLoginEvent) {
            this.calls.note(this.request === event ? 'its event' : 'something else', event, this);
          }
        }
        const started = await startSite(setup(Logins));
        await approve(started);
        await expire(started);
        await until(() => started.calls.list.length === 2);
        expect(started.calls.names).toEqual(['its event', 'its event']);
        expect(new Set(started.calls.list.map(({ instance }) => instance)).size).toBe(2);
        expect(started.logs.of('warn')).toEqual([]);
      },
    );

    it('shares request-scoped providers within one event', async () => {
      @Injectable({ scope: Scope.REQUEST })
      class Context {
        constructor(@Inject(REQUEST) readonly event: LimeLoginEvent) {}
      }
      @Injectable()
      class Helper {
        constructor(readonly context: Context) {}
      }
      @Injectable()
      class Logins {
        constructor(
          private readonly calls: Calls,
          private readonly context: Context,
          private readonly helper: Helper,
        ) {}

        @OnLimeLogin()
        onLogin() {
          const same = this.helper.context === this.context;
          this.calls.note(same ? 'same' : 'other', this.context.event, this);
        }
      }
      const started = await startSite({ providers: [Context, Helper, Logins] });
      const requestId = await approve(started);
      await until(() => started.calls.list.length === 1);
      expect(started.calls.list).toMatchObject([{ by: 'same', event: { requestId } }]);
    });

    it('makes a new transient instance for each event', async () => {
      @Injectable({ scope: Scope.TRANSIENT })
      class Logins extends Noting {
        @OnLimeLogin()
        onLogin(event: LimeLoginEvent) {
          this.calls.note('transient', event, this);
        }
      }
      const started = await startSite({ providers: [Logins] });
      await approve(started);
      await approve(started);
      await until(() => started.calls.list.length === 2);
      expect(new Set(started.calls.list.map(({ instance }) => instance)).size).toBe(2);
    });

    it('registers a transient provider once for any number of consumers', async () => {
      @Injectable({ scope: Scope.TRANSIENT })
      class Logins extends Noting {
        @OnLimeLogin()
        onLogin(event: LimeLoginEvent) {
          this.calls.note('transient', event, this);
        }
      }
      const users = ['A', 'B', 'C'].map((provide): Provider => ({
        provide,
        inject: [Logins],
        useFactory: (logins) => ({ logins }),
      }));
      const started = await startSite({ providers: [Logins, ...users] });
      await approve(started);
      await approve(started);
      await until(() => started.calls.list.length >= 2);
      expect(started.calls.list).toHaveLength(2);
    });

    it('calls a request-scoped factory for each event', async () => {
      class Logins extends Noting {
        @OnLimeLogin()
        onLogin(event: LimeLoginEvent) {
          this.calls.note('factory', event, this);
        }
      }
      const started = await startSite({
        providers: [
          {
            provide: Logins,
            scope: Scope.REQUEST,
            inject: [Calls],
            useFactory: (noted: Calls) => new Logins(noted),
          },
        ],
      });
      await approve(started);
      await until(() => started.calls.list.length === 1);
    });

    it('fails for one event only when the instance cannot be made', async () => {
      let broken = true;
      @Injectable({ scope: Scope.REQUEST })
      class Logins {
        constructor(private readonly calls: Calls) {
          if (broken) throw new Error('no database');
        }

        @OnLimeLogin()
        onLogin(event: LimeLoginEvent) {
          this.calls.note('made', event, this);
        }
      }
      const started = await startSite({ providers: [Logins] });
      await approve(started);
      await until(() => started.site.stats.handlerErrors === 1);
      expect(started.logs.of('error')).toContainEqual(
        expect.stringContaining('Logins.onLogin failed'),
      );
      broken = false;
      await approve(started);
      await until(() => started.calls.list.length === 1);
    });
  });

  describe('on providers of every kind', () => {
    class Logins extends Noting {
      @OnLimeLogin()
      onLogin(event: LimeLoginEvent) {
        this.calls.note('logins', event, this);
      }
    }

    it('finds the product of a factory', async () => {
      const started = await startSite({
        providers: [
          { provide: 'LOGINS', inject: [Calls], useFactory: (noted: Calls) => new Logins(noted) },
        ],
      });
      await approve(started);
      expect(started.calls.names).toEqual(['logins']);
    });

    it('finds an instance provided as a value', async () => {
      const noted = new Calls();
      const logins = new Logins(noted);
      const started = await startSite({ providers: [{ provide: 'LOGINS', useValue: logins }] });
      await approve(started);
      expect(noted.list[0]?.instance).toBe(logins);
    });

    it('finds a class provided under another token', async () => {
      const started = await startSite({
        providers: [
          { provide: 'LOGINS', inject: [Calls], useFactory: (noted: Calls) => new Logins(noted) },
          { provide: 'ALIAS', useExisting: 'LOGINS' },
        ],
      });
      await approve(started);
      expect(started.calls.names).toEqual(['logins']);
      expect(started.logs.of('warn')).toEqual([]);
    });

    it('registers a class of two modules once, and warns of the second instance', async () => {
      @Injectable()
      class Shared extends Noting {
        @OnLimeLogin()
        onLogin(event: LimeLoginEvent) {
          this.calls.note('shared', event, this);
        }
      }
      const feature = () => featureModule({ imports: [callsModule], providers: [Shared] });
      const started = await startSite({ imports: [feature(), feature()] });
      await approve(started);
      expect(started.calls.names).toEqual(['shared']);
      expect(started.logs.of('warn')).toEqual([
        expect.stringMatching(/^Shared is a provider of several modules/),
      ]);
    });

    it('does not warn of one instance under two tokens', async () => {
      const started = await startSite({
        providers: [
          { provide: 'LOGINS', inject: [Calls], useFactory: (noted: Calls) => new Logins(noted) },
          { provide: 'SAME', inject: ['LOGINS'], useFactory: (logins: Logins) => logins },
        ],
      });
      await approve(started);
      expect(started.calls.names).toEqual(['logins']);
      expect(started.logs.of('warn')).toEqual([]);
    });

    it('ignores values that are not objects, and unusual objects', async () => {
      const values: unknown[] = [
        null,
        undefined,
        0,
        '',
        'text',
        42n,
        true,
        Symbol('x'),
        () => undefined,
        Noting,
        [],
        new Map(),
        Object.create(null),
        {
          get trap() {
            throw new Error('a getter was called');
          },
        },
      ];
      const providers = values.map((useValue, index) => ({ provide: `VALUE_${index}`, useValue }));
      const started = await startSite({ providers });
      expect(started.app.get('VALUE_3')).toBe('');
    });
  });

  it('calls the method without global guards, interceptors and filters', async () => {
    const ran: string[] = [];
    @Injectable()
    class Everything implements CanActivate, NestInterceptor, ExceptionFilter {
      canActivate() {
        ran.push('guard');
        return false;
      }
      intercept(_: unknown, next: CallHandler) {
        ran.push('interceptor');
        return next.handle();
      }
      catch() {
        ran.push('filter');
      }
    }
    Catch()(Everything);

    @Controller('logins')
    class LoginsController extends Noting {
      @OnLimeLogin()
      onLogin(event: LimeLoginEvent) {
        this.calls.note('controller', event, this);
        throw new Error('for the filter');
      }
    }
    const started = await startSite({
      controllers: [LoginsController],
      providers: [APP_GUARD, APP_INTERCEPTOR, APP_FILTER].map((provide) => ({
        provide,
        useClass: Everything,
      })),
    });
    await approve(started);
    await until(() => started.site.stats.handlerErrors === 1);
    expect(started.calls.names).toEqual(['controller']);
    expect(ran).toEqual([]);
  });

  it('calls a spy that a test sets on the instance later', async () => {
    @Injectable()
    class Logins extends Noting {
      @OnLimeLogin()
      onLogin(event: LimeLoginEvent) {
        this.calls.note('original', event, this);
      }
    }
    const started = await startSite({ providers: [Logins] });
    const spy = jest.spyOn(started.app.get(Logins), 'onLogin').mockImplementation(() => undefined);
    const requestId = await approve(started);
    expect(spy).toHaveBeenCalledTimes(1);
    expect(spy.mock.calls[0]?.[0]).toMatchObject({ requestId });
    expect(started.calls.list).toEqual([]);
  });

  it('calls the handlers of one event one after another, in the order of their methods', async () => {
    const order: string[] = [];
    @Injectable()
    class Logins {
      @OnLimeLogin()
      async first() {
        order.push('first begins');
        await new Promise((resolve) => setImmediate(resolve));
        order.push('first ends');
      }

      @OnLimeLogin()
      second() {
        order.push('second');
      }
    }
    const started = await startSite({ providers: [Logins] });
    await approve(started);
    await until(() => order.length === 3);
    expect(order).toEqual(['first begins', 'first ends', 'second']);
  });

  it('logs the error of a handler with its stack, and still calls the others', async () => {
    @Injectable()
    class Logins extends Noting {
      @OnLimeLogin()
      fails() {
        throw new Error('no database');
      }

      @OnLimeLogin()
      async failsLater() {
        await Promise.reject('a text');
      }

      @OnLimeLogin()
      works(event: LimeLoginEvent) {
        this.calls.note('works', event, this);
      }
    }
    const started = await startSite({ providers: [Logins] });
    const requestId = await approve(started);
    await until(() => started.calls.list.length === 1);
    expect(started.site.stats.handlerErrors).toBe(2);
    const errors = started.logs.lines.filter(({ level }) => level === 'error');
    expect(errors).toMatchObject([
      {
        context: 'LimeSiteService',
        message: `Handler Logins.fails failed for approved ${requestId}: no database`,
        stack: expect.stringMatching(/Error: no database\n\s+at /),
      },
      {
        message: `Handler Logins.failsLater failed for approved ${requestId}: a text`,
      },
    ]);
  });

  it('does not log a token or a passport in the error of a handler', async () => {
    let secret = '';
    @Injectable()
    class Logins {
      @OnLimeLogin('approved')
      fails({ passport }: LimeApprovedEvent) {
        throw new Error(`cannot store ${passport} with ${secret}`);
      }
    }
    const started = await startSite({ providers: [Logins] });
    secret = started.lime.siteToken;
    const requestId = await approve(started);
    await until(() => started.site.stats.handlerErrors === 1);
    const shown = started.logs.toString();
    expect(shown).not.toContain(secret);
    expect(shown).not.toContain(started.lime.request(requestId)?.passport);
    expect(shown).toContain('cannot store [passport] with [secret]');
  });
});
