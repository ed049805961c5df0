import type { Clock } from '../ports/index.js';

/**
 * One timer per pending request. Node keeps timers of equal length in one list, so that a hundred thousand of them
 * cost memory but no time.
 */
export class ExpiryTimers {
  private readonly timers = new Map<string, () => void>();

  constructor(private readonly clock: Clock) {}

  /** How many are armed. */
  get count(): number {
    return this.timers.size;
  }

  arm(id: string, ms: number, expire: () => void): void {
    this.timers.set(
      id,
      this.clock.schedule(() => {
        this.timers.delete(id);
        expire();
      }, ms),
    );
  }

  disarm(id: string): void {
    this.timers.get(id)?.();
    this.timers.delete(id);
  }

  clear(): void {
    for (const cancel of this.timers.values()) cancel();
    this.timers.clear();
  }
}
