import { createHash } from 'node:crypto';
import { ApiError, LimeError, RateLimitError } from '../errors/index.js';
import { ExpiringSet } from '../common/expiring-set.js';
import type { Clock } from '../common/clock.js';
import type { LimeLogger } from '../common/logger.js';
import type { LimeApi } from './lime-api.js';

/** LIME's codes are far shorter. */
const MAX_CODE_LENGTH = 1_024;
/** A code is not sent twice within this time. LIME's codes live for about a minute. */
const REMEMBERED_MS = 10 * 60_000;
/** Exchanges that may be in flight or may have failed, before further codes have to wait. */
const MAX_ALLOWANCE = 50;
/** One more exchange is allowed after each of these intervals. */
const REFILL_MS = 1_000;

export interface BindingExchangeOptions {
  api: Pick<LimeApi, 'exchangeBindingCode'>;
  clock: Clock;
  logger: LimeLogger;
}

/**
 * Exchanges one-time binding codes for passports. Anybody can make up codes, so what they cost LIME is bounded: a code is sent
 * once, and codes that LIME does not confirm use up an allowance of 50 exchanges, which refills by one a second.
 */
export class BindingExchange {
  readonly #options: BindingExchangeOptions;
  /** Digests of the codes that were sent: the codes themselves are secrets. */
  readonly #sent: ExpiringSet;
  #allowance = MAX_ALLOWANCE;
  /** One warning a flood: until the allowance is whole again. */
  #warned = false;
  #refilledAt: number;

  constructor(options: BindingExchangeOptions) {
    this.#options = options;
    this.#sent = new ExpiringSet(options.clock);
    this.#refilledAt = options.clock.monotonic();
  }

  /**
   * @returns the binding passport, not verified.
   * @throws {ApiError} LIME refuses the code.
   * @throws {LimeError} `INVALID_ARGUMENT` for what cannot be a code, `BINDING_CODE_USED` for one that was exchanged before,
   * and as every call.
   * @throws {RateLimitError} `BINDING_EXCHANGE_LIMIT`: too many codes that LIME did not confirm.
   */
  async exchange(code: string): Promise<string> {
    assertCode(code);
    const digest = createHash('sha256').update(code).digest('base64url');
    if (this.#sent.has(digest)) {
      throw new LimeError(
        'BINDING_CODE_USED',
        'the binding code was exchanged before; it is good for one exchange',
      );
    }
    this.#takeAllowance();
    this.#sent.add(digest, REMEMBERED_MS);
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
    const before = this.#allowance;
    this.#allowance = Math.min(before + refills, MAX_ALLOWANCE);
    this.#refilledAt += refills * REFILL_MS;
    if (this.#allowance === MAX_ALLOWANCE) this.#warned = false;
    if (this.#allowance > 0) {
      this.#allowance--;
      return;
    }
    if (!this.#warned) {
      this.#warned = true;
      logger.warn(
        `LIME did not confirm the last ${MAX_ALLOWANCE} binding codes; one more is exchanged each second, the rest are refused`,
      );
    }
    throw new RateLimitError(
      'BINDING_EXCHANGE_LIMIT',
      'too many binding codes that LIME did not confirm; one more is exchanged each second',
      { retryAfterMs: REFILL_MS },
    );
  }
}

/** Whether LIME says that a binding code is not good, as opposed to LIME being out of reach or refusing the site. */
export function isRefusedCode(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  const status = error.httpStatus ?? 0;
  return status >= 400 && status < 500 && status !== 408;
}

function assertCode(code: unknown): void {
  if (typeof code === 'string' && code.trim() !== '' && code.length <= MAX_CODE_LENGTH) return;
  throw new LimeError(
    'INVALID_ARGUMENT',
    `code must be a non-empty string of at most ${MAX_CODE_LENGTH} characters: pass the binding_code of the callback`,
  );
}
