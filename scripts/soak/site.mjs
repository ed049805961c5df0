import 'reflect-metadata';
import { createWriteStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LimeSiteService, LimeSitesModule, OnLimeLogin } from '../../dist/index.js';
import { now } from './now.mjs';

/** Handlers that take longer are cut off. */
const HANDLER_TIMEOUT_MS = 1_000;

/** The application's handler: mostly quick, sometimes slow, now and then broken. */
class AgentLogins {
  /** For a while every login takes long. */
  slowUntil = 0;

  constructor(random, report) {
    this.random = random;
    this.report = report;
  }

  settle(event) {
    this.report(event, now());
    if (event.requestId.startsWith('warm-up-')) return;
    if (now() < this.slowUntil) return sleep(100);
    if (this.random.chance(0.01)) throw new Error('thrown on purpose');
    if (this.random.chance(0.01)) return Promise.reject(new Error('rejected on purpose'));
    if (this.random.chance(0.0005)) return sleep(1.3 * HANDLER_TIMEOUT_MS);
    if (this.random.chance(0.1)) return sleep(this.random.between(1, 80));
  }
}

// No compiler here, so the decorators are called by hand.
Injectable()(AgentLogins);
const { prototype } = AgentLogins;
OnLimeLogin()(prototype, 'settle', Object.getOwnPropertyDescriptor(prototype, 'settle'));

/** Writes the site's log to a file, or nowhere. */
function createLogger(file) {
  const stream = file && createWriteStream(file);
  const line =
    (level) =>
    (...parts) =>
      void stream?.write(`${now().toFixed(0)} ${level} ${parts.map(String).join(' | ')}\n`);
  return { log: line('log'), warn: line('warn'), error: line('error'), debug: line('debug') };
}

/**
 * A Nest application with the module, on a platform that misbehaves.
 * @param {{ baseUrl: string, siteToken: string, random: import('./random.mjs').Random, logFile?: string,
 *   report: (event: import('../../dist/index.js').LimeLoginEvent, at: number) => void }} setup
 */
export async function startSite({ baseUrl, siteToken, random, report, logFile }) {
  // oxlint-disable-next-line typescript/no-extraneous-class -- a module of Nest is a class
  class SiteModule {}
  const limeSites = LimeSitesModule.forRoot({
    baseUrl,
    siteToken,
    timeoutMs: 3_000,
    sseBackoffBaseMs: 50,
    sseBackoffMaxMs: 400,
    sseReadTimeoutMs: 2_500,
    maxFrameBytes: 256 * 1024,
    handlerTimeoutMs: HANDLER_TIMEOUT_MS,
  });
  const logins = { provide: AgentLogins, useFactory: () => new AgentLogins(random, report) };
  const app = await NestFactory.createApplicationContext(
    { module: SiteModule, imports: [limeSites], providers: [logins] },
    { logger: createLogger(logFile) },
  );
  return { app, site: app.get(LimeSiteService), logins: app.get(AgentLogins) };
}
