import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe } from '@jest/globals';
import { type Browser, type BrowserContextOptions, type Page, chromium } from 'playwright-core';

const PLACES = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium-headless-shell', // needs half of the processor time of the others
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

const executablePath = PLACES.find((path) => path && existsSync(path));

/** Works as `describe`. Without a browser it skips the tests, and writes one line about it. */
export function describeInBrowser(name: string, tests: () => void): void {
  if (executablePath !== undefined) return describe(name, tests);
  process.stderr.write(
    `SKIPPED: ${name}: no Chromium found; install one, or name it in CHROMIUM_PATH.\n`,
  );
  describe.skip(name, tests);
}

/** Opens a page with its own cookies and storage. */
export type OpenPage = (options?: BrowserContextOptions) => Promise<Page>;

/**
 * Starts one browser for all tests of the `describe` around it. Gives a function that opens pages, and closes them after
 * the test. An error that a page throws fails its test.
 */
export function useBrowser(): OpenPage {
  let browser: Browser;
  const errors: Error[] = [];

  beforeAll(async () => {
    browser = await chromium.launch({
      ...(executablePath !== undefined && { executablePath }),
      args: ['--no-sandbox'],
    });
  });
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    const [first] = errors.splice(0);
    if (first) throw first;
  });
  afterAll(() => browser.close());

  return async (options = {}) => {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    page.setDefaultTimeout(5_000);
    page.on('pageerror', (error) => errors.push(error));
    return page;
  };
}
