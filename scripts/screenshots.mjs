// Takes the pictures of docs/images/ anew: builds and starts the sample, goes through it in Chromium, and takes them.
import { mkdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { BackgroundProcess } from './support/background-process.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = `${ROOT}docs/images/`;
const MAX_BYTES = 300_000;
const { LIME_SITE_TOKEN: _token, LIME_API_BASE: _base, ...env } = process.env;

mkdirSync(FOLDER, { recursive: true });
const site = new BackgroundProcess('npm', ['start', '-s', '--', '--json', '--port', '0'], {
  cwd: ROOT,
  env,
});
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  const [line] = await site.says(/^\{.*\}$/m, 120_000);
  const { url, consoleUrl } = JSON.parse(line);
  await takeAll(url, consoleUrl);
} finally {
  await browser.close();
  site.kill();
}

async function takeAll(url, consoleUrl) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const take = async (name) => {
    // Nothing looks pressed.
    await page.mouse.move(0, 0);
    await page.evaluate(() => document.activeElement?.blur());
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      const path = `${FOLDER}${name}-${colorScheme}.png`;
      await page.screenshot({ path, animations: 'disabled' });
      const { size } = statSync(path);
      if (size > MAX_BYTES) throw new Error(`${path} has ${size} bytes, more than ${MAX_BYTES}`);
      console.log(`${path.slice(ROOT.length)}  ${Math.round(size / 1000)} kB`);
    }
  };

  await page.goto(url);
  await take('start');
  await page.getByRole('button', { name: 'Log in with your agent' }).click();
  await page.locator('#state[data-state=pending]').waitFor();
  await page.setViewportSize({ width: 1280, height: 930 });
  await take('waiting');
  await page.getByRole('button', { name: 'Approve as the demo agent' }).click();
  await page.waitForURL('**/account');
  await take('account');
  await page.getByRole('button', { name: /vault/ }).click();
  await page.locator('#answer .state').waitFor();
  await page.setViewportSize({ width: 1280, height: 1280 });
  await take('refused');
  const connect = async () => {
    await page.getByRole('button', { name: 'Connect an agent' }).click();
    await page.waitForURL('**/connect/*');
  };
  await connect();
  await page.getByRole('button', { name: 'Not now' }).click();
  await page.getByRole('heading', { name: 'No agent was connected' }).waitFor();
  await page.setViewportSize({ width: 1280, height: 560 });
  await take('declined');
  await connect();
  await page.getByRole('button', { name: /^Connect as/ }).click();
  await page.waitForURL('**/account#agents');
  await page.goto(consoleUrl);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.setViewportSize({ width: 1280, height: 900 });
  await take('console');
  await page.context().close();
}
