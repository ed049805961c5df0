import type { Clock } from '../common/clock.js';

/** No rhythm, however quick, makes a shorter silence suspicious. */
const SHORTEST_LIMIT_MS = 15_000;
/** A stream is dead after so many of its own longest recent intervals. */
const MISSED_BEATS = 3;
/** How many intervals count as recent. */
const REMEMBERED_INTERVALS = 10;
/** Keepalives closer together than this, such as a comment and a frame sent as a pair, are one beat. */
const ONE_BEAT_MS = 100;

/**
 * Notices a line on which nothing comes any more. Until the platform has shown a rhythm the limit is the read
 * time-out; once keepalives came, it is three times their longest recent interval, so that a half-open connection is
 * found in seconds and not after five minutes.
 */
export class SilenceWatch {
  readonly #clock: Clock;
  readonly #readTimeoutMs: number;
  readonly #intervals: number[] = [];
  #lastByteAt = 0;
  #lastBeatAt: number | undefined;
  #onSilence: (silentForMs: number) => void = () => undefined;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, readTimeoutMs: number) {
    this.#clock = clock;
    this.#readTimeoutMs = readTimeoutMs;
  }

  /** How much silence is too much now, in milliseconds. */
  get limitMs(): number {
    if (this.#intervals.length === 0) return this.#readTimeoutMs;
    const byRhythm = Math.max(SHORTEST_LIMIT_MS, MISSED_BEATS * Math.max(...this.#intervals));
    return Math.min(byRhythm, this.#readTimeoutMs);
  }

  /** Begins to listen on a new connection. The rhythm learnt on earlier ones still counts. */
  start(onSilence: (silentForMs: number) => void): void {
    this.#onSilence = onSilence;
    this.resume();
  }

  /** Nobody listens for a while, so silence means nothing. */
  pause(): void {
    this.#cancel?.();
  }

  resume(): void {
    this.pause();
    this.#lastBeatAt = undefined; // an interval that spans a pause is not the platform's
    this.heard();
    this.#arm();
  }

  /** Something came. */
  heard(): void {
    this.#lastByteAt = this.#clock.monotonic();
  }

  /** A keepalive came. */
  beat(): void {
    const now = this.#clock.monotonic();
    const interval = this.#lastBeatAt === undefined ? undefined : now - this.#lastBeatAt;
    if (interval !== undefined && interval < ONE_BEAT_MS) return;
    if (interval !== undefined) this.#remember(interval);
    this.#lastBeatAt = now;
  }

  #remember(intervalMs: number): void {
    this.#intervals.push(intervalMs);
    if (this.#intervals.length > REMEMBERED_INTERVALS) this.#intervals.shift();
  }

  /** One timer for the whole connection, set anew when it runs out: one for each chunk would cost more than the chunk. */
  #arm(confirmed = false): void {
    const silentForMs = this.#clock.monotonic() - this.#lastByteAt;
    if (silentForMs >= this.limitMs && !confirmed) {
      // After a stall of this process data may already wait in the socket: it gets a turn to be read.
      this.#cancel = this.#clock.schedule(() => this.#arm(true), 1);
      return;
    }
    if (silentForMs >= this.limitMs) {
      // Counts as an interval: if the alarm was false, the next line is judged more patiently instead of for ever alike.
      this.#remember(silentForMs);
      return this.#onSilence(silentForMs);
    }
    // The limit may shrink while the timer runs, so it never sleeps longer than the shortest limit there is.
    const waitMs = Math.min(this.limitMs - silentForMs, SHORTEST_LIMIT_MS);
    this.#cancel = this.#clock.schedule(() => this.#arm(), waitMs);
  }
}
