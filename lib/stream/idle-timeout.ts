import type { Clock } from '../common/clock.js';

/** The shortest idle timeout, however frequent the keepalives. */
const MIN_TIMEOUT_MS = 15_000;
/** A stream is dead after this many of its longest recent keepalive intervals. */
const MISSED_KEEPALIVES = 3;
/** How many keepalive intervals count as recent. */
const RECENT_INTERVALS = 10;
/** Keepalives closer together than this, such as a comment and a frame sent as a pair, count as one. */
const SAME_KEEPALIVE_MS = 100;

/**
 * Detects a stream on which nothing arrives any more. The timeout is three times the longest recent keepalive interval,
 * so that a half-open connection is noticed within seconds; it is the read timeout until two keepalives have come.
 */
export class IdleTimeout {
  readonly #clock: Clock;
  readonly #readTimeoutMs: number;
  readonly #intervals: number[] = [];
  #lastByteAt = 0;
  #lastKeepaliveAt: number | undefined;
  #onTimeout: (idleMs: number) => void = () => undefined;
  #cancel: (() => void) | undefined;

  /** @param readTimeoutMs the longest timeout, in milliseconds (`sseReadTimeoutMs`). */
  constructor(clock: Clock, readTimeoutMs: number) {
    this.#clock = clock;
    this.#readTimeoutMs = readTimeoutMs;
  }

  /** The timeout in force, in milliseconds. */
  get timeoutMs(): number {
    if (this.#intervals.length === 0) return this.#readTimeoutMs;
    const learnt = Math.max(MIN_TIMEOUT_MS, MISSED_KEEPALIVES * Math.max(...this.#intervals));
    return Math.min(learnt, this.#readTimeoutMs);
  }

  /**
   * Watches a new connection. The keepalive intervals of earlier connections still count.
   * @param onTimeout called once with how long the stream was idle, in milliseconds.
   */
  start(onTimeout: (idleMs: number) => void): void {
    this.#onTimeout = onTimeout;
    this.resume();
  }

  /** Stops the timer while the stream is not read. */
  pause(): void {
    this.#cancel?.();
  }

  /** Starts the timer again, from zero. */
  resume(): void {
    this.pause();
    this.#lastKeepaliveAt = undefined; // the platform did not choose an interval that spans a pause
    this.received();
    this.#schedule();
  }

  /** Records that bytes arrived. */
  received(): void {
    this.#lastByteAt = this.#clock.monotonic();
  }

  /** Records that a keepalive arrived. */
  keepalive(): void {
    const now = this.#clock.monotonic();
    const interval = this.#lastKeepaliveAt === undefined ? undefined : now - this.#lastKeepaliveAt;
    if (interval !== undefined && interval < SAME_KEEPALIVE_MS) return;
    if (interval !== undefined) this.#remember(interval);
    this.#lastKeepaliveAt = now;
  }

  #remember(intervalMs: number): void {
    this.#intervals.push(intervalMs);
    if (this.#intervals.length > RECENT_INTERVALS) this.#intervals.shift();
  }

  /** Keeps one timer for the whole connection: a new one for each chunk would cost more than the chunk. */
  #schedule(confirmed = false): void {
    const idleMs = this.#clock.monotonic() - this.#lastByteAt;
    if (idleMs < this.timeoutMs) {
      // The timeout may shrink while the timer runs, but never below the minimum.
      const waitMs = Math.min(this.timeoutMs - idleMs, MIN_TIMEOUT_MS);
      this.#cancel = this.#clock.schedule(() => this.#schedule(), waitMs);
    } else if (!confirmed) {
      // After this process stalled, data may wait in the socket: it gets one turn to be read.
      this.#cancel = this.#clock.schedule(() => this.#schedule(true), 1);
    } else {
      // Counts as an interval, so that after a false alarm the next connection gets a longer timeout.
      this.#remember(idleMs);
      this.#onTimeout(idleMs);
    }
  }
}
