import { expect, it } from '@jest/globals';
import { describeInBrowser, useBrowser } from './support/browser.js';
import { useSample } from './support/use-sample.js';

const LOGINS = 7;
/** The goal is 100 ms. A machine that is busy with other tests gets more time. */
const BOUND_MS = 500;

/** Runs in the page: reports the time at which the page shows the approval, on the clock of the machine. */
const WATCH = `
  const look = () => {
    if (document.querySelector('#state[data-state=approved]')) {
      observer.disconnect();
      approved(performance.timeOrigin + performance.now());
    }
  };
  const observer = new MutationObserver(look);
  observer.observe(document, { subtree: true, childList: true, attributes: true });
`;

describeInBrowser('The waiting page', () => {
  const openPage = useBrowser();
  const startSample = useSample();

  it('shows the approval within 100 ms', async () => {
    const sample = await startSample();
    const page = await openPage();
    let seen: (at: number) => void = () => undefined;
    await page.exposeFunction('approved', (at: number) => seen(at));
    await page.addInitScript(WATCH);
    let approvedAt = 0;
    sample.lime.onActivity(({ kind }) => {
      if (kind === 'approved') approvedAt = performance.timeOrigin + performance.now();
    });

    const delays: number[] = [];
    for (let login = 0; login < LOGINS; login++) {
      await page.context().clearCookies();
      const requestId = await sample.startLogin(page);
      const shown = new Promise<number>((resolve) => (seen = resolve));
      await sample.lime.approve(requestId);
      delays.push((await shown) - approvedAt);
      await page.waitForURL(`${sample.url}/account`);
    }

    const sorted = delays.toSorted((a, b) => a - b);
    const median = sorted[Math.floor(LOGINS / 2)] ?? Number.NaN;
    process.stderr.write(
      `From the approval to the page: median ${median.toFixed(1)} ms, slowest ${sorted.at(-1)?.toFixed(1)} ms of ${LOGINS}\n`,
    );
    expect(median).toBeLessThan(BOUND_MS);
  });
});
