import { Controller, Get, Injectable, type OnModuleInit, UseGuards } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import {
  LimeError,
  LimeSiteService,
  type LimeSitesModuleOptions,
  PassportGuard,
  type PendingLogin,
} from 'nestjs-lime-sites';
import type { LimeSandbox } from 'nestjs-lime-sites/testing';
import { ManualClock } from '../support/manual-clock.js';
import { bearer } from '../support/own-login.js';
import { RecordingHandler } from '../support/recording-handler.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

const start = useStarter();
const SECOND = 1_000;

/** What the application kept of the logins that are pending. */
@Injectable()
class Logins implements OnModuleInit {
  static kept: PendingLogin[] = [];

  constructor(private readonly site: LimeSiteService) {}

  onModuleInit(): void {
    this.site.resumeLogins(Logins.kept);
  }
}

@Controller()
@UseGuards(PassportGuard)
class GuardedRoutes {
  @Get('me')
  me() {
    return {};
  }
}

/** Starts a site on a manual clock that resumes logins of an earlier process when it starts. */
async function startResuming(
  kept: (lime: LimeSandbox) => PendingLogin[],
  options: LimeSitesModuleOptions = {},
) {
  const clock = new ManualClock();
  const lime = await start.lime({ keepaliveMs: 0, requestTtlMs: 600 * SECOND });
  Logins.kept = kept(lime);
  const started = await start.site({
    lime,
    clock,
    options: { maxRetries: 0, ...options },
    providers: [RecordingHandler, Logins],
    controllers: [GuardedRoutes],
  });
  const { app, site } = started;
  await until(() => site.connection.state === 'open' && lime.openStreams === 1);
  /** Advances the clock in small steps, so that LIME can answer calls in between. */
  const pass = async (ms: number, stepMs = 100) => {
    for (let passed = 0; passed < ms; passed += stepMs) {
      clock.advance(stepMs);
      await new Promise(setImmediate);
    }
  };
  return { ...started, clock, pass, handler: app.get(RecordingHandler) };
}

const created = (count: number) => (lime: LimeSandbox) =>
  Array.from({ length: count }, () => lime.createLoginRequest());

describe('A login that is resumed before the start', () => {
  it('is approved, and its passport is accepted by a guard', async () => {
    const { lime, handler, url } = await startResuming(created(1));
    const [{ requestId }] = Logins.kept as [PendingLogin];

    const { passport } = await lime.approve(requestId);
    await until(() => handler.events.length > 0);

    expect(handler.events).toMatchObject([{ type: 'approved', requestId }]);
    expect((await fetch(`${url}/me`, { headers: bearer(passport) })).status).toBe(200);
  });

  it('is known to a guard before its event arrives', async () => {
    const { lime, url } = await startResuming(created(1));
    const [{ requestId }] = Logins.kept as [PendingLogin];
    const passport = await lime.signPassport({ request_id: requestId });

    expect((await fetch(`${url}/me`, { headers: bearer(passport) })).status).toBe(200);
  });

  it('expires as the platform says when it expired before the start', async () => {
    const { handler } = await startResuming((lime) => {
      const login = lime.createLoginRequest();
      lime.expire(login.requestId);
      return [login];
    });

    await until(() => handler.events.length > 0);

    expect(handler.events).toMatchObject([{ type: 'expired', origin: 'platform' }]);
  });

  it('expires locally when its expiresAt has passed and LIME does not know it any more', async () => {
    const login = { requestId: 'lr_of_last_week', expiresAt: new Date(Date.now() - 1_000_000) };
    const { handler, pass } = await startResuming(() => [login]);

    await pass(SECOND);

    expect(handler.events).toMatchObject([
      { type: 'expired', requestId: login.requestId, origin: 'local' },
    ]);
  });

  it('expires locally in time when no event arrives', async () => {
    const { handler, clock } = await startResuming(created(1));
    const [{ expiresAt }] = Logins.kept as [PendingLogin];

    clock.advance(expiresAt.getTime() - clock.now() + SECOND);
    expect(handler.events).toEqual([]);
    clock.advance(2 * SECOND);

    expect(handler.events).toMatchObject([{ type: 'expired', origin: 'local' }]);
  });

  it('has one outcome when it is resumed twice', async () => {
    const { lime, site, handler, pass } = await startResuming((platform) => {
      const login = platform.createLoginRequest();
      return [login, { ...login }];
    });
    site.resumeLogins(Logins.kept);
    const [{ requestId }] = Logins.kept as [PendingLogin];

    lime.expire(requestId);
    await until(() => handler.events.length > 0);
    site.resumeLogins(Logins.kept); // it has an outcome now
    await pass(5 * SECOND);

    expect(handler.requestIds).toEqual([requestId]);
  });

  it('is one of 5 000 that LIME is asked for, at most 50 a second', async () => {
    const { lime, site, pass, handler } = await startResuming((platform) => {
      const kept = created(5_000)(platform);
      for (const { requestId } of kept) platform.expire(requestId);
      return kept;
    });

    for (let passedMs = 0; handler.events.length < 5_000; passedMs += 100) {
      expect(lime.callCount('status')).toBeLessThanOrEqual(5 + passedMs / 20);
      await pass(100);
      await until(() => site.stats.missed === Math.min(5_000, lime.callCount('status')));
    }

    expect(lime.callCount('status')).toBe(5_000);
    expect(new Set(handler.requestIds).size).toBe(5_000);
  }, 60_000);
});

describe('A login that is resumed after the start', () => {
  it('is asked for at once while the stream is open', async () => {
    const { lime, site, handler } = await startResuming(() => []);
    const login = lime.createLoginRequest();
    lime.faults.loseEvents(1);
    lime.expire(login.requestId);

    site.resumeLogins(new Set([login]));
    await until(() => handler.events.length > 0);

    expect(handler.events).toMatchObject([{ type: 'expired', origin: 'platform' }]);
  });

  it('is known to a guard when the process has no event stream', async () => {
    const { lime, site, url } = await start.site({
      options: { dispatcher: false },
      controllers: [GuardedRoutes],
    });
    const login = lime.createLoginRequest();
    const headers = bearer(await lime.signPassport({ request_id: login.requestId }));
    expect((await fetch(`${url}/me`, { headers })).status).toBe(401);

    site.resumeLogins([login]);

    expect((await fetch(`${url}/me`, { headers })).status).toBe(200);
  });
});

describe('resumeLogins()', () => {
  const expiresAt = new Date(Date.now() + 60_000);

  it.each<[unknown, string]>([
    [undefined, 'requests must be an iterable such as an array, got undefined'],
    [Promise.resolve([]), 'requests must be an iterable such as an array, got an object: await it'],
    ['lr_1', 'requests must be an iterable such as an array, got "lr_1"'],
    [[null], 'requests[0] must be { requestId, expiresAt }, got null'],
    [[{ expiresAt }], 'requests[0].requestId must be a non-empty string, got undefined'],
    [[{ requestId: ' ', expiresAt }], 'requests[0].requestId must be a non-empty string, got " "'],
    [[{ requestId: 'lr_1' }], 'requests[0].expiresAt must be a valid Date, got undefined'],
    [
      [{ requestId: 'lr_1', expiresAt: expiresAt.toISOString() }],
      `requests[0].expiresAt must be a valid Date, got "${expiresAt.toISOString()}": use new Date()`,
    ],
    [
      [{ requestId: 'lr_1', expiresAt: 1 }],
      'requests[0].expiresAt must be a valid Date, got 1: use new Date()',
    ],
    [
      [{ requestId: 'lr_1', expiresAt: new Date(Number.NaN) }],
      'requests[0].expiresAt must be a valid Date, got an invalid Date',
    ],
  ])('refuses %p with the reason', async (requests, fault) => {
    const { site } = await start.site();

    expect(() => site.resumeLogins(requests as PendingLogin[])).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: `resumeLogins(): ${fault}`,
      }),
    );
  });

  it('resumes the valid logins when others are refused, and names ten of those', async () => {
    const { lime, site, handler } = await startResuming(() => []);
    const login = lime.createLoginRequest();
    const bad = Array.from({ length: 12 }, () => ({ requestId: 'lr_bad' }) as PendingLogin);

    expect(() => site.resumeLogins([...bad, login])).toThrow(LimeError);
    expect(() => site.resumeLogins(bad)).toThrow(/requests\[9\].*; and 2 more$/);
    lime.expire(login.requestId);

    await until(() => handler.requestIds.includes(login.requestId));
  });
});
