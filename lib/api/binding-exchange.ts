import { createHash } from 'node:crypto';
import type { Clock } from '../common/clock.js';
import { TtlSet } from '../common/ttl-map.js';
import type { LimeLogger } from '../common/logger.js';
import { ApiError, LimeError, RateLimitError } from '../errors/index.js';
import type { LimeApi } from './lime-api.js';

/** LIME's codes are far shorter. */
const MAX_CODE_LENGTH = 1_024;
/** A code is not sent twice within this time. LIME's codes live for about a minute. */
const REMEMBER_MS = 10 * 60_000;
/** Exchanges that may be in flight or refused before further codes have to wait. */
const MAX_ALLOWANCE = 50;
/** The allowance grows by one in this time. */
const REFILL_MS = 1_000;

export interface BindingExchangeOptions {
  api: Pick<LimeApi, 'exchangeBindingCode'>;
  /** Rejects while the passport that comes back could not be verified: the exchange would use up the code for nothing. */
  whenVerifiable: () => Promise<void>;
  clock: Clock;
  logger: LimeLogger;
}

/**
 * Exchanges one-time binding codes for passports. An attacker can make up codes, so the calls to LIME are bounded: a code is
 * sent once, and codes that LIME does not confirm use up an allowance of 50 exchanges, which refills by one a second.
 */
export class BindingExchange {
  readonly #options: BindingExchangeOptions;
  /** Digests, because codes are secrets. */
  readonly #sent: TtlSet;
  #allowance = MAX_ALLOWANCE;
  /** One warning for each flood, until the allowance is full again. */
  #warned = false;
  #refilledAt: number;

  constructor(options: BindingExchangeOptions) {
    this.#options = options;
    this.#sent = new TtlSet(options.clock);
    this.#refilledAt = options.clock.monotonic();
  }

  /**
   * @returns the binding passport, not verified.
   * @throws {ApiError} LIME refused the code.
   * @throws {LimeError} `INVALID_ARGUMENT` for a value that cannot be a code, `BINDING_CODE_USED` for a code that was sent
   * before, `KEYS_UNAVAILABLE`; otherwise as every call.
   * @throws {RateLimitError} `BINDING_EXCHANGE_LIMIT`: too many codes that LIME did not confirm.
   */
  async exchange(code: string): Promise<string> {
    checkCode(code);
    await this.#options.whenVerifiable();
    const digest = createHash('sha256').update(code).digest('base64url');
    if (this.#sent.has(digest)) {
      throw new LimeError(
        'BINDING_CODE_USED',
        'the binding code was exchanged before; a code is good for one exchange',
      );
    }
    this.#takeAllowance();
    this.#sent.add(digest, REMEMBER_MS);
    try {
      const passport = await this.#options.api.exchangeBindingCode(code);
      this.#allowance = Math.min(this.#allowance + 1, MAX_ALLOWANCE);
      return passport;
    } catch (error) {
      if (!isRefusedCode(error)) this.#sent.delete(digest);
      throw error;
    }
  }

  #takeAllowance(): void {
    const { clock, logger } = this.#options;
    const refills = Math.floor((clock.monotonic() - this.#refilledAt) / REFILL_MS);
    this.#refilledAt += refills * REFILL_MS;
    this.#allowance = Math.min(this.#allowance + refills, MAX_ALLOWANCE);
    if (this.#allowance === MAX_ALLOWANCE) this.#warned = false;
    if (this.#allowance > 0) {
      this.#allowance--;
      return;
    }
    if (!this.#warned) {
      logger.warn(
        `Binding codes limited: LIME did not confirm the last ${MAX_ALLOWANCE}; exchanging one a second, refusing the rest`,
      );
    }
    this.#warned = true;
    throw new RateLimitError(
      'BINDING_EXCHANGE_LIMIT',
      'LIME did not confirm too many binding codes; one more is exchanged each second',
      { retryAfterMs: REFILL_MS },
    );
  }
}

/** Whether LIME refused the binding code, as opposed to being out of reach or refusing the site. */
export function isRefusedCode(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  const status = error.httpStatus ?? 0;
  return status >= 400 && status < 500 && status !== 408;
}

function checkCode(code: unknown): void {
  if (typeof code === 'string' && code.trim() !== '' && code.length <= MAX_CODE_LENGTH) return;
  const got = typeof code === 'string' ? `a string of ${code.length} characters` : typeof code;
  throw new LimeError(
    'INVALID_ARGUMENT',
    `code must be a non-empty string of at most ${MAX_CODE_LENGTH} characters, got ${got}: pass the binding_code of the callback`,
  );
}
