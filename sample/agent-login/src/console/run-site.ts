import { once } from 'node:events';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { type LimeSandbox, SandboxAgent } from 'nestjs-lime-sites/testing';
import { AppModule } from '../app.module.js';
import { UsageError } from '../config/usage-error.js';
import { demoLogin } from '../demo/demo-login.js';
import { startDemoPlatform } from '../demo/demo-platform.js';
import { DemoModule } from '../demo/demo.module.js';
import { HELP, parseSiteArguments, type SiteArguments } from './arguments.js';
import { explain } from './explain.js';
import { instructions } from './instructions.js';
import { StoryLogger } from './story.logger.js';
import { Story } from './story.js';

/** This machine only: every client of the demo can approve its own login. */
const HOST = '127.0.0.1';

/**
 * Runs the site until the signal aborts: on the real platform with LIME_SITE_TOKEN, else on a sandbox.
 * @returns the exit code: 0 after a clean end, 1 for a failed start, 2 for a wrong argument.
 */
export async function runSite(argv: readonly string[], signal: AbortSignal): Promise<number> {
  try {
    const given = parseSiteArguments(argv, process.env);
    if (given.help) process.stdout.write(HELP);
    else await run(given, signal);
    return 0;
  } catch (error) {
    if (signal.aborted) return 0;
    process.stderr.write(`${explain(error)}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function run(given: SiteArguments, signal: AbortSignal): Promise<void> {
  const story = new Story(given.json ? process.stderr : process.stdout);
  story.title('An AI agent logs in to a NestJS site');
  const lime = process.env['LIME_SITE_TOKEN'] ? undefined : await startDemoPlatform(story);
  try {
    await serve(story, given, signal, lime);
  } finally {
    await lime?.stop();
  }
  story.add('site', 'Closed');
}

async function serve(
  story: Story,
  { port, json }: SiteArguments,
  signal: AbortSignal,
  lime?: LimeSandbox,
): Promise<void> {
  const root = lime ? DemoModule.forSandbox(lime) : AppModule;
  const app = await NestFactory.create<NestExpressApplication>(root, {
    logger: new StoryLogger(story),
    abortOnError: false,
    forceCloseConnections: true,
  });
  try {
    await app.listen(port, HOST);
    const url = await app.getUrl();
    const consoleUrl = lime?.consoleUrl;
    story.add('site', `Listening at ${url}`);
    if (lime) await demoLogin(url, new SandboxAgent(lime), story, signal);
    if (json) {
      process.stdout.write(`${JSON.stringify({ url, consoleUrl, limeBaseUrl: lime?.baseUrl })}\n`);
    }
    story.print(instructions(story, { url, consoleUrl }));
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    await app.close();
  }
}
