import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { describeInBrowser, useBrowser } from './support/browser.js';
import { type Sample, useSample } from './support/use-sample.js';

interface Finding {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** Every page of the site. Each step starts on the page before. */
const PAGES: readonly [name: string, go: (page: Page, sample: Sample) => Promise<unknown>][] = [
  ['start', (page, { url }) => page.goto(url)],
  ['waiting', (page, sample) => sample.startLogin(page)],
  [
    'expired',
    async (page) => {
      await page.getByRole('button', { name: 'Let it expire' }).click();
      await page.getByRole('heading', { name: 'This login has expired' }).waitFor();
    },
  ],
  [
    'account',
    async (page, { url }) => {
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('button', { name: 'Approve as the demo agent' }).click();
      await page.waitForURL(`${url}/account`);
      await page.locator('summary').click();
      await page.getByRole('button', { name: /vault/ }).click();
      await page.locator('#answer .state').waitFor();
    },
  ],
  [
    'declined connection',
    async (page, sample) => {
      await sample.connect(page);
      await page.getByRole('button', { name: 'Not now' }).click();
      await page.getByRole('heading', { name: 'No agent was connected' }).waitFor();
    },
  ],
  [
    'account with a connected agent',
    async (page, { url }) => {
      await page.getByRole('button', { name: 'Connect an agent' }).click();
      await page.waitForURL('**/connect/*');
      await page.getByRole('button', { name: /^Connect/ }).click();
      await page.waitForURL(`${url}/account#agents`);
    },
  ],
  ['start, signed in', (page, { url }) => page.goto(url)],
  ['error', (page, { url }) => page.goto(`${url}/nowhere`)],
];

describeInBrowser('The sample', () => {
  const openPage = useBrowser();
  const startSample = useSample();

  it.each(['light', 'dark'] as const)(
    'serves accessible pages in %s (axe-core)',
    async (colorScheme) => {
      const axe = await readFile('node_modules/axe-core/axe.min.js', 'utf8');
      const sample = await startSample();
      const page = await openPage({ colorScheme });

      const findings: string[] = [];
      for (const [name, go] of PAGES) {
        await go(page, sample);
        await page.evaluate(axe);
        const { violations } = await page.evaluate<{ violations: Finding[] }>('axe.run()');
        for (const { id, impact, nodes } of violations) {
          findings.push(`${name}: ${impact} ${id}: ${nodes.map(({ html }) => html).join(' ')}`);
        }
      }

      expect(findings).toEqual([]);
    },
  );

  it.each([360, 1280])(
    'serves pages that fit %i pixels without horizontal scrolling',
    async (width) => {
      const sample = await startSample();
      const page = await openPage({ viewport: { width, height: 740 } });

      for (const [name, go] of PAGES) {
        await go(page, sample);
        const scrolled = await page.evaluate('document.documentElement.scrollWidth');
        expect([name, scrolled]).toEqual([name, width]);
      }
    },
  );

  it('serves pages that comply with their own content security policy', async () => {
    const sample = await startSample();
    const page = await openPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (/Content Security Policy|Refused to/.test(message.text()))
        complaints.push(message.text());
    });

    for (const [, go] of PAGES) await go(page, sample);

    expect(complaints).toEqual([]);
  });

  it('works with the keyboard alone', async () => {
    const sample = await startSample();
    const page = await openPage();

    await page.goto(sample.url);
    await focus(page, 'Log in with your agent');
    await page.keyboard.press('Enter');
    await sample.waiting(page);
    await focus(page, 'Approve as the demo agent');
    await page.keyboard.press('Enter');

    await page.waitForURL(`${sample.url}/account`);
  });

  it('announces the state of the login to a screen reader', async () => {
    const sample = await startSample();
    const page = await openPage();

    await sample.startLogin(page);

    expect(await page.getByRole('status').first().innerText()).toBe('Waiting for your agent');
    expect(await page.getByRole('timer').getAttribute('aria-live')).toBe('off');
  });
});

/** Presses the Tab key until the element of this name has the focus. */
async function focus(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 20; presses++) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate('document.activeElement.textContent.trim()');
    if (focused === name) return;
  }
  throw new Error(`The Tab key does not lead to "${name}"`);
}
