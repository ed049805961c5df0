import { InvalidPassportError, LimeError } from '../errors/index.js';
import type { HttpTransport } from '../api/http-transport.js';
import type { Clock } from '../common/clock.js';
import type { LimeLogger } from '../common/logger.js';
import { type KeySet, readKeySet } from './key-set.js';
import type { SigningKey } from './signing-key.js';

const JWKS_PATH = '/core/.well-known/jwks.json';
const MAX_KEY_SET_BYTES = 256 * 1024;
/** A key set is fresh for so long (LIME, since September 2026). */
const REFRESH_AFTER_MS = 5 * 60_000;
/** Stale-while-revalidate (RFC 5861 section 3): for 5 min more it is used while a refresh runs. A withdrawn key stops working then. */
const STALE_AFTER_MS = REFRESH_AFTER_MS + 5 * 60_000;
/** Stale-if-error (RFC 5861 section 4): the last good key set is used for a day while the endpoint fails. */
const DISTRUSTED_AFTER_MS = 24 * 60 * 60_000;
/** Unknown key ids cause at most one fetch in this time: whoever forges passports can make up any number of them. */
const UNKNOWN_KID_COOL_DOWN_MS = 10_000;
/** While the endpoint fails: 1 s, 2 s, 4 s … between tries, up to the maximum. */
const FAILURE_PAUSE_BASE_MS = 1_000;
const FAILURE_PAUSE_MAX_MS = 30_000;

export interface JwksSourceOptions {
  transport: HttpTransport;
  /** Per HTTP request, in milliseconds. */
  timeoutMs: number;
  clock: Clock;
  logger: LimeLogger;
}

/**
 * The platform's signing keys (RFC 7517), fetched when needed, by one flight for all who wait.
 * While the endpoint fails the last good set keeps serving, for a day.
 */
export class JwksSource {
  readonly #options: JwksSourceOptions;
  #keys: KeySet = new Map();
  #fetchedAt = Number.NEGATIVE_INFINITY;
  /** How many succeeded. */
  #fetches = 0;
  #askedForUnknownAt = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #failedAt = Number.NEGATIVE_INFINITY;
  #lastError: LimeError | undefined;
  #flight: Promise<void> | undefined;
  #closed = false;

  constructor(options: JwksSourceOptions) {
    this.#options = options;
  }

  /** Fetches ahead of the first passport. Never rejects. */
  async warm(): Promise<void> {
    await this.#refresh();
  }

  /** The connections are about to go: a fetch under way that breaks off is no news. */
  close(): void {
    this.#closed = true;
  }

  /**
   * @throws {InvalidPassportError} `PASSPORT_KEY_UNKNOWN`: the platform has no such key.
   * @throws {LimeError} `KEYS_UNAVAILABLE`: the key is not at hand and the endpoint cannot be asked now.
   */
  async key(kid: string): Promise<SigningKey> {
    const atHand = this.peek(kid);
    if (atHand) return atHand;
    if (this.#keys.has(kid)) await this.#refresh();
    else await this.#refreshForUnknown();
    const key = this.#since(this.#fetchedAt) < DISTRUSTED_AFTER_MS && this.#keys.get(kid);
    if (key) return key;
    throw this.#lastError ? unavailable(this.#lastError) : unknown(kid);
  }

  /** The key if it is at hand and fresh enough to be used without asking. Starts a refresh beside when that is due. */
  peek(kid: string): SigningKey | undefined {
    const age = this.#since(this.#fetchedAt);
    const key = age < STALE_AFTER_MS ? this.#keys.get(kid) : undefined;
    if (key && age >= REFRESH_AFTER_MS) void this.#refresh();
    return key;
  }

  #since(moment: number): number {
    return this.#options.clock.monotonic() - moment;
  }

  async #refreshForUnknown(): Promise<void> {
    const coolingDown = this.#since(this.#askedForUnknownAt) < UNKNOWN_KID_COOL_DOWN_MS;
    if (coolingDown && this.#keys.size > 0 && !this.#flight) return;
    const { size } = this.#keys;
    const before = this.#fetches;
    await this.#refresh();
    // The first set of all uses nothing up; nor does a fetch that failed, or was not made because one failed: that has
    // its own pause.
    if (size > 0 && this.#fetches > before) this.#askedForUnknownAt = this.#fetchedAt;
  }

  /** Joins the flight under way, or starts one unless the endpoint failed a moment ago. Never rejects. */
  #refresh(): Promise<void> {
    if (!this.#flight && this.#since(this.#failedAt) < this.#failurePauseMs()) {
      return Promise.resolve();
    }
    this.#flight ??= this.#fetch().finally(() => {
      this.#flight = undefined;
    });
    return this.#flight;
  }

  #failurePauseMs(): number {
    if (this.#failures === 0) return 0;
    return Math.min(FAILURE_PAUSE_BASE_MS * 2 ** (this.#failures - 1), FAILURE_PAUSE_MAX_MS);
  }

  async #fetch(): Promise<void> {
    const { clock, logger } = this.#options;
    try {
      this.#keys = await this.#load();
      this.#fetchedAt = clock.monotonic();
      this.#fetches++;
      if (this.#lastError) logger.log("LIME's signing keys can be had again");
      this.#failures = 0;
      this.#lastError = undefined;
    } catch (thrown) {
      const error =
        thrown instanceof LimeError
          ? thrown
          : new LimeError('KEY_SET_INVALID', 'the key set could not be read', { cause: thrown });
      if (!this.#lastError && !this.#closed) {
        const meanwhile =
          this.#keys.size > 0 ? 'the last good set keeps serving' : 'passports have to wait';
        logger.warn(`LIME's signing keys cannot be fetched: ${error.message}; ${meanwhile}`);
      }
      this.#failures++;
      this.#failedAt = clock.monotonic();
      this.#lastError = error;
    }
  }

  async #load(): Promise<KeySet> {
    const answer = await this.#options.transport.call({
      method: 'GET',
      path: JWKS_PATH,
      authenticated: false,
      timeoutMs: this.#options.timeoutMs,
      maxBytes: MAX_KEY_SET_BYTES,
    });
    if (answer.status !== 200) {
      throw new LimeError('KEY_SET_INVALID', `GET ${JWKS_PATH} answered HTTP ${answer.status}`, {
        httpStatus: answer.status,
      });
    }
    return readKeySet(answer.text);
  }
}

function unavailable(cause: LimeError): LimeError {
  return new LimeError('KEYS_UNAVAILABLE', "LIME's signing keys cannot be had at the moment", {
    cause,
  });
}

function unknown(kid: string): InvalidPassportError {
  return new InvalidPassportError(
    'PASSPORT_KEY_UNKNOWN',
    'the passport names a key that LIME does not have',
    { actual: kid.slice(0, 64) },
  );
}
