import type { SandboxRequest } from './sandbox-request.js';

/** Remembers what a create call with an `Idempotency-Key` made, so that its repetition makes nothing new. */
export class IdempotencyKeys<T> {
  private readonly made = new Map<string, T>();

  once(request: SandboxRequest, make: () => T): T {
    const key = request.header('idempotency-key');
    if (key === undefined) return make();
    const before = this.made.get(key);
    if (before !== undefined) return before;
    const fresh = make();
    this.made.set(key, fresh);
    return fresh;
  }
}
