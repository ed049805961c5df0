import type { Clock } from '../common/clock.js';
import type { SandboxActivityDetail, SandboxActivityListener } from './sandbox-activity.js';

/** Tells listeners what happens in the sandbox. */
export class ActivityFeed {
  private readonly listeners = new Set<SandboxActivityListener>();

  constructor(private readonly clock: Clock) {}

  subscribe(listener: SandboxActivityListener): () => void {
    // A wrapper of its own, so that a function subscribed twice is two subscriptions.
    const entry: SandboxActivityListener = (activity) => listener(activity);
    this.listeners.add(entry);
    return () => void this.listeners.delete(entry);
  }

  emit(detail: SandboxActivityDetail): void {
    if (this.listeners.size === 0) return;
    const activity = { at: new Date(this.clock.now()), ...detail };
    for (const listener of this.listeners) {
      try {
        listener(activity);
      } catch (error) {
        // The platform's work must not depend on who watches it.
        process.emitWarning(`A LimeSandbox activity listener failed: ${String(error)}`);
      }
    }
  }
}
