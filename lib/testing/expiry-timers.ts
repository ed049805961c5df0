/**
 * One timer per pending request. Node keeps timers of equal length in one list, so that a hundred thousand of them
 * cost memory but no time.
 */
export class ExpiryTimers {
  private readonly timers = new Map<string, NodeJS.Timeout>();

  /** How many are armed. */
  get count(): number {
    return this.timers.size;
  }

  arm(id: string, ms: number, expire: () => void): void {
    this.timers.set(
      id,
      setTimeout(() => {
        this.timers.delete(id);
        expire();
      }, ms),
    );
  }

  disarm(id: string): void {
    clearTimeout(this.timers.get(id));
    this.timers.delete(id);
  }

  clear(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
  }
}
