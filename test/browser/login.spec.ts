import { expect, it } from '@jest/globals';
import { describeInBrowser, useBrowser } from './support/browser.js';
import { useSample } from './support/use-sample.js';

describeInBrowser('A login in the browser', () => {
  const openPage = useBrowser();
  const startSample = useSample();

  it('signs a person in with one button and one approval', async () => {
    const sample = await startSample();
    const page = await openPage();

    const requestId = await sample.startLogin(page);
    expect(sample.lime.requests().map((request) => request.requestId)).toEqual([requestId]);
    await sample.lime.approve(requestId, { user_id: 'the-user' });
    await page.waitForURL(`${sample.url}/account`);

    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('You are signed in');
    expect(await page.locator('#agent-id').innerText()).toBe(sample.lime.agent.agentId);
    expect(await page.locator('#user-id').innerText()).toBe('the-user');
    expect(await page.locator('#issuer').innerText()).toBe(new URL(sample.lime.baseUrl).origin);
  });

  it('lets a person without an agent approve as the demo agent', async () => {
    const sample = await startSample();
    const page = await openPage();

    await sample.startLogin(page);
    await page.getByRole('button', { name: 'Approve as the demo agent' }).click();

    await page.waitForURL(`${sample.url}/account`);
  });

  it('copies the request id', async () => {
    const sample = await startSample();
    const page = await openPage({ permissions: ['clipboard-read', 'clipboard-write'] });

    const requestId = await sample.startLogin(page);
    await page.getByRole('button', { name: 'Copy' }).click();

    await page.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(requestId);
  });

  it('waits for the same request after a reload', async () => {
    const sample = await startSample();
    const page = await openPage();

    const requestId = await sample.startLogin(page);
    await page.reload();

    expect(await sample.waiting(page)).toBe(requestId);
    await sample.lime.approve(requestId);
    await page.waitForURL(`${sample.url}/account`);
  });

  it('waits for one request in two tabs, and signs both in', async () => {
    const sample = await startSample();
    const first = await openPage();
    const second = await first.context().newPage();

    const requestId = await sample.startLogin(first);
    expect(await sample.startLogin(second)).toBe(requestId);
    await sample.lime.approve(requestId);

    await first.waitForURL(`${sample.url}/account`);
    await second.waitForURL(`${sample.url}/account`);
    expect(sample.lime.requests()).toHaveLength(1);
  });

  it('signs in at once when the outcome came before the page was open', async () => {
    const sample = await startSample();
    const page = await openPage();

    const requestId = await sample.startLogin(page);
    const waitingUrl = page.url();
    await page.goto('about:blank');
    await sample.lime.approve(requestId);
    await sample.outcome(requestId);
    await page.goto(waitingUrl);

    expect(page.url()).toBe(`${sample.url}/account`);
  });

  it('signs in when the outcome comes between the page and its event stream', async () => {
    const sample = await startSample();
    const page = await openPage();
    await page.route('**/events', async (route) => {
      const [request] = sample.lime.requests();
      await sample.lime.approve(request?.requestId ?? '');
      await sample.outcome(request?.requestId ?? '');
      await route.continue();
    });

    await page.goto(sample.url);
    await page.getByRole('button', { name: 'Log in with your agent' }).click();

    await page.waitForURL(`${sample.url}/account`);
  });

  it('goes back to the start page, and not to an approved login', async () => {
    const sample = await startSample();
    const page = await openPage();

    await sample.logIn(page);
    await page.goBack();

    expect(page.url()).toBe(`${sample.url}/`);
    await page.getByText('You are signed in as agent').waitFor();
  });

  it('goes back to the start page from a pending login, and forward to it', async () => {
    const sample = await startSample();
    const page = await openPage();

    const requestId = await sample.startLogin(page);
    await page.goBack();
    await page.goForward();

    expect(await sample.waiting(page)).toBe(requestId);
    await sample.lime.approve(requestId);
    await page.waitForURL(`${sample.url}/account`);
  });

  it('goes back to the start page on "Not now", and starts another request after that', async () => {
    const sample = await startSample();
    const page = await openPage();

    const requestId = await sample.startLogin(page);
    await page.getByRole('button', { name: 'Not now' }).click();
    await page.waitForURL(`${sample.url}/`);
    await sample.lime.approve(requestId);
    await sample.outcome(requestId);

    expect(await sample.startLogin(page)).not.toBe(requestId);
  });

  it('shows the expiry of the login, and tries again', async () => {
    const sample = await startSample();
    const page = await openPage();

    const requestId = await sample.startLogin(page);
    sample.lime.expire(requestId);
    await page.getByRole('heading', { name: 'This login has expired' }).waitFor();
    await page.getByRole('button', { name: 'Try again' }).click();

    const next = await sample.waiting(page);
    expect(next).not.toBe(requestId);
    await sample.lime.approve(next);
    await page.waitForURL(`${sample.url}/account`);
  });

  it('counts down to the expiry of a login', async () => {
    const sample = await startSample({ requestTtlMs: 2_000 });
    const page = await openPage();

    await sample.startLogin(page);
    const seen = await page.locator('#remaining').innerText();
    expect(seen).toMatch(/^0:0[12]$/);

    await page.getByText('0:01').waitFor();
    await page.getByRole('heading', { name: 'This login has expired' }).waitFor();
  });

  it('shows that time is up while LIME does not send the expiry', async () => {
    const sample = await startSample({ requestTtlMs: 1_000 });
    sample.lime.faults.missExpiry();
    const page = await openPage();

    await sample.startLogin(page);
    await page.getByText('Time is up').waitFor();

    await page.getByRole('heading', { name: 'This login has expired' }).waitFor();
  });

  it('shows an expired login again after a reload', async () => {
    const sample = await startSample();
    const page = await openPage();

    const requestId = await sample.startLogin(page);
    sample.lime.expire(requestId);
    await page.getByRole('heading', { name: 'This login has expired' }).waitFor();
    await page.reload();

    await page.getByRole('heading', { name: 'This login has expired' }).waitFor();
  });

  it('works without JavaScript', async () => {
    const sample = await startSample();
    const page = await openPage({ javaScriptEnabled: false });

    await page.goto(sample.url);
    await page.getByRole('button', { name: 'Log in with your agent' }).click();
    await page.getByText('Waiting for your agent').waitFor();
    await sample.lime.approve(await page.locator('#request-id').innerText());

    await page.waitForURL(`${sample.url}/account`, { timeout: 10_000 });
  });

  it('shows that LIME is out of reach', async () => {
    const sample = await startSample();
    const page = await openPage();
    sample.lime.suspendSite();

    await page.goto(sample.url);
    await page.getByRole('button', { name: 'Log in with your agent' }).click();

    await page.getByRole('heading', { name: 'Out of reach' }).waitFor();
  });
});
