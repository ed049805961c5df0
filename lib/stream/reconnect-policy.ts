import type { LimeError } from '../errors/index.js';
import { backoffDelay } from '../common/backoff.js';
import type { Random } from '../common/random.js';

/** What an end of the stream tells about the next attempt. */
export interface StreamFailure {
  error: LimeError;
  /** How long the stream was open; 0 if it never opened. */
  openForMs: number;
  /** What the answer's `Retry-After` said. */
  retryAfterMs?: number | undefined;
}

export interface ReconnectPlan {
  /** `unauthorized` when the refusal is about who we are, or who they are. */
  state: 'reconnecting' | 'unauthorized';
  delayMs: number;
}

export interface ReconnectPolicyOptions {
  /** First delay after a drop, in milliseconds. */
  baseMs: number;
  /** Longest delay after drops, in milliseconds. */
  maxMs: number;
  random: Random;
}

/** A stream that lived this long was healthy: its end starts the back-off anew. */
const HEALTHY_AFTER_MS = 60_000;
const REFUSED_BASE_MS = 30_000;
const REFUSED_MAX_MS = 300_000;
/** Refusals wait up to this share longer than their back-off, never shorter, and never beyond their maximum. */
const REFUSED_JITTER = 0.2;
/** The server's own wishes count up to this multiple of the longest drop delay. */
const SERVER_WISH_FACTOR = 4;

/**
 * When to connect again. Drops are met within seconds; refusals every 30 s to 5 min, for ever: hammering a bad token
 * helps nobody, and a login service that gives up for good is worse than one request in five minutes.
 */
export class ReconnectPolicy {
  readonly #options: ReconnectPolicyOptions;
  #failures = 0;
  /** `refused`: what stands in the way will not heal within seconds. */
  #regime: 'dropped' | 'refused' = 'dropped';
  #serverRetryMs = 0;

  constructor(options: ReconnectPolicyOptions) {
    this.#options = options;
  }

  /** The stream's `retry:` field (WHATWG HTML, section 9.2.6); holds until the server says otherwise. */
  serverWishes(retryMs: number): void {
    this.#serverRetryMs = retryMs;
  }

  next({ error, openForMs, retryAfterMs = 0 }: StreamFailure): ReconnectPlan {
    const state = isUnauthorized(error) ? 'unauthorized' : 'reconnecting';
    const regime = state === 'unauthorized' || isNoStream(error) ? 'refused' : 'dropped';
    if (openForMs >= HEALTHY_AFTER_MS || regime !== this.#regime) this.#failures = 0;
    this.#regime = regime;

    const backoff =
      regime === 'refused'
        ? this.#refusedDelay()
        : backoffDelay(this.#options, this.#failures, this.#options.random);
    this.#failures++;
    return { state, delayMs: Math.max(backoff, this.#wishedDelay(retryAfterMs)) };
  }

  #refusedDelay(): number {
    const floor = Math.min(
      REFUSED_BASE_MS * 2 ** this.#failures,
      REFUSED_MAX_MS / (1 + REFUSED_JITTER),
    );
    return floor * (1 + REFUSED_JITTER * this.#options.random());
  }

  #wishedDelay(retryAfterMs: number): number {
    const { maxMs, random } = this.#options;
    const wished = Math.min(
      Math.max(retryAfterMs, this.#serverRetryMs),
      maxMs * SERVER_WISH_FACTOR,
    );
    return wished * (1 + 0.1 * random());
  }
}

function isUnauthorized({ code, httpStatus }: LimeError): boolean {
  return code === 'TLS_REFUSED' || httpStatus === 401 || httpStatus === 403 || httpStatus === 404;
}

/** An answer that is no event stream, and no passing trouble either. */
function isNoStream({ httpStatus }: LimeError): boolean {
  if (httpStatus === undefined) return false;
  return httpStatus < 500 && httpStatus !== 408 && httpStatus !== 429;
}
