import { SandboxError } from './sandbox-error.js';

interface Waiter {
  readonly count: number;
  readonly timer: NodeJS.Timeout;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Promises that wait for a number of open streams. */
export class StreamWaiters {
  private readonly waiters = new Set<Waiter>();
  private stopped = false;

  constructor(private readonly openStreams: () => number) {}

  wait(count: number, timeoutMs: number): Promise<void> {
    if (this.stopped) return Promise.reject(stoppedError());
    if (this.openStreams() >= count) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiters.delete(waiter);
        reject(
          new SandboxError(
            'SANDBOX_TIMEOUT',
            `${this.openStreams()} of ${count} event streams were open after ${timeoutMs} ms.`,
          ),
        );
      }, timeoutMs);
      const waiter: Waiter = { count, timer, resolve, reject };
      this.waiters.add(waiter);
    });
  }

  /** Resolves the waiters for this number of streams. */
  check(): void {
    for (const waiter of this.waiters) {
      if (this.openStreams() < waiter.count) continue;
      this.remove(waiter);
      waiter.resolve();
    }
  }

  stop(): void {
    this.stopped = true;
    for (const waiter of this.waiters) {
      this.remove(waiter);
      waiter.reject(stoppedError());
    }
  }

  private remove(waiter: Waiter): void {
    clearTimeout(waiter.timer);
    this.waiters.delete(waiter);
  }
}

function stoppedError(): SandboxError {
  return new SandboxError('SANDBOX_STOPPED', 'The sandbox was stopped.');
}
