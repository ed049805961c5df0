import type { EventChannel } from './event-channel.js';
import type { FaultFilter, FaultResponse, FaultRules } from './fault-rules.js';
import { type SandboxRefusal, refusal } from './refusals.js';
import type { SandboxTarget } from './call-log.js';

/** A canned answer, and the calls that get it. */
export interface SandboxFaultResponse extends FaultResponse {
  /** The number of calls that get it. Default 1; `Infinity` until `clear()`. */
  times?: number;
  /** Selects calls of the target. Default: all of them. */
  when?: FaultFilter;
}

/**
 * Makes the sandbox misbehave. The faults of one target apply in the order in which they were set, for all kinds together.
 * A delay applies beside them.
 */
export class SandboxFaults {
  /** @internal */
  expiryMissed = false;

  constructor(
    private readonly rules: FaultRules,
    private readonly channel: EventChannel,
  ) {}

  /** Answers with this response instead of doing the work. */
  respond(target: SandboxTarget, { times = 1, when, ...response }: SandboxFaultResponse): void {
    this.rules.addAction(target, { kind: 'respond', response }, times, when);
  }

  /**
   * Answers with a refusal of the protocol instead of doing the work.
   *
   * @example
   * ```ts
   * lime.faults.refuse('events', 'SITE_TOKEN_AUTH_UNAVAILABLE'); // 503: the stream is refused once
   * ```
   */
  refuse(
    target: SandboxTarget,
    code: SandboxRefusal,
    { times = 1, when }: Pick<SandboxFaultResponse, 'times' | 'when'> = {},
  ): void {
    const { httpStatus: status = 500, message } = refusal(code);
    const body = { ok: false, error: { code, message } };
    this.rules.addAction(target, { kind: 'respond', response: { status, body } }, times, when);
  }

  /** Delays each call by `ms` milliseconds. Default: until `clear()`. */
  delay(target: SandboxTarget, ms: number, times = Infinity): void {
    this.rules.addDelay(target, ms, times);
  }

  /** Accepts the call and never answers. */
  hang(target: SandboxTarget, times = 1): void {
    this.rules.addAction(target, { kind: 'hang' }, times);
  }

  /** Resets the connection (RST) instead of doing the work. */
  reset(target: SandboxTarget, times = 1): void {
    this.rules.addAction(target, { kind: 'reset' }, times);
  }

  /** Does the work, then closes the connection instead of answering. */
  loseAnswer(target: SandboxTarget, times = 1): void {
    this.rules.addAction(target, { kind: 'lose-answer' }, times);
  }

  /** Ends all open streams cleanly. Earlier events still arrive. */
  dropStreams(): void {
    this.channel.endAll();
  }

  /** Resets all open streams (RST). */
  resetStreams(): void {
    this.channel.resetAll();
  }

  /** Half-open: the present streams stay open and count as open, but receive nothing. New streams work. */
  freezeStreams(): void {
    this.channel.freezeAll();
  }

  /** Ends {@link freezeStreams}. The events since the freeze arrive now. */
  unfreezeStreams(): void {
    this.channel.thawAll();
  }

  /** Sends no keepalives until {@link resumeKeepalives}. */
  pauseKeepalives(): void {
    this.channel.faults.keepalivesPaused = true;
  }

  /** Ends {@link pauseKeepalives}. */
  resumeKeepalives(): void {
    this.channel.faults.keepalivesPaused = false;
  }

  /** Drops the next events, and counts them as delivered. Default: until `clear()`. */
  loseEvents(count = Infinity): void {
    this.channel.faults.eventsToLose = count;
  }

  /** Sends each event `times` times, until `clear()`. */
  duplicateEvents(times = 2): void {
    this.channel.faults.copies = times;
  }

  /** Requests expire without an `expired` event; `expire(id)` still sends one. */
  missExpiry(): void {
    this.expiryMissed = true;
  }

  /** Removes every fault, and unfreezes streams. */
  clear(): void {
    this.rules.clear();
    this.channel.faults.eventsToLose = 0;
    this.channel.faults.copies = 1;
    this.resumeKeepalives();
    this.unfreezeStreams();
    this.expiryMissed = false;
  }
}
