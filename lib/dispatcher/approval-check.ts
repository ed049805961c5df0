import { setMaxListeners } from 'node:events';
import { InvalidPassportError, LimeError, RequestExpiredError } from '../errors/index.js';
import type { PassportClaims } from '../interfaces/passport-claims.interface.js';
import { unverifiedExpiry } from '../passport/jws.js';
import { backoffDelay } from '../common/backoff.js';
import { type Clock, sleep } from '../common/clock.js';
import type { LimeLogger } from '../common/logger.js';
import type { Random } from '../common/random.js';

/** No passport lives longer (LIME), so no verification is worth trying for longer. */
const MAX_HOLD_MS = 120_000;
const RETRY_BACKOFF = { baseMs: 250, maxMs: 5_000 };

export interface ApprovalCheckOptions {
  /** Verifies a login passport against the request it came for. */
  verify: (passport: string, requestId: string) => Promise<PassportClaims>;
  clock: Clock;
  random: Random;
  logger: LimeLogger;
}

/** Verifies the passport of an approval, and holds the approval while the keys for that cannot be had. */
export class ApprovalCheck {
  readonly #options: ApprovalCheckOptions;
  readonly #stopping = new AbortController();
  #holding = 0;

  constructor(options: ApprovalCheckOptions) {
    this.#options = options;
    setMaxListeners(0, this.#stopping.signal); // as many as there are approvals that wait, which is no leak
  }

  /**
   * @param setAside called when the check begins to wait for keys; returns what is called when it goes on.
   * @param isWanted whether the claims are still of use; asked before each try.
   * @returns `undefined` when they no longer are.
   * @throws {LimeError} the passport broke a rule, or expired before its key could be had.
   */
  async claimsOf(
    passport: string,
    requestId: string,
    setAside: () => () => void,
    isWanted: () => boolean,
  ): Promise<PassportClaims | undefined> {
    const beganAt = this.#options.clock.now();
    let held = 0;
    try {
      while (isWanted()) {
        const claims = await this.#try(passport, requestId, beganAt);
        if (claims) return claims;
        if (held === 0) this.#noteHold(requestId);
        const takeBack = setAside();
        const pauseMs = backoffDelay(RETRY_BACKOFF, held++, this.#options.random);
        await sleep(this.#options.clock, pauseMs, this.#stopping.signal);
        takeBack();
      }
      return undefined;
    } finally {
      if (held > 0) this.#holding--;
    }
  }

  /** Those that are held get one last try. */
  stop(): void {
    this.#stopping.abort();
  }

  /** @returns `undefined` if it is worth another try later. */
  async #try(
    passport: string,
    requestId: string,
    beganAt: number,
  ): Promise<PassportClaims | undefined> {
    const { verify, clock } = this.#options;
    try {
      return await verify(passport, requestId);
    } catch (error) {
      if (!mayHeal(error) || this.#stopping.signal.aborted) throw error;
      if (clock.now() < deadlineOf(passport, beganAt)) return undefined;
      const message = 'the passport expired before its key could be had';
      throw new RequestExpiredError(message, { cause: error });
    }
  }

  /** One line when approvals begin to wait, none for each. */
  #noteHold(requestId: string): void {
    this.#holding++;
    if (this.#holding > 1) return;
    this.#options.logger.warn(
      `The approval of ${requestId} waits for LIME's signing keys (said once while any does)`,
    );
  }
}

function deadlineOf(passport: string, beganAt: number): number {
  const latest = beganAt + MAX_HOLD_MS;
  return Math.min(unverifiedExpiry(passport) ?? latest, latest);
}

/** Keys out of reach, or a key so new that the published set does not have it yet. */
function mayHeal(error: unknown): boolean {
  if (error instanceof InvalidPassportError) return error.code === 'PASSPORT_KEY_UNKNOWN';
  return error instanceof LimeError && error.code === 'KEYS_UNAVAILABLE';
}
