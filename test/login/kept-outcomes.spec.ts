import { expect, it } from '@jest/globals';
import { LIME_SITES_CLOCK, LimeSiteService, type LimeLoginEvent } from 'nestjs-lime-sites';
import { ManualClock } from '../support/manual-clock.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

const start = useStarter();

it('An outcome is told to whoever asks within ten minutes, and not later', async () => {
  const clock = new ManualClock();
  const { lime, site, app } = await start.site({ clock });
  expect(app.get(LIME_SITES_CLOCK)).toBe(clock);
  await lime.whenStreamOpen();
  lime.send({ type: 'expired', login_request_id: 'lr_1' });
  await until(() => site.stats.delivered === 1);

  clock.advance(600_000 - 1);
  expect(outcomesOf(site)).toHaveLength(1);
  clock.advance(1);
  expect(outcomesOf(site)).toHaveLength(0);
});

it('The last 10 000 outcomes are told, also when more came', async () => {
  const { lime, site } = await start.site({ clock: new ManualClock() });
  await lime.whenStreamOpen();
  for (let index = 0; index < 25_000; index++) {
    lime.send({ type: 'expired', login_request_id: `lr_${index}` });
  }
  await until(() => site.stats.delivered === 25_000);

  expect(outcomesOf(site, 'lr_24999')).toHaveLength(1);
  expect(outcomesOf(site, 'lr_15000')).toHaveLength(1);
  expect(outcomesOf(site, 'lr_0')).toHaveLength(0);
});

function outcomesOf(site: LimeSiteService, requestId = 'lr_1'): LimeLoginEvent[] {
  const outcomes: LimeLoginEvent[] = [];
  site.outcomeOf(requestId).subscribe((event) => outcomes.push(event));
  return outcomes;
}
