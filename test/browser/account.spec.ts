import { expect, it } from '@jest/globals';
import { useEnvironment } from '../support/environment.js';
import { describeInBrowser, useBrowser } from './support/browser.js';
import { useSample } from './support/use-sample.js';

describeInBrowser('The account page', () => {
  const openPage = useBrowser();
  const startSample = useSample();
  const setEnvironment = useEnvironment();

  it.each([
    { button: /api\/me any agent/, answer: '200 OK' },
    { button: /orders/, answer: '200 OK' },
    {
      button: /vault/,
      answer: '403 Forbidden: The passport does not meet the rules of this route',
    },
    { button: /without a passport/, answer: '401 Unauthorized: A passport is required' },
  ])('shows what the API answers: $answer', async ({ button, answer }) => {
    const sample = await startSample();
    const page = await openPage();

    await sample.logIn(page);
    await page.getByRole('button', { name: button }).click();

    await page.locator('#answer .state').waitFor();
    expect(await page.locator('#answer .state').innerText()).toBe(answer);
  });

  it('shows that the vault opens for agents of the users on its list', async () => {
    const sample = await startSample();
    setEnvironment({ VAULT_USERS: `another-user, ${sample.lime.agent.userId}` });
    const page = await openPage();

    await sample.logIn(page);
    await page.getByRole('button', { name: /vault/ }).click();

    await page.locator('#answer .state').getByText('200 OK').waitFor();
  });

  it('offers a new login when the passport has expired but the session has not', async () => {
    const sample = await startSample();
    const page = await openPage();

    await sample.logIn(page);
    // Stands in for the API's answer to an expired passport: to wait for one takes two minutes.
    await page.route('**/api/me', (route) =>
      route.fulfill({ status: 401, json: { error: 'Unauthorized', message: 'Not valid here' } }),
    );
    await page.getByRole('button', { name: /api\/me any agent/ }).click();
    await page.getByRole('button', { name: 'Log in again for a new passport' }).click();

    const requestId = await sample.waiting(page);
    await sample.lime.approve(requestId);
    await page.waitForURL(`${sample.url}/account`);
  });

  it('never shows the browser its passport', async () => {
    const sample = await startSample();
    const page = await openPage();

    const requestId = await sample.logIn(page);
    const { passport = 'none' } = sample.lime.request(requestId) ?? {};
    const get = async (path: string) =>
      (await page.context().request.get(sample.url + path)).text();
    const state = await get(`/api/logins/${requestId}`);

    expect(passport).toMatch(/^ey/);
    expect(JSON.parse(state)).toEqual({
      requestId,
      status: 'approved',
      agentId: sample.lime.agent.agentId,
    });
    for (const path of ['/', '/account', '/api/me', `/login/${requestId}/events`]) {
      expect(await get(path)).not.toContain(passport);
    }
    expect(JSON.stringify(await page.context().cookies())).not.toContain(passport);
  });

  it('connects an agent to the account by a one-time code', async () => {
    const sample = await startSample();
    const page = await openPage();
    const addresses: string[] = [];
    page.on('framenavigated', (frame) => addresses.push(frame.url()));

    await sample.logIn(page);
    await sample.connect(page);
    await page.getByRole('button', { name: /^Connect/ }).click();
    await page.waitForURL(`${sample.url}/account#agents`);

    expect(await page.locator('.agents code').allInnerTexts()).toEqual([sample.lime.agent.agentId]);
    const [binding] = sample.lime.bindings();
    expect(binding?.status).toBe('COMPLETED');
    expect(sample.lime.callCount('exchange')).toBe(1);
    expect(binding?.passport).toMatch(/^ey/);
    expect(addresses.join('\n')).not.toMatch(/binding_code|ey[\w-]+\./);
  });

  it('shows that the person declined, and connects an agent at the second try', async () => {
    const sample = await startSample();
    const page = await openPage();

    await sample.logIn(page);
    await sample.connect(page);
    const [response] = await Promise.all([
      page.waitForResponse((answer) => answer.url().startsWith(`${sample.url}/account/agents`)),
      page.getByRole('button', { name: 'Not now' }).click(),
    ]);

    await page.getByRole('heading', { name: 'No agent was connected' }).waitFor();
    expect(response.status()).toBe(200);
    expect(await page.getByText('Error').count()).toBe(0);
    expect(sample.lime.callCount('exchange')).toBe(0);

    await page.getByRole('button', { name: 'Connect an agent' }).click();
    await page.getByRole('button', { name: /^Connect/ }).click();
    await page.waitForURL(`${sample.url}/account#agents`);
    expect(await page.locator('.agents code').count()).toBe(1);
  });

  it('leads from a declined connection to an account without the agent', async () => {
    const sample = await startSample();
    const page = await openPage();

    await sample.logIn(page);
    const bindingId = await sample.connect(page);
    await page.goto(sample.lime.declineBinding(bindingId).callbackUrl);
    await page.getByRole('link', { name: 'To your account' }).click();

    await page.getByText('None yet').waitFor();
  });

  it('does not accept a connection that another browser started', async () => {
    const sample = await startSample();
    const [mine, other] = [await openPage(), await openPage()];

    await sample.logIn(mine);
    await sample.logIn(other);
    const bindingId = await sample.connect(mine);
    const { callbackUrl } = await sample.lime.completeBinding(bindingId);
    const response = await other.goto(callbackUrl);

    expect(response?.status()).toBe(400);
    await other.getByRole('heading', { name: 'This connection was not started here' }).waitFor();
    await other.goto(`${sample.url}/account`);
    await other.getByText('None yet').waitFor();
    expect(sample.lime.callCount('exchange')).toBe(0);
  });

  it('does not accept a connection that another account started in the same browser', async () => {
    const sample = await startSample();
    const page = await openPage();

    await sample.logIn(page, { user_id: 'first' });
    const bindingId = await sample.connect(page);
    await sample.logInAgain(page, { user_id: 'second' });
    const { callbackUrl } = await sample.lime.completeBinding(bindingId);

    expect((await page.goto(callbackUrl))?.status()).toBe(400);
    await page.goto(`${sample.url}/account`);
    await page.getByText('None yet').waitFor();
    expect(sample.lime.callCount('exchange')).toBe(0);
  });

  it('does not accept the code of another browser for its own connection', async () => {
    const sample = await startSample();
    const [mine, other] = [await openPage(), await openPage()];

    await sample.logIn(mine);
    await sample.logIn(other);
    const { callbackUrl } = await sample.lime.completeBinding(await sample.connect(mine));
    await sample.connect(other);
    const response = await other.goto(callbackUrl);

    expect(response?.status()).toBe(401);
    await other.getByRole('heading', { name: 'LIME did not confirm this connection' }).waitFor();
    await other.goto(`${sample.url}/account`);
    await other.getByText('None yet').waitFor();
  });

  it('accepts the callback of a connection once', async () => {
    const sample = await startSample();
    const page = await openPage();

    await sample.logIn(page);
    const { callbackUrl } = await sample.lime.completeBinding(await sample.connect(page));
    expect((await page.goto(callbackUrl))?.status()).toBe(200);

    expect((await page.goto(callbackUrl))?.status()).toBe(400);
    await page.goto(`${sample.url}/account`);
    expect(await page.locator('.agents code').count()).toBe(1);
  });

  it.each([
    { query: '?binding_code=none', status: 401, title: 'LIME did not confirm this connection' },
    {
      query: '?binding_code=one&binding_code=two',
      status: 400,
      title: 'This connection was not started here',
    },
  ])('shows a page for the callback $query', async ({ query, status, title }) => {
    const sample = await startSample();
    const page = await openPage();

    await sample.logIn(page);
    await sample.connect(page);
    const response = await page.goto(`${sample.url}/account/agents/callback${query}`);

    expect(response?.status()).toBe(status);
    expect(response?.headers()['www-authenticate']).toBeUndefined();
    await page.getByRole('heading', { name: title }).waitFor();
  });

  it('accepts the code again after LIME was out of reach', async () => {
    const sample = await startSample();
    const page = await openPage();
    sample.lime.faults.respond('exchange', { status: 500 });

    await sample.logIn(page);
    const { callbackUrl } = await sample.lime.completeBinding(await sample.connect(page));
    expect((await page.goto(callbackUrl))?.status()).toBe(503);
    await page.getByRole('heading', { name: 'LIME is out of reach' }).waitFor();
    await page.reload();

    await page.waitForURL(`${sample.url}/account#agents`);
    expect(await page.locator('.agents code').count()).toBe(1);
  });

  it('logs out, and stays logged out after a step back', async () => {
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
