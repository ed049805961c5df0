import { backoffDelay, type Random } from '../common/backoff.js';
import type { LimeError } from '../errors/index.js';

/** How a connection ended. */
export interface StreamFailure {
  error: LimeError;
  /** How long the stream was open, in milliseconds; 0 if it never opened. */
  openForMs: number;
  /** The `Retry-After` of the response, in milliseconds. */
  retryAfterMs?: number | undefined;
}

export interface ReconnectPlan {
  /** `unauthorized` after a refusal of the site token, the path or the certificate. */
  state: 'reconnecting' | 'unauthorized';
  delayMs: number;
}

export interface ReconnectPolicyOptions {
  /** The first delay after a drop, in milliseconds. */
  baseMs: number;
  /** The longest delay after drops, in milliseconds. */
  maxMs: number;
  random: Random;
}

/** The backoff starts over after a stream that was open for at least this time. */
const HEALTHY_AFTER_MS = 60_000;
const REFUSED_BASE_MS = 30_000;
const REFUSED_MAX_MS = 300_000;
/** The jitter after refusals only lengthens the delay, up to this share, and never beyond the maximum. */
const REFUSED_JITTER = 0.2;
/** `retry:` and `Retry-After` count up to this multiple of the longest delay after drops. */
const SERVER_DELAY_FACTOR = 4;

/**
 * Decides when to reconnect: within seconds after a drop, every 30 s to 5 min after a refusal. More
 * frequent attempts do not make a refused token good, and a client that stops for good stays down when the fault is over.
 */
export class ReconnectPolicy {
  readonly #options: ReconnectPolicyOptions;
  #failures = 0;
  #regime: 'dropped' | 'refused' = 'dropped';
  #retryFieldMs = 0;

  constructor(options: ReconnectPolicyOptions) {
    this.#options = options;
  }

  /** Takes the stream's `retry:` field (WHATWG HTML, section 9.2.6), which holds until the next one. */
  useRetryField(ms: number): void {
    this.#retryFieldMs = ms;
  }

  next({ error, openForMs, retryAfterMs = 0 }: StreamFailure): ReconnectPlan {
    const state = isUnauthorized(error) ? 'unauthorized' : 'reconnecting';
    const regime = state === 'unauthorized' || isLastingAnswer(error) ? 'refused' : 'dropped';
    if (openForMs >= HEALTHY_AFTER_MS || regime !== this.#regime) this.#failures = 0;
    this.#regime = regime;

    const backoff =
      regime === 'refused'
        ? this.#refusedDelay()
        : backoffDelay(this.#options, this.#failures, this.#options.random);
    this.#failures++;
    return { state, delayMs: Math.max(backoff, this.#serverDelay(retryAfterMs)) };
  }

  #refusedDelay(): number {
    const floor = Math.min(
      REFUSED_BASE_MS * 2 ** this.#failures,
      REFUSED_MAX_MS / (1 + REFUSED_JITTER),
    );
    return floor * (1 + REFUSED_JITTER * this.#options.random());
  }

  #serverDelay(retryAfterMs: number): number {
    const { maxMs, random } = this.#options;
    const delay = Math.min(Math.max(retryAfterMs, this.#retryFieldMs), maxMs * SERVER_DELAY_FACTOR);
    return delay * (1 + 0.1 * random());
  }
}

function isUnauthorized({ code, httpStatus }: LimeError): boolean {
  return code === 'TLS_REFUSED' || httpStatus === 401 || httpStatus === 403 || httpStatus === 404;
}

/** An answer other than an event stream that seconds will not change: a redirect, 2xx, 4xx but 408 and 429. */
function isLastingAnswer({ code, httpStatus }: LimeError): boolean {
  if (code === 'UNEXPECTED_REDIRECT') return true;
  if (httpStatus === undefined) return false;
  return httpStatus < 500 && httpStatus !== 408 && httpStatus !== 429;
}
