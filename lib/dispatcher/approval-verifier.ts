import { setMaxListeners } from 'node:events';
import { backoffDelay, type Random } from '../common/backoff.js';
import { type Clock, sleep } from '../common/clock.js';
import type { LimeLogger } from '../common/logger.js';

import { InvalidPassportError, LimeError, RequestExpiredError } from '../errors/index.js';
import type { PassportClaims } from '../interfaces/passport-claims.interface.js';
import { unverifiedExpiry } from '../passport/jws.js';
import type { InFlight } from './in-flight.js';

/** No passport lives longer (LIME), so a verification is not retried for longer. */
const MAX_HOLD_MS = 120_000;
const RETRY_BACKOFF = { baseMs: 250, maxMs: 5_000 };

export interface ApprovalVerifierOptions {
  /** Verifies a login passport against the request that it came for. */
  verify: (passport: string, requestId: string) => Promise<PassportClaims>;
  inFlight: InFlight;
  clock: Clock;
  random: Random;
  logger: LimeLogger;
}

/** The verifications of one request that are running, and the work that waits for their end. */
interface Verifications {
  running: number;
  readonly deferred: (() => void)[];
}

/** Verifies the passports of approvals. Holds and retries an approval while its key cannot be fetched. */
export class ApprovalVerifier {
  readonly #options: ApprovalVerifierOptions;
  readonly #stopping = new AbortController();
  readonly #verifications = new Map<string, Verifications>();
  #held = 0;

  constructor(options: ApprovalVerifierOptions) {
    this.#options = options;
    setMaxListeners(0, this.#stopping.signal); // one listener for each approval that is held
  }

  isVerifying(requestId: string): boolean {
    return this.#verifications.has(requestId);
  }

  /** Runs work that verifies an approval. A bad approval that waits for a key does not hold up the good one behind it. */
  async run(requestId: string, work: () => Promise<void>): Promise<void> {
    const verifications = this.#verifications.get(requestId) ?? { running: 0, deferred: [] };
    this.#verifications.set(requestId, verifications);
    verifications.running++;
    await work();
    verifications.running--;
    if (verifications.running > 0) return;
    this.#verifications.delete(requestId);
    for (const deferred of verifications.deferred) deferred();
  }

  /** Defers work until the approvals of this request are verified. @returns `false` if none is being verified. */
  defer(requestId: string, work: () => void): boolean {
    const verifications = this.#verifications.get(requestId);
    verifications?.deferred.push(work);
    return verifications !== undefined;
  }

  /**
   * @param isWanted whether the claims are still of use; called before each attempt.
   * @returns `undefined` when they no longer are.
   * @throws {LimeError} the passport broke a rule, or expired before its key could be fetched.
   */
  async claimsOf(
    passport: string,
    requestId: string,
    isWanted: () => boolean,
  ): Promise<PassportClaims | undefined> {
    const { inFlight, clock, random } = this.#options;
    const beganAt = clock.now();
    let retries = 0;
    try {
      while (isWanted()) {
        const claims = await this.#attempt(passport, requestId, beganAt);
        if (claims) return claims;
        if (retries === 0) this.#onHeld(requestId);
        const resume = inFlight.suspend();
        await sleep(clock, backoffDelay(RETRY_BACKOFF, retries++, random), this.#stopping.signal);
        resume();
      }
      return undefined;
    } finally {
      if (retries > 0) this.#held--;
    }
  }

  /** Gives the approvals that are held one last attempt. */
  stop(): void {
    this.#stopping.abort();
  }

  /** @returns `undefined` if a later attempt may succeed. */
  async #attempt(
    passport: string,
    requestId: string,
    beganAt: number,
  ): Promise<PassportClaims | undefined> {
    const { verify, clock } = this.#options;
    try {
      return await verify(passport, requestId);
    } catch (error) {
      if (!isRetryable(error) || this.#stopping.signal.aborted) throw error;
      if (clock.now() < deadlineOf(passport, beganAt)) return undefined;
      const message = 'the passport expired before its key could be fetched';
      throw new RequestExpiredError(message, { cause: error });
    }
  }

  /** Logs the first approval that is held, not each one. */
  #onHeld(requestId: string): void {
    this.#held++;
    if (this.#held > 1) return;
    this.#options.logger.warn(
      `Holding the approval of ${requestId} until LIME's JWKS can be fetched (further ones are not logged)`,
    );
  }
}

function deadlineOf(passport: string, beganAt: number): number {
  const latest = beganAt + MAX_HOLD_MS;
  return Math.min(unverifiedExpiry(passport) ?? latest, latest);
}

/** The JWKS is out of reach, or the key is so new that the published set does not have it yet. */
function isRetryable(error: unknown): boolean {
  if (error instanceof InvalidPassportError) return error.code === 'PASSPORT_KEY_UNKNOWN';
  return error instanceof LimeError && error.code === 'KEYS_UNAVAILABLE';
}
