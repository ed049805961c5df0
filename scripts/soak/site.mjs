import 'reflect-metadata';
import { createWriteStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LimeSiteService, LimeSitesModule, OnLimeLogin } from '../../dist/index.js';
import { between, chance, exponential, whole } from './random.mjs';

const HANDLER_TIMEOUT_MS = 1_000;
/** While the platform is away no more calls than this are made. */
const MAX_IN_FLIGHT = 300;

/** The application's handler: mostly quick, sometimes slow, now and then broken. */
class AgentLogins {
  /** For a while every login takes long. */
  slowUntil = 0;
  calls = 0;

  constructor(report) {
    this.report = report;
  }

  onLogin(event) {
    this.calls++;
    this.report(event);
    if (performance.now() < this.slowUntil) return sleep(100);
    if (chance(0.01)) throw new Error('thrown on purpose');
    if (chance(0.01)) return Promise.reject(new Error('rejected on purpose'));
    if (chance(0.0005)) return sleep(1.3 * HANDLER_TIMEOUT_MS);
    if (chance(0.1)) return sleep(between(1, 80));
  }
}

// Plain JavaScript has no decorators, so they are called by hand.
Injectable()(AgentLogins);
const { prototype } = AgentLogins;
OnLimeLogin()(prototype, 'onLogin', Object.getOwnPropertyDescriptor(prototype, 'onLogin'));

/**
 * A Nest application with the module.
 * @param {{ moduleOptions: object, report: (event: object) => void, logFile?: string }} setup
 */
export async function startSite({ moduleOptions, report, logFile }) {
  class SiteModule {}
  const limeSites = LimeSitesModule.forRoot({
    ...moduleOptions,
    timeoutMs: 3_000,
    sseBackoffBaseMs: 50,
    sseBackoffMaxMs: 400,
    sseReadTimeoutMs: 5_000,
    maxFrameBytes: 256 * 1024,
    handlerTimeoutMs: HANDLER_TIMEOUT_MS,
  });
  const logins = { provide: AgentLogins, useFactory: () => new AgentLogins(report) };
  const app = await NestFactory.createApplicationContext(
    { module: SiteModule, imports: [limeSites], providers: [logins] },
    { logger: createLogger(logFile) },
  );
  return { app, site: app.get(LimeSiteService), logins: app.get(AgentLogins) };
}

/** People who start logins at random, sometimes many at once. */
export class Load {
  created = 0;
  /** Starts that failed, because the stream was away for too long or the platform did not answer. */
  failed = 0;
  #stopped = false;
  #inFlight = new Set();

  /** @param {{ site: object, logins: AgentLogins, rate: number, onCreated: (id: string) => void }} setup */
  constructor({ site, logins, rate, onCreated }) {
    Object.assign(this, { site, logins, rate, onCreated });
  }

  async run() {
    let burstAt = performance.now() + 3_000;
    let slowAt = performance.now() + 10_000;
    while (!this.#stopped) {
      if (performance.now() > burstAt) {
        for (let left = whole(20, 200); left > 0; left--) this.#start();
        burstAt = performance.now() + exponential(8_000);
      }
      if (performance.now() > slowAt) {
        this.logins.slowUntil = performance.now() + between(500, 4_000);
        slowAt = performance.now() + exponential(20_000) + 5_000;
      }
      this.#start();
      await sleep(exponential(1_000 / this.rate));
    }
    await Promise.all(this.#inFlight);
  }

  stop() {
    this.#stopped = true;
    this.logins.slowUntil = 0;
  }

  #start() {
    if (this.#inFlight.size >= MAX_IN_FLIGHT) return;
    const call = this.site
      .createLoginRequest()
      .then(
        ({ requestId }) => {
          this.created++;
          this.onCreated(requestId);
        },
        () => {
          this.failed++;
        },
      )
      .finally(() => this.#inFlight.delete(call));
    this.#inFlight.add(call);
  }
}

/** Writes the site's log to a file, or nowhere. */
function createLogger(file) {
  const stream = file && createWriteStream(file);
  const line =
    (level) =>
    (...parts) =>
      void stream?.write(`${new Date().toISOString()} ${level} ${parts.map(String).join(' | ')}\n`);
  return { log: line('log'), warn: line('warn'), error: line('error'), debug: line('debug') };
}
