import { describe, expect, it } from '@jest/globals';
import { RequestExpiredError } from 'nestjs-lime-sites';
import { LimeSandbox, ManualClock, SandboxError } from 'nestjs-lime-sites/testing';
import { failureOf } from '../support/failure-of.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

describe('A ManualClock for the sandbox and the application', () => {
  const start = useStarter();

  async function startSite(sandbox = {}) {
    const clock = new ManualClock();
    const site = await start.site({ clock, sandbox: { clock, ...sandbox } });
    await until(() => site.site.connection.state === 'open');
    return { clock, ...site };
  }

  it('expires a pending request on the platform', async () => {
    const { clock, lime, site } = await startSite();
    const { requestId } = await site.createLoginRequest();
    const outcomes: unknown[] = [];
    site.outcomeOf(requestId).subscribe((event) => outcomes.push(event));

    clock.advance(119_999);
    expect(lime.request(requestId)?.status).toBe('PENDING');
    clock.advance(1);
    expect(lime.request(requestId)?.status).toBe('EXPIRED');
    await until(() => outcomes.length > 0);
    expect(outcomes).toMatchObject([{ type: 'expired', requestId, origin: 'platform' }]);
  });

  it('expires a passport, and signs later ones by the new time', async () => {
    const { clock, lime, site } = await startSite();
    const passport = await lime.signPassport();
    clock.advance(124_000); // 120 s, and almost all of the tolerance
    await expect(site.verifyPassport(passport)).resolves.toMatchObject({ valid: true });
    clock.advance(1_000);
    await failureOf(RequestExpiredError, site.verifyPassport(passport));

    const { claims } = await site.verifyPassport(await lime.signPassport());
    expect(claims.iat).toBe(Math.floor(clock.now() / 1000));
  });

  it('expires bindings, and starts a new window of the rate limit', async () => {
    const { clock, lime, site } = await startSite({ rateLimit: { max: 1, windowMs: 60_000 } });
    const { bindingId } = await site.createBindingRequest({ redirectUri: 'https://site.example' });
    const post = () =>
      fetch(`${lime.baseUrl}/modules/agent-login/requests`, {
        method: 'POST',
        headers: { 'x-site-token': lime.siteToken },
      });
    expect((await post()).status).toBe(429);
    clock.advance(60_000);
    expect((await post()).status).toBe(201);
    clock.advance(540_000);
    expect(lime.binding(bindingId)?.status).toBe('EXPIRED');
  });

  it('does not trigger the idle timeout', async () => {
    const { clock, lime, site } = await startSite();
    clock.advance(300_000);
    const { requestId } = await site.createLoginRequest();
    await lime.approve(requestId);
    await until(() => site.stats.delivered === 1);
    expect(site.stats.reconnects).toBe(0);
  });
});

it('ManualClock does not go back', () => {
  const clock = new ManualClock(0);
  clock.advance(5);
  expect(() => clock.advance(-1)).toThrow('advance() takes milliseconds from 0 on, not -1');
  expect(() => clock.advance(Number.NaN)).toThrow(RangeError);
  expect(clock.now()).toBe(5);
});

it('LimeSandbox refuses an invalid clock', async () => {
  const clock = { now: () => 0 } as ManualClock;
  expect(await failureOf(SandboxError, LimeSandbox.start({ clock }))).toMatchObject({
    code: 'SANDBOX_OPTIONS_INVALID',
    message: expect.stringContaining('clock must have the methods now, monotonic and schedule'),
  });
});
