import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import type { LimeSandbox } from 'nestjs-lime-sites/testing';
import type { Page } from 'playwright-core';
import { useCleanup } from '../support/cleanup.js';
import { LoopbackServer } from '../support/loopback-server.js';
import { startSandbox } from '../support/start-sandbox.js';
import { EventReader } from '../testing/support/event-reader.js';
import { SiteClient } from '../testing/support/site-client.js';
import { describeInBrowser, useBrowser } from './support/browser.js';

const axe = readFileSync('node_modules/axe-core/axe.min.js', 'utf8');

describeInBrowser('The console of the sandbox', () => {
  const open = useBrowser();
  const closeLater = useCleanup();
  let lime: LimeSandbox;

  beforeEach(async () => {
    lime = await startSandbox();
  });
  afterEach(() => lime.stop());

  async function openConsole(options?: Parameters<typeof open>[0]): Promise<Page> {
    const page = await open(options);
    await page.goto(lime.consoleUrl);
    await page.getByText('Live', { exact: true }).waitFor();
    return page;
  }
  const rowOf = (page: Page, id: string) => page.locator(`[id="${id}"]`);
  /** A dialog returns the focus a moment after it was closed. */
  const focusIsOn = (page: Page, id: string) => page.locator(`[id="${id}"]:focus`).waitFor();

  it('approves as the chosen agent: sends the site the passport, and updates the row', async () => {
    const shopper = lime.addAgent({ displayName: 'Shopper' });
    const reader = await EventReader.open(lime);
    const page = await openConsole();
    const { requestId } = lime.createLoginRequest();
    const row = rowOf(page, requestId);
    await row.getByRole('button', { name: 'Approve…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Approve login request' });
    await dialog.getByLabel('Agent').selectOption('Shopper');
    await dialog.getByRole('button', { name: 'Approve' }).click();

    await row.getByText('Delivered').waitFor();
    expect(await row.textContent()).toContain('Shopper');
    expect(await row.getByRole('button').count()).toBe(0);
    const [event] = await reader.until(1);
    expect(decodeJwt(String(event?.['agent_passport_jwt']))).toMatchObject({
      sub: shopper.agentId,
    });
  });

  it('shows a change from elsewhere within 100 ms', async () => {
    const page = await openConsole();
    await page.evaluate(`(() => {
      window.changes = [];
      new MutationObserver(() => window.changes.push(Date.now()))
        .observe(document.getElementById('requests'), { childList: true });
    })()`);
    const delays: number[] = [];
    for (let time = 0; time < 5; time += 1) {
      const { requestId } = lime.createLoginRequest();
      await rowOf(page, requestId).waitFor();
      const seen = Number(await page.evaluate('window.changes.length'));
      await lime.approve(requestId);
      const began = Date.now();
      await rowOf(page, requestId).getByText('no stream open').waitFor();
      delays.push(Number(await page.evaluate(`window.changes[${seen}]`)) - began);
    }

    const [, , median] = delays.toSorted((one, other) => one - other);
    expect(median).toBeLessThan(100);
    await page.getByRole('status').getByText('approved by Demo agent').waitFor();
  });

  it('expires and creates requests, and counts down', async () => {
    const page = await openConsole();
    await page.getByRole('button', { name: 'New request' }).click();
    const row = page.locator('#requests tr');
    await row.getByText(/^[12]:\d\d left$/).waitFor();
    expect(await page.title()).toBe('(1) LIME sandbox');
    await row.getByRole('button', { name: 'Expire' }).click();

    await row.getByText('Expired').waitFor();
    expect(lime.requests()[0]?.status).toBe('EXPIRED');
    expect(await page.title()).toBe('LIME sandbox');
  });

  it('shows the refusal of a request that expired while the dialog was open', async () => {
    const page = await openConsole();
    const { requestId } = lime.createLoginRequest();
    await rowOf(page, requestId).getByRole('button', { name: 'Approve…' }).click();
    lime.expire(requestId);
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Approve' }).click();

    await dialog.getByRole('alert').getByText('no longer pending').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await focusIsOn(page, requestId);
  });

  it('rotates keys, drops streams, suspends and reinstates the site', async () => {
    const reader = await EventReader.open(lime);
    const page = await openConsole();
    const figure = (name: string) =>
      page.locator('#figures div').filter({ hasText: name }).locator('dd');
    expect(await figure('Open streams').textContent()).toBe('1');
    await page.getByRole('button', { name: 'Drop all streams' }).click();
    await figure('Open streams').getByText('0').waitFor();
    expect(await reader.ended).toBe('end');

    await page.getByRole('button', { name: 'Rotate keys' }).click();
    await figure('Public keys').getByText('2').waitFor();
    await page.getByRole('button', { name: 'Rotate, withdraw old' }).click();
    await figure('Public keys').getByText('1').waitFor();

    await page.getByRole('button', { name: 'Suspend site' }).click();
    await figure('Site').getByText('Suspended').waitFor();
    await page.getByRole('button', { name: 'Reinstate site' }).click();
    await figure('Site').getByText('Active').waitFor();
  });

  it('works with the keyboard alone, and keeps the focus', async () => {
    const page = await openConsole();
    const { requestId } = lime.createLoginRequest();
    await rowOf(page, requestId).waitFor();
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    await press('Tab');
    await focusIsOn(page, 'create-request');
    await press('Tab', 'Enter');
    await focusIsOn(page, 'approve-send');
    await press('Escape');
    await focusIsOn(page, `${requestId}-approve`);
    await press('Enter', 'Enter');
    await rowOf(page, requestId).getByText('Demo agent').waitFor();
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await focusIsOn(page, requestId);

    await page.getByRole('button', { name: 'Suspend site' }).focus();
    await press('Enter');
    await page.getByRole('button', { name: 'Reinstate site' }).waitFor();
    await focusIsOn(page, 'site-toggle');
  });

  it('reconnects to a new sandbox on the same port, with its token', async () => {
    const { port } = lime;
    const page = await openConsole();
    const { requestId } = lime.createLoginRequest();
    await rowOf(page, requestId).waitFor();
    await lime.stop();
    await page.getByText('Reconnecting…').waitFor();
    lime = await startSandbox({ port });

    await page.getByText('No login requests yet').waitFor({ timeout: 10_000 });
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'New request' }).click();
    await page.locator('#requests tr').waitFor();
  });

  it('works with plain forms where scripts are off', async () => {
    const page = await open({ javaScriptEnabled: false });
    const { requestId } = lime.createLoginRequest();
    await page.goto(lime.consoleUrl);
    await rowOf(page, requestId).getByRole('button', { name: 'Approve…' }).click();

    await rowOf(page, requestId).getByText('Demo agent').waitFor();
  });

  /** Gives the page and the callback of the site, which answers "the site". */
  async function openConnectPage(): Promise<{ page: Page; callback: string }> {
    const site = await LoopbackServer.start((_, response) => response.end('the site'));
    closeLater(() => site.stop());
    const callback = `${site.url}/callback?state=1`;
    const page = await openConsole();
    await new SiteClient(lime).bind(callback);
    await page.getByRole('link', { name: 'Connect…' }).click();
    return { page, callback };
  }

  it('connects the chosen agent and sends the browser to the site with a code', async () => {
    lime.addAgent({ displayName: 'Shopper' });
    const { page, callback } = await openConnectPage();
    await page.getByRole('button', { name: 'Connect as Shopper' }).click();
    await page.getByText('the site').waitFor();
    const code = new URL(page.url()).searchParams.get('binding_code') ?? '';

    expect(page.url()).toBe(`${callback}&binding_code=${code}`);
    await page.goto(lime.consoleUrl);
    await page.getByText('Live', { exact: true }).waitFor();
    const row = page.locator('#bindings tr');
    await row.getByText(`code ${code.slice(0, 6)}…`).waitFor();
    expect((await new SiteClient(lime).exchange(code)).status).toBe(200);
    await row.getByText('code exchanged').waitFor();
    expect(await row.textContent()).toMatch(/Completed.*Shopper/s);
  });

  it('sends the browser to the site without a code when the person declines', async () => {
    const { page, callback } = await openConnectPage();
    await page.getByRole('button', { name: 'Not now' }).click();
    await page.getByText('the site').waitFor();

    expect(page.url()).toBe(callback);
    await page.goto(lime.consoleUrl);
    await page.locator('#bindings tr').getByText('Declined').waitFor();
  });

  async function fill(): Promise<string> {
    const [one, two, three] = Array.from({ length: 4 }, () => lime.createLoginRequest().requestId);
    await lime.approve(one ?? '');
    lime.expire(two ?? '');
    const reader = await EventReader.open(lime);
    await lime.approve(three ?? '');
    reader.close();
    const site = new SiteClient(lime);
    await site.bind('https://site.example/a/rather/long/way/to/the/callback/of/the/site');
    await lime.completeBinding(lime.bindings()[0]?.bindingId ?? '');
    await site.bind('https://site.example/declined');
    lime.declineBinding(lime.bindings()[1]?.bindingId ?? '');
    const { body } = await site.bind('https://site.example/callback');
    return String(body.data['connect_url']);
  }

  it.each([320, 360, 800, 1024, 1280])('fits a screen of %i pixels', async (width) => {
    const connectUrl = await fill();
    const page = await openConsole({ viewport: { width, height: 700 } });
    const overhang = `document.documentElement.scrollWidth - document.documentElement.clientWidth`;
    const cut = `[...document.querySelectorAll('button, code, .chip, .panel')]
        .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth)
        .length`;

    expect(await page.evaluate(overhang)).toBe(0);
    expect(await page.evaluate(cut)).toBe(0);
    await page.goto(connectUrl);
    expect(await page.evaluate(overhang)).toBe(0);
  });

  it.each(['light', 'dark'] as const)(
    'has no accessibility findings in %s',
    async (colorScheme) => {
      const connectUrl = await fill();
      // The policy of the page allows only its own script, and so not axe.
      const page = await openConsole({ colorScheme, bypassCSP: true });
      const findings = async () => {
        await page.evaluate(axe);
        return page.evaluate(`axe.run().then(({ violations }) =>
        violations.map(({ id, impact, nodes }) => [id, impact, nodes[0].html]))`);
      };

      expect(await findings()).toEqual([]);
      await page.getByRole('button', { name: 'Approve…' }).first().click();
      expect(await findings()).toEqual([]);
      await page.setViewportSize({ width: 360, height: 700 });
      await page.keyboard.press('Escape');
      expect(await findings()).toEqual([]);
      await page.goto(connectUrl);
      expect(await findings()).toEqual([]);
      await page.goto(`${lime.consoleUrl}connect/none`);
      expect(await findings()).toEqual([]);
    },
    30_000,
  );
});
