import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import type { Clock } from '../common/clock.js';
import { getLimeSiteServiceToken } from '../decorators/inject-lime-site.decorator.js';
import { LimeError } from '../errors/index.js';
import { LimeSiteService } from '../lime-site.service.js';
import { LIME_SITES_CLOCK } from '../lime-sites.constants.js';
import { siteHealth } from './site-health.js';

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
