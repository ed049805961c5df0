import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { CompiledPackage } from '../support/child-app.js';
import { useCleanup } from '../support/cleanup.js';
import { closedAddress, LoopbackServer } from '../support/loopback-server.js';
import { startSandbox } from '../support/start-sandbox.js';
import { until } from '../support/until.js';
import { describeInBrowser, useBrowser } from './support/browser.js';

describeInBrowser('The waiting page of the sample', () => {
  const openPage = useBrowser();
  const closeLater = useCleanup();
  let compiled: CompiledPackage;

  beforeAll(async () => {
    compiled = await CompiledPackage.create();
  });
  afterAll(() => compiled.remove());

  it('signs in after its site was killed and started again behind a proxy that answered 502 meanwhile', async () => {
    const lime = await startSandbox();
    closeLater(() => lime.stop());
    const folder = await mkdtemp(join(tmpdir(), 'grove-'));
    closeLater(() => rm(folder, { recursive: true }));
    const url = await closedAddress();
    const { port } = new URL(url);
    const startSample = await compiled.compileSample('agent-login');
    const startSite = async () => {
      const env = { ...lime.env(), PORT: port, SITE_DATA: join(folder, 'data.json') };
      const site = startSample(env);
      closeLater(() => site.kill('SIGKILL'));
      await until(() => site.lines.some((line) => line.includes('Listening at')));
      await lime.whenStreamOpen(1, 20_000);
      return site;
    };
    const first = await startSite();
    const page = await openPage();
    await page.goto(url);
    await page.getByRole('button', { name: 'Log in with your agent' }).click();
    await page.locator('#state[data-state=pending]').waitFor();
    const requestId = await page.locator('#request-id').innerText();

    first.kill('SIGKILL');
    await first.ended;
    await page.locator('#state[data-state=connecting]').waitFor();
    const proxy = await LoopbackServer.start((_request, response) => {
      response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>');
    }, Number(port));
    await proxy.received(2); // the page asks for its event stream, then for the state of its login
    await proxy.stop();
    await startSite();
    await page.locator('#state[data-state=pending]').waitFor({ timeout: 20_000 });
    await lime.approve(requestId, { user_id: 'the-user' });
    await page.waitForURL(`${url}/account`, { timeout: 20_000 });

    expect(await page.locator('#user-id').innerText()).toBe('the-user');
  });
});
