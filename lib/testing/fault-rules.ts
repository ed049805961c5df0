import type { SandboxCall, SandboxTarget } from './call-log.js';

/** A canned answer. */
export interface FaultResponse {
  status: number;
  /** A string is sent unchanged (`text/plain` unless `headers` say otherwise), an object as JSON. Default: empty. */
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
}

/** A fault of one call. */
export type FaultAction =
  | { readonly kind: 'respond'; readonly response: FaultResponse }
  | { readonly kind: 'hang' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'lose-answer' };

/** Selects the calls that a fault applies to. */
export type FaultFilter = (call: SandboxCall) => boolean;

interface Rule<T> {
  readonly target: SandboxTarget;
  readonly effect: T;
  readonly when: FaultFilter;
  left: number;
}

/** The faults of single calls, in the order in which they were set. */
export class FaultRules {
  private actions: Rule<FaultAction>[] = [];
  private delays: Rule<number>[] = [];

  addAction(
    target: SandboxTarget,
    effect: FaultAction,
    left: number,
    when: FaultFilter = always,
  ): void {
    if (left <= 0) return;
    this.actions.push({ target, effect, left, when });
  }

  addDelay(target: SandboxTarget, effect: number, left: number): void {
    if (left <= 0) return;
    this.delays.push({ target, effect, left, when: always });
  }

  /** The fault of this call, if one is set. Counts as one use. */
  takeAction(call: SandboxCall): FaultAction | undefined {
    return take(this.actions, call);
  }

  /** The delay of this call in milliseconds. Counts as one use. */
  takeDelay(call: SandboxCall): number {
    return take(this.delays, call) ?? 0;
  }

  clear(): void {
    this.actions = [];
    this.delays = [];
  }
}

function always(): boolean {
  return true;
}

function take<T>(rules: Rule<T>[], call: SandboxCall): T | undefined {
  const index = rules.findIndex((rule) => rule.target === call.target && rule.when(call));
  const rule = rules[index];
  if (rule === undefined) return undefined;
  rule.left -= 1;
  if (rule.left <= 0) rules.splice(index, 1);
  return rule.effect;
}
