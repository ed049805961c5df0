import type { NestExpressApplication } from '@nestjs/platform-express';
import { NestFactory } from '@nestjs/core';
import { LimeSiteService } from 'nestjs-lime-sites';
import type { LimeSandbox, LimeSandboxOptions } from 'nestjs-lime-sites/testing';
import type { Page } from 'playwright-core';
import { firstValueFrom } from 'rxjs';
import { DemoModule } from '../../../sample/agent-login/src/demo/demo.module.js';
import { CapturedLogs } from '../../support/captured-logs.js';
import { useCleanup } from '../../support/cleanup.js';
import { useEnvironment } from '../../support/environment.js';
import { startSandbox } from '../../support/start-sandbox.js';

/** `sample/agent-login`, running on a sandbox. */
export class Sample {
  constructor(
    readonly url: string,
    readonly lime: LimeSandbox,
    private readonly site: LimeSiteService,
  ) {}

  /** Goes from the start page to the waiting page, and gives the id of the request. */
  async startLogin(page: Page): Promise<string> {
    await page.goto(this.url);
    await page.getByRole('button', { name: 'Log in with your agent' }).click();
    return this.waiting(page);
  }

  /** Resolves on the waiting page, with the id of the request that it shows. */
  async waiting(page: Page): Promise<string> {
    await page.locator('#state[data-state=pending]').waitFor();
    return page.locator('#request-id').innerText();
  }

  /** The whole login. Gives the id of its request. */
  async logIn(page: Page, claims?: Record<string, unknown>): Promise<string> {
    const requestId = await this.startLogin(page);
    await this.lime.approve(requestId, claims);
    await page.waitForURL(`${this.url}/account`);
    return requestId;
  }

  /** Starts a second login in a signed-in browser, and approves it with other claims. */
  async logInAgain(page: Page, claims?: Record<string, unknown>): Promise<void> {
    await page.goto(`${this.url}/account`);
    await page.evaluate(`fetch('/login', { method: 'POST' })`);
    const [request] = this.lime.requests().toReversed();
    const requestId = request?.requestId ?? '';
    await page.goto(`${this.url}/login/${requestId}`);
    await this.waiting(page);
    await this.lime.approve(requestId, claims);
    await page.waitForURL(`${this.url}/account`);
  }

  /** Goes from the account to the page of LIME on which a person picks an agent. Gives the id of the binding. */
  async connect(page: Page): Promise<string> {
    await page.getByRole('button', { name: 'Connect an agent to my account' }).click();
    await page.waitForURL('**/connect/*');
    const [binding] = this.lime.bindings().toReversed();
    return binding?.bindingId ?? '';
  }

  /** Resolves when the site has received the outcome of a login. */
  async outcome(requestId: string): Promise<void> {
    await firstValueFrom(this.site.outcomeOf(requestId));
  }
}

/** Gives a function that starts the sample, and closes it after the test. */
export function useSample(): (
  options?: LimeSandboxOptions,
  env?: Record<string, string>,
) => Promise<Sample> {
  const closeLater = useCleanup();
  const setEnvironment = useEnvironment();
  return async (options, env = {}) => {
    const lime = await startSandbox(options);
    closeLater(() => lime.stop());
    setEnvironment({ ...lime.env(), PUBLIC_URL: undefined, SESSION_SECRET: undefined });
    setEnvironment({ SITE_DATA: undefined, VAULT_USERS: undefined, ...env });
    const app = await NestFactory.create<NestExpressApplication>(DemoModule.forSandbox(lime), {
      logger: new CapturedLogs(),
      forceCloseConnections: true,
    });
    closeLater(() => app.close());
    await app.listen(0, '127.0.0.1');
    await lime.whenStreamOpen();
    return new Sample(await app.getUrl(), lime, app.get(LimeSiteService, { strict: false }));
  };
}
