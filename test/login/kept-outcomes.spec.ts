import { expect, it } from '@jest/globals';
import { LIME_SITES_CLOCK, type LimeLoginEvent, type LimeSiteService } from 'nestjs-lime-sites';
import { ManualClock } from '../support/manual-clock.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

const start = useStarter();

it('outcomeOf() emits an approval to subscribers of the next ten minutes, and not later', async () => {
  const clock = new ManualClock();
  const { lime, site, app } = await start.site({ clock });
  expect(app.get(LIME_SITES_CLOCK)).toBe(clock);
  await lime.whenStreamOpen();
  const { requestId } = await site.createLoginRequest();
  await lime.approve(requestId);
  await until(() => site.stats.delivered === 1);

  clock.advance(600_000 - 1);
  expect(outcomesOf(site, requestId)).toMatchObject([{ type: 'approved', requestId }]);
  clock.advance(1);
  expect(outcomesOf(site, requestId)).toEqual([]);
});

it('outcomeOf() emits an expiry as it arrived to subscribers of the next ten minutes, and not later', async () => {
  const clock = new ManualClock();
  const { lime, site } = await start.site({ clock });
  await lime.whenStreamOpen();
  const events: LimeLoginEvent[] = [];
  site.loginEvents$.subscribe((event) => events.push(event));
  lime.send({ type: 'expired', login_request_id: 'lr_1' });
  await until(() => events.length === 1);

  clock.advance(600_000 - 1);
  expect(outcomesOf(site, 'lr_1')).toEqual(events);
  clock.advance(1);
  expect(outcomesOf(site, 'lr_1')).toEqual([]);
});

it('outcomeOf() emits a local expiry as one, and then the approval that overrules it', async () => {
  const clock = new ManualClock();
  const { lime, site } = await start.site({ clock, options: { sseReadTimeoutMs: 900_000 } });
  await lime.whenStreamOpen();
  const { requestId } = await site.createLoginRequest();
  clock.advance(603_000);
  await until(() => site.stats.delivered === 1);
  expect(outcomesOf(site, requestId)).toMatchObject([{ type: 'expired', origin: 'local' }]);

  const issuedAt = clock.now() / 1000;
  const passport = await lime.signPassport({ request_id: requestId }, { issuedAt });
  lime.send({ type: 'approved', login_request_id: requestId, agent_passport_jwt: passport });
  await until(() => site.stats.delivered === 2);
  expect(outcomesOf(site, requestId)).toMatchObject([{ type: 'approved', requestId }]);
});

it('outcomeOf() knows at least the last 50 000 outcomes, and at most 100 000, also when more arrive', async () => {
  const { lime, site } = await start.site({ clock: new ManualClock() });
  await lime.whenStreamOpen();
  let sent = 0;
  for (const total of [140_000, 150_001, 160_002]) {
    while (sent < total) lime.send({ type: 'expired', login_request_id: `lr_${++sent}` });
    await until(() => site.stats.delivered === total);
    expect(outcomesOf(site, `lr_${total}`)).toHaveLength(1);
    expect(outcomesOf(site, `lr_${total - 49_999}`)).toHaveLength(1);
    expect(outcomesOf(site, `lr_${total - 100_000}`)).toHaveLength(0);
  }
});

function outcomesOf(site: LimeSiteService, requestId: string): LimeLoginEvent[] {
  const outcomes: LimeLoginEvent[] = [];
  site.outcomeOf(requestId).subscribe((event) => outcomes.push(event));
  return outcomes;
}
