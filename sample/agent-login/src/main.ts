import { once } from 'node:events';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { SandboxAgent } from 'nestjs-lime-sites/testing';
import { AppModule } from './app.module.js';
import { instructions } from './console/instructions.js';
import { StoryLogger } from './console/story.logger.js';
import { Story } from './console/story.js';
import { demoLogin } from './demo/demo-login.js';
import { startDemoPlatform } from './demo/demo-platform.js';
import { DemoModule } from './demo/demo.module.js';
import { explain } from './explain.js';
import { portFrom } from './port.js';

/** Only this machine: the demo lets anybody log in who can reach it. */
const HOST = '127.0.0.1';

const story = new Story();
const ending = new AbortController();
process.once('SIGINT', () => ending.abort());
process.once('SIGTERM', () => ending.abort());

try {
  await main(portFrom(process.env['PORT']), ending.signal);
} catch (error) {
  if (!ending.signal.aborted) {
    process.exitCode = 1;
    process.stderr.write(`${explain(error)}\n`);
  }
}

/** Runs the site until the signal aborts: on the real platform with LIME_SITE_TOKEN, else on a sandbox. */
async function main(port: number, signal: AbortSignal): Promise<void> {
  story.title('An AI agent logs in to a NestJS site');
  const lime = process.env['LIME_SITE_TOKEN'] ? undefined : await startDemoPlatform(story);
  const agent = lime && new SandboxAgent(lime);
  const root = agent ? DemoModule.forAgent(agent) : AppModule;
  const app = await NestFactory.create<NestExpressApplication>(root, {
    logger: new StoryLogger(story),
    abortOnError: false,
    forceCloseConnections: true,
  });
  try {
    await app.listen(port, HOST);
    const url = await app.getUrl();
    story.tell('site', `Listening at ${url}`);
    if (agent) await demoLogin(url, agent, story, signal);
    story.print(instructions(url, { withDemo: agent !== undefined }));
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    await app.close();
    await lime?.stop();
  }
  story.tell('site', 'Closed');
}
