import type { SandboxCall, SandboxTarget } from './sandbox-call.js';

const REMEMBERED = 10_000;

/** The last requests received, and how many there ever were of each kind. */
export class CallLog {
  private readonly counts = new Map<SandboxTarget, number>();
  private calls: SandboxCall[] = [];

  add(call: SandboxCall): void {
    this.calls.push(call);
    if (this.calls.length >= 2 * REMEMBERED) this.calls = this.calls.slice(-REMEMBERED);
    if (call.target) this.counts.set(call.target, this.count(call.target) + 1);
  }

  last(): readonly SandboxCall[] {
    return this.calls.slice(-REMEMBERED);
  }

  count(target: SandboxTarget): number {
    return this.counts.get(target) ?? 0;
  }
}
