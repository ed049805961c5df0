import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import type { Clock } from '../common/clock.js';
import { getLimeSiteServiceToken } from '../decorators/inject-lime-site.decorator.js';
import { LIME_SITES_CLOCK } from '../lime-sites.constants.js';
import { LimeError } from '../errors/index.js';
import { LimeSiteService } from '../lime-site.service.js';
import { clusterHealth } from './cluster-health.js';
import { worstOf } from './health.js';
import { streamHealth } from './stream-health.js';

type Report = Record<string, unknown>;

/** LIME may stay silent for 300 s, and the stream itself is taken for dead after 310 s. */
const MAX_SILENCE_MS = 330_000;

/** Which site is looked at, and what is too long a silence. */
export interface LimeSitesHealthOptions {
  /** The name of the site. Default: the one that was registered without a name. */
  site?: string | undefined;
  /**
   * How long nothing may be heard of LIME, in milliseconds, before the site is down: frames and keepalives while the stream is
   * open, the stream itself while it is not. Default 330 000. Keep it above `sseReadTimeoutMs`.
   */
  maxSilenceMs?: number | undefined;
}

/**
 * Tells a health check of `@nestjs/terminus` (11 or 12) whether logins can arrive. An open event stream is up, and so is a
 * site that needs none (`dispatcher: false`). One that is being opened, or opened again, is `degraded`; terminus 11 has no
 * such status, there it is up and says `degraded: true`. Refused, closed, or without a sign of life for too long is down,
 * and so is a site whose cluster is out of reach.
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
   * @param key under which the result stands in the answer.
   * @throws {LimeError} `INVALID_ARGUMENT`: there is no such site, or `maxSilenceMs` is no number of milliseconds.
   */
  async isHealthy<const Key extends string>(
    key: Key,
    { site, maxSilenceMs = MAX_SILENCE_MS }: LimeSitesHealthOptions = {},
  ): Promise<HealthIndicatorResult<Key>> {
    if (!(maxSilenceMs > 0)) {
      throw new LimeError(
        'INVALID_ARGUMENT',
        `maxSilenceMs must be a number of milliseconds above 0, got ${String(maxSilenceMs)}`,
      );
    }
    const { connection, cluster } = this.#siteOf(site);
    const now = this.moduleRef.get<Clock>(LIME_SITES_CLOCK, { strict: false }).now();
    const findings = [
      ...clusterHealth(cluster, now, maxSilenceMs),
      streamHealth(connection, now, maxSilenceMs),
    ];
    const health = worstOf(findings);
    const report = Object.assign({}, ...findings.map((finding) => finding.report)) as Report;
    const check = this.indicators.check(key);
    if (health !== 'degraded') return health === 'up' ? check.up(report) : check.down(report);
    const canDegrade: boolean = 'degraded' in check; // since terminus 12
    return canDegrade ? check.degraded(report) : check.up({ ...report, degraded: true });
  }

  #siteOf(site: string | undefined): LimeSiteService {
    try {
      return this.moduleRef.get(getLimeSiteServiceToken(site), { strict: false });
    } catch (cause) {
      throw new LimeError(
        'INVALID_ARGUMENT',
        `there is no LIME site ${site === undefined ? 'without a name' : JSON.stringify(site)} here: register it with ` +
          'LimeSitesModule.forRoot(), or pass the name of one that is as site',
        { cause },
      );
    }
  }
}
