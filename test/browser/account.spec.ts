import { expect, it, jest } from '@jest/globals';
import { describeInBrowser, useBrowser } from './support/browser.js';
import { useSample } from './support/use-sample.js';

jest.setTimeout(30_000);

describeInBrowser('a signed-in browser', () => {
  const openPage = useBrowser();
  const startSample = useSample();

  it.each([
    { button: /api\/me any agent/, answer: '200 OK' },
    { button: /orders/, answer: '200 OK' },
    { button: /vault/, answer: '403 Forbidden: The owner of the agent is not known well enough' },
    { button: /without a passport/, answer: '401 Unauthorized: A passport is required' },
  ])('shows what the API answers: $answer', async ({ button, answer }) => {
    const sample = await startSample();
    const page = await openPage();

    await sample.logIn(page);
    await page.getByRole('button', { name: button }).click();

    await page.locator('#answer .state').waitFor();
    expect(await page.locator('#answer .state').innerText()).toBe(answer);
  });

  it('shows that a bad reputation is refused', async () => {
    const sample = await startSample();
    const page = await openPage();

    await sample.logIn(page, { agent_reputation: 10 });
    await page.getByRole('button', { name: /orders/ }).click();

    await page.getByText('403 Forbidden: The reputation of the agent is too low').waitFor();
  });

  it('offers a new login when the passport has run out, while the session goes on', async () => {
    const sample = await startSample();
    const page = await openPage();

    await sample.logIn(page);
    // What the API says of a passport that has run out, which takes two minutes.
    await page.route('**/api/me', (route) =>
      route.fulfill({ status: 401, json: { error: 'Unauthorized', message: 'Not valid here' } }),
    );
    await page.getByRole('button', { name: /api\/me any agent/ }).click();
    await page.getByRole('button', { name: 'Log in again for a new passport' }).click();

    const requestId = await sample.waiting(page);
    await sample.lime.approve(requestId);
    await page.waitForURL(`${sample.url}/account`);
  });

  it('never gets to see its passport', async () => {
    const sample = await startSample();
    const page = await openPage();

    const requestId = await sample.logIn(page);
    const passport = sample.lime.request(requestId)?.passport ?? 'none';

    expect(passport).toMatch(/^ey/);
    expect(await page.content()).not.toContain(passport);
    expect(JSON.stringify(await page.context().cookies())).not.toContain(passport);
  });

  it('connects an agent to the account', async () => {
    const sample = await startSample();
    const page = await openPage();

    await sample.logIn(page);
    await page.getByRole('button', { name: 'Connect an agent to my account' }).click();
    await page.waitForURL('**/connect/*');
    await page.getByRole('button', { name: /^Connect/ }).click();
    await page.waitForURL(`${sample.url}/account#agents`);

    expect(await page.locator('.agents code').allInnerTexts()).toEqual([sample.lime.agent.agentId]);
    const [binding] = sample.lime.bindings();
    expect(binding?.status).toBe('COMPLETED');
    expect(page.url()).not.toContain('passport=');
  });

  it('is no place for a binding that another browser started', async () => {
    const sample = await startSample();
    const [mine, other] = [await openPage(), await openPage()];

    await sample.logIn(mine);
    await sample.logIn(other);
    await mine.getByRole('button', { name: 'Connect an agent to my account' }).click();
    await mine.waitForURL('**/connect/*');
    const [binding] = sample.lime.bindings();
    const { callbackUrl } = await sample.lime.completeBinding(binding?.bindingId ?? '');
    const response = await other.goto(callbackUrl);

    expect(response?.status()).toBe(403);
    await other.getByText('This connection was started in another browser').waitFor();
    await other.goto(`${sample.url}/account`);
    await other.getByText('None yet').waitFor();
  });

  it('takes the way back from LIME once', async () => {
    const sample = await startSample();
    const page = await openPage();

    await sample.logIn(page);
    await page.getByRole('button', { name: 'Connect an agent to my account' }).click();
    await page.waitForURL('**/connect/*');
    const [binding] = sample.lime.bindings();
    const { callbackUrl } = await sample.lime.completeBinding(binding?.bindingId ?? '');
    expect((await page.goto(callbackUrl))?.status()).toBe(200);

    expect((await page.goto(callbackUrl))?.status()).toBe(403);
  });

  it('shows an error page for a callback with a passport that is none', async () => {
    const sample = await startSample();
    const page = await openPage();

    await sample.logIn(page);
    const response = await page.goto(`${sample.url}/account/agents/callback?passport=none`);

    expect(response?.status()).toBe(401);
    await page.getByRole('heading', { name: 'That did not prove who you are' }).waitFor();
  });

  it('logs out, and stays so when going back', async () => {
    const sample = await startSample();
    const page = await openPage();

    await sample.logIn(page);
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('button', { name: 'Log in with your agent' }).waitFor();
    expect(await page.context().cookies()).toEqual([]);

    await page.goBack();
    await page.getByRole('button', { name: 'Log in with your agent' }).waitFor();
    expect(page.url()).toBe(`${sample.url}/`);
  });

  it('logs out in every tab', async () => {
    const sample = await startSample();
    const page = await openPage();
    const tab = await page.context().newPage();

    await sample.logIn(page);
    await tab.goto(`${sample.url}/account`);
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.waitForURL(`${sample.url}/`);
    await tab.reload();

    expect(tab.url()).toBe(`${sample.url}/`);
  });
});
