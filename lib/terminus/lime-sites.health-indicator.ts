import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import type { Clock } from '../common/clock.js';
import { getLimeSiteServiceToken } from '../decorators/inject-lime-site.decorator.js';
import { LimeError } from '../errors/index.js';
import type { LimeClusterStatus } from '../interfaces/cluster.interface.js';
import type { LimeConnection } from '../interfaces/connection.interface.js';
import { LimeSiteService } from '../lime-site.service.js';
import { LIME_SITES_CLOCK } from '../lime-sites.constants.js';

/** LIME may send nothing for 300 s, and the stream reconnects after 310 s. */
const MAX_IDLE_MS = 330_000;

/** The limits of a health check. */
export interface LimeSitesHealthOptions {
  /**
   * The name of the site.
   * @default the site that was registered without a name
   */
  site?: string | undefined;
  /**
   * How long the site may receive nothing from LIME before it is down, in milliseconds. Frames and keepalives count while
   * the stream is open, and the time since it was lost while it is not. Keep it above `sseReadTimeoutMs`.
   * @default 330_000
   */
  maxIdleMs?: number | undefined;
}

/**
 * Reports to a health check of `@nestjs/terminus` (11 or 12) whether logins can arrive. A site is `up` while its event
 * stream is open, or with `dispatcher: false`. It is `degraded` while the stream connects or reconnects; terminus 11 has
 * no such status, so there it is `up` with `degraded: true`. It is `down` when LIME refuses the stream, when the stream
 * is closed or idle for too long, and when the cluster is out of reach.
 *
 * @example
 * ```ts
 * @HealthCheck() @Get('health')
 * check() { return this.health.check([() => this.lime.isHealthy('lime')]); }
 * ```
 */
@Injectable()
export class LimeSitesHealthIndicator {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly moduleRef: ModuleRef,
  ) {}

  /**
   * @param key the name of the result in the answer.
   * @throws {LimeError} `INVALID_ARGUMENT`: `site` was not registered, or `maxIdleMs` is not a number above 0.
   */
  async isHealthy<const Key extends string>(
    key: Key,
    { site, maxIdleMs = MAX_IDLE_MS }: LimeSitesHealthOptions = {},
  ): Promise<HealthIndicatorResult<Key>> {
    if (!(maxIdleMs > 0)) {
      throw new LimeError(
        'INVALID_ARGUMENT',
        `maxIdleMs must be a number of milliseconds above 0, got ${String(maxIdleMs)}`,
      );
    }
    const { connection, cluster } = this.#siteOf(site);
    const now = this.moduleRef.get<Clock>(LIME_SITES_CLOCK, { strict: false }).now();
    const { health, report } = siteHealth(connection, cluster, now, maxIdleMs);
    const check = this.indicators.check(key);
    if (health !== 'degraded') return health === 'up' ? check.up(report) : check.down(report);
    const canDegrade: boolean = 'degraded' in check; // since terminus 12
    return canDegrade ? check.degraded(report) : check.up({ ...report, degraded: true });
  }

  #siteOf(site: string | undefined): LimeSiteService {
    try {
      return this.moduleRef.get(getLimeSiteServiceToken(site), { strict: false });
    } catch (cause) {
      const name = site === undefined ? 'without a name' : JSON.stringify(site);
      throw new LimeError(
        'INVALID_ARGUMENT',
        `site: this application has no LIME site ${name}; register it with LimeSitesModule.forRoot(), or pass the name of a registered one`,
        { cause },
      );
    }
  }
}

/** From best to worst. */
const HEALTHS = ['up', 'degraded', 'down'] as const;

type Health = (typeof HEALTHS)[number];

/** The health of a site or of one part of it. */
interface SiteHealth {
  readonly health: Health;
  /** The fields of the health check's answer. */
  readonly report: Readonly<Record<string, unknown>>;
}

/** Judges a site by its event stream and its cluster; the worse of the two counts. */
function siteHealth(
  connection: LimeConnection,
  cluster: LimeClusterStatus | undefined,
  now: number,
  maxIdleMs: number,
): SiteHealth {
  const stream = streamHealth(connection, now, maxIdleMs);
  if (!cluster) return stream;
  const member = clusterHealth(cluster, now, maxIdleMs);
  const isWorse = HEALTHS.indexOf(member.health) > HEALTHS.indexOf(stream.health);
  return {
    health: isWorse ? member.health : stream.health,
    report: { ...member.report, ...stream.report },
  };
}

function streamHealth(connection: LimeConnection, now: number, maxIdleMs: number): SiteHealth {
  const { state, since, attempt, lastFrameAt, lastError } = connection;
  const report = {
    state,
    since: since.toISOString(),
    ...(attempt > 0 && { attempt }),
    ...(lastFrameAt && { lastFrameAt: lastFrameAt.toISOString() }),
    ...(lastError && { error: codeOf(lastError) }),
  };
  const idleMs = now - Math.max(since.getTime(), lastFrameAt?.getTime() ?? 0);
  switch (state) {
    case 'idle':
      return { health: 'up', report: { ...report, message: 'holds no event stream' } };
    case 'unauthorized':
    case 'closed':
      return { health: 'down', report };
    case 'open':
    case 'connecting':
    case 'reconnecting':
      if (idleMs <= maxIdleMs) return { health: state === 'open' ? 'up' : 'degraded', report };
      const message = `nothing arrived from LIME for ${idleMs} ms (maxIdleMs: ${maxIdleMs})`;
      return { health: 'down', report: { ...report, message } };
  }
}

function clusterHealth(
  { state, since, lastError }: LimeClusterStatus,
  now: number,
  maxIdleMs: number,
): SiteHealth {
  const report = {
    cluster: state,
    clusterSince: since.toISOString(),
    ...(state !== 'up' && lastError && { clusterError: codeOf(lastError) }),
  };
  const isLate = now - since.getTime() > maxIdleMs;
  if (state === 'connecting' && !isLate) return { health: 'degraded', report };
  return { health: state === 'up' ? 'up' : 'down', report };
}

/** Returns a code, never a message: the answer of a health check may be public, and the log has the rest. */
function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.name;
}
