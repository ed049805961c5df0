import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, jest } from '@jest/globals';
import { type Browser, type BrowserContextOptions, type Page, chromium } from 'playwright-core';

const PLACES = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

const executablePath = PLACES.find((path) => path && existsSync(path));

/** As `describe`; without a browser the tests are skipped, and one line says so. */
export function describeInBrowser(name: string, tests: () => void): void {
  if (executablePath !== undefined) return describe(name, tests);
  process.stderr.write(
    `SKIPPED: ${name}: no Chromium found; install one, or name it in CHROMIUM_PATH.\n`,
  );
  describe.skip(name, tests);
}

/** A page of its own, with cookies and storage of its own. */
export type OpenPage = (options?: BrowserContextOptions) => Promise<Page>;

/**
 * One browser for all tests of the `describe` around it. Gives a function that opens pages; each is closed after its
 * test, and an error that a page threw fails the test in which it happened.
 */
export function useBrowser(): OpenPage {
  // A browser on a busy machine takes its time.
  jest.setTimeout(60_000);
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
