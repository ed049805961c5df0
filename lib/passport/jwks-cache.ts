import type { KeyObject } from 'node:crypto';
import type { HttpClient } from '../api/http-client.js';
import type { Clock } from '../common/clock.js';
import type { LimeLogger } from '../common/logger.js';
import { copyError, InvalidPassportError, LimeError } from '../errors/index.js';
import { readJwks, type SigningKeys } from './signing-keys.js';

const JWKS_PATH = '/core/.well-known/jwks.json';
const MAX_JWKS_BYTES = 256 * 1024;

/** The JWKS is fresh up to this age (LIME, since September 2026). */
const CACHE_MAX_AGE_MS = 5 * 60_000;
/** Stale-while-revalidate (RFC 5861 section 3): up to this age it is used while a reload runs. A withdrawn key stops working then. */
const STALE_WHILE_REVALIDATE_AGE_MS = CACHE_MAX_AGE_MS + 5 * 60_000;
/** Stale-if-error (RFC 5861 section 4): up to this age it is used while the endpoint fails. */
const STALE_IF_ERROR_AGE_MS = 24 * 60 * 60_000;
/** Unknown key ids cause at most one reload in this time, because a forger can make up any number of them. */
const COOLDOWN_MS = 10_000;
/** Backoff while the endpoint fails: 1 s, 2 s, 4 s … */
const BACKOFF_BASE_MS = 1_000;
const BACKOFF_MAX_MS = 30_000;

export interface JwksCacheOptions {
  http: HttpClient;
  /** Per HTTP request, in milliseconds. */
  timeoutMs: number;
  clock: Clock;
  logger: LimeLogger;
}

/**
 * Fetches and caches the platform's JWKS (RFC 7517). Callers that need a reload at the same time share one.
 */
export class JwksCache {
  readonly #options: JwksCacheOptions;
  /** A new map with each successful reload. */
  #keys: SigningKeys = new Map();
  #fetchedAt = Number.NEGATIVE_INFINITY;
  /** When the last unknown key id caused a reload. */
  #cooldownFrom = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #retryAt = Number.NEGATIVE_INFINITY;
  #lastError: LimeError | undefined;
  #reloading: Promise<void> | undefined;
  #closed = false;

  constructor(options: JwksCacheOptions) {
    this.#options = options;
  }

  /** Stops the log lines about failures: connections that close break off a reload. */
  close(): void {
    this.#closed = true;
  }

  /**
   * Finds the key of a token, and reloads the JWKS if that is due.
   * @throws {InvalidPassportError} `PASSPORT_KEY_UNKNOWN`: the platform does not have this key.
   * @throws {LimeError} `KEYS_UNAVAILABLE`: the key is not cached and the endpoint fails.
   */
  async get(kid: string): Promise<KeyObject> {
    const usable = this.peek(kid);
    if (usable) return usable;
    if (this.#keys.has(kid)) await this.reload();
    else await this.#reloadForUnknown();
    const key = this.#ageMs() < STALE_IF_ERROR_AGE_MS ? this.#keys.get(kid) : undefined;
    if (key) return key;
    throw this.#lastError ? unavailable(this.#lastError) : unknownKey(kid);
  }

  /**
   * Fetches the JWKS unless it is cached.
   * @throws {LimeError} `KEYS_UNAVAILABLE`: it is not cached and the endpoint fails.
   */
  async load(): Promise<void> {
    if (this.#ageMs() < STALE_WHILE_REVALIDATE_AGE_MS) return;
    await this.reload();
    if (this.#lastError && this.#ageMs() >= STALE_IF_ERROR_AGE_MS)
      throw unavailable(this.#lastError);
  }

  /** Finds a cached key that may be used without a wait, and starts a reload in the background if that is due. */
  peek(kid: string): KeyObject | undefined {
    const ageMs = this.#ageMs();
    const key = ageMs < STALE_WHILE_REVALIDATE_AGE_MS ? this.#keys.get(kid) : undefined;
    if (key && ageMs >= CACHE_MAX_AGE_MS) void this.reload();
    return key;
  }

  /** Joins the reload that runs, or starts one unless the backoff forbids it. Never rejects. */
  async reload(): Promise<void> {
    if (!this.#reloading && this.#options.clock.monotonic() < this.#retryAt) return;
    this.#reloading ??= this.#fetch().finally(() => {
      this.#reloading = undefined;
    });
    await this.#reloading;
  }

  async #reloadForUnknown(): Promise<void> {
    const before = this.#keys;
    const coolingDown = this.#options.clock.monotonic() < this.#cooldownFrom + COOLDOWN_MS;
    if (coolingDown && before.size > 0 && !this.#reloading) return;
    await this.reload();
    // Neither the first JWKS nor a failure starts the cooldown: a failure has its own backoff.
    if (before.size > 0 && this.#keys !== before) this.#cooldownFrom = this.#fetchedAt;
  }

  #ageMs(): number {
    return this.#options.clock.monotonic() - this.#fetchedAt;
  }

  async #fetch(): Promise<void> {
    const { http, timeoutMs, clock, logger } = this.#options;
    try {
      const { status, text } = await http.call({
        method: 'GET',
        path: JWKS_PATH,
        authenticated: false,
        timeoutMs,
        maxBytes: MAX_JWKS_BYTES,
      });
      if (status !== 200) throw invalid(`GET ${JWKS_PATH} answered HTTP ${status}`, status);
      this.#keys = await readJwks(text);
      this.#fetchedAt = clock.monotonic();
      if (this.#lastError) logger.log('JWKS available again');
      this.#lastError = undefined;
      this.#failures = 0;
      this.#retryAt = Number.NEGATIVE_INFINITY;
    } catch (error) {
      this.#noteFailure(error);
    }
  }

  #noteFailure(thrown: unknown): void {
    const { clock, logger } = this.#options;
    const error = thrown instanceof LimeError ? thrown : invalid(copyError(thrown).message);
    if (!this.#lastError && !this.#closed) {
      const action =
        this.#keys.size > 0
          ? 'verifying with the cached keys'
          : 'signatures cannot be verified until a reload succeeds';
      logger.warn(`JWKS unavailable (${error.message}), ${action}`);
    }
    this.#lastError = error;
    const backoffMs = Math.min(BACKOFF_BASE_MS * 2 ** this.#failures++, BACKOFF_MAX_MS);
    this.#retryAt = clock.monotonic() + backoffMs;
  }
}

function invalid(message: string, httpStatus?: number): LimeError {
  return new LimeError('KEY_SET_INVALID', message, { httpStatus });
}

function unavailable(cause: LimeError): LimeError {
  return new LimeError('KEYS_UNAVAILABLE', `the JWKS is unavailable: ${cause.message}`, { cause });
}

function unknownKey(kid: string): InvalidPassportError {
  return new InvalidPassportError(
    'PASSPORT_KEY_UNKNOWN',
    'the key id (kid) of the JWT is not in the JWKS',
    { actual: kid.slice(0, 64) },
  );
}
