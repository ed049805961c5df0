import type { Clock } from '../common/clock.js';
import { refusal } from './refusals.js';
import type { SandboxRateLimit } from './sandbox-options.js';

/** Counts create calls in fixed windows. */
export class RateLimiter {
  private count = 0;
  private windowEnd = 0;

  constructor(
    private readonly limit: SandboxRateLimit | undefined,
    private readonly clock: Clock,
  ) {}

  /** @throws SandboxError 429 `RATE_LIMIT_EXCEEDED` with `retry-after` when the window has no calls left. */
  take(): void {
    if (this.limit === undefined) return;
    const now = this.clock.now();
    if (now >= this.windowEnd) {
      this.count = 0;
      this.windowEnd = now + this.limit.windowMs;
    }
    this.count += 1;
    if (this.count <= this.limit.max) return;
    const seconds = Math.max(1, Math.ceil((this.windowEnd - now) / 1000));
    throw refusal('RATE_LIMIT_EXCEEDED', undefined, {
      headers: { 'retry-after': String(seconds) },
    });
  }
}
