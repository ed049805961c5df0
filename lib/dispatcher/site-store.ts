import { from, mergeMap } from 'rxjs';
import { backoffDelay, type Random } from '../common/backoff.js';
import { type Clock, sleep } from '../common/clock.js';
import type { LimeLogger } from '../common/logger.js';
import type { RootContext } from '../common/root-context.js';
import { TtlSet } from '../common/ttl-map.js';
import { copyError, LimeError, reasonOf } from '../errors/index.js';
import type { LimeSiteStore, LimeStoreKind } from '../interfaces/store.interface.js';

/** A passport that LIME issued at the last moment lives for two more minutes, and clocks differ. */
const PASSPORT_GRACE_MS = 3 * 60_000;
/** Entries that are written at once when many are remembered. */
const WRITES_AT_ONCE = 10;
const BACKOFF = { baseMs: 100, maxMs: 2_000 };

export interface SiteStoreOptions {
  /** What outlives this process, or is shared with other replicas, if the site has it. */
  shared: LimeSiteStore | undefined;
  /** Where retries run, whichever request started them. */
  root: RootContext;
  clock: Clock;
  random: Random;
  logger: LimeLogger;
}

interface Entry {
  readonly kind: LimeStoreKind;
  readonly id: string;
  readonly expiresAt: Date;
}

/**
 * Knows the logins and bindings that this site started or received, and the passports that were used: in the memory of this process,
 * and in the shared store if there is one.
 */
export class SiteStore implements LimeSiteStore {
  readonly #options: SiteStoreOptions;
  readonly #known: Record<LimeStoreKind, TtlSet>;
  readonly #used: TtlSet;
  /** Entries that the shared store has not accepted yet. Their number is that of the requests of an outage. */
  readonly #unwritten = new Set<Entry>();
  readonly #stopping = new AbortController();
  #warned = false;

  constructor(options: SiteStoreOptions) {
    const { clock } = options;
    this.#options = options;
    this.#known = { login: new TtlSet(clock), binding: new TtlSet(clock) };
    this.#used = new TtlSet(clock);
  }

  /** Remembers in this process only. */
  keep(kind: LimeStoreKind, id: string, expiresAt: Date): void {
    this.#known[kind].add(id, this.#remainingMs(expiresAt) + PASSPORT_GRACE_MS);
  }

  /** Whether this process knows it. */
  keeps(kind: LimeStoreKind, id: string): boolean {
    return this.#known[kind].has(id);
  }

  /** Waits for the first attempt at the shared store. If that fails, it is retried in the background. Never rejects. */
  async remember(kind: LimeStoreKind, id: string, expiresAt: Date): Promise<void> {
    this.keep(kind, id, expiresAt);
    await this.#write({ kind, id, expiresAt });
  }

  /** Remembers many logins: at once in this process, a few at a time in the shared store. */
  rememberLogins(requests: readonly { requestId: string; expiresAt: Date }[]): void {
    for (const { requestId, expiresAt } of requests) this.keep('login', requestId, expiresAt);
    if (!this.#options.shared) return;
    const write = ({ requestId, expiresAt }: { requestId: string; expiresAt: Date }) =>
      this.#write({ kind: 'login', id: requestId, expiresAt });
    from(requests).pipe(mergeMap(write, WRITES_AT_ONCE)).subscribe();
  }

  /** @throws {LimeError} of the shared store: this process does not know it, and the store is unavailable. */
  async knows(kind: LimeStoreKind, id: string): Promise<boolean> {
    if (this.keeps(kind, id)) return true;
    return (await this.#options.shared?.knows(kind, id)) ?? false;
  }

  /** @throws {LimeError} of the shared store: it is unavailable. */
  async claim(key: string, expiresAt: Date): Promise<boolean> {
    if (this.#used.has(key)) return false;
    const { shared } = this.#options;
    if (shared && !(await shared.claim(key, expiresAt))) return false;
    if (this.#used.has(key)) return false; // of two at the same instant, should the shared store accept both
    this.#used.add(key, this.#remainingMs(expiresAt) + PASSPORT_GRACE_MS);
    return true;
  }

  /** Ends the retries. */
  stop(): void {
    this.#stopping.abort();
  }

  async #write(entry: Entry): Promise<void> {
    const { shared } = this.#options;
    if (!shared) return;
    // While the store is unavailable, only the retries call it.
    if (this.#unwritten.size === 0 && (await this.#isWritten(shared, entry))) return;
    this.#unwritten.add(entry);
    if (this.#unwritten.size === 1) void this.#options.root.run(() => this.#retry(shared));
  }

  async #isWritten(shared: LimeSiteStore, { kind, id, expiresAt }: Entry): Promise<boolean> {
    try {
      await shared.remember(kind, id, expiresAt);
      return true;
    } catch (error) {
      this.#report(`The ${kind} ${id} is not stored yet: ${reasonOf(error)}`, error);
      return false;
    }
  }

  /** Writes one entry after another, with backoff after each failure. */
  async #retry(shared: LimeSiteStore): Promise<void> {
    const { clock, random, logger } = this.#options;
    const { signal } = this.#stopping;
    let failures = 1;
    for (let [entry] = this.#unwritten; entry; [entry] = this.#unwritten) {
      if (failures > 0) await sleep(clock, backoffDelay(BACKOFF, failures - 1, random), signal);
      if (signal.aborted) return;
      const isOver = entry.expiresAt.getTime() + PASSPORT_GRACE_MS < clock.now();
      const isDone = isOver || (await this.#isWritten(shared, entry));
      failures = isDone ? 0 : failures + 1;
      this.#unwritten.delete(entry);
      if (!isDone) this.#unwritten.add(entry); // behind the others, which may be accepted
    }
    if (!this.#warned) return;
    this.#warned = false;
    logger.log('The store has every login and binding again');
  }

  /** Warns once for each outage of the application's store; the cluster reports its own. */
  #report(message: string, error: unknown): void {
    const { logger } = this.#options;
    const isOutage = error instanceof LimeError && error.code === 'STORE_UNAVAILABLE';
    if (!isOutage || this.#warned) return logger.debug(message);
    this.#warned = true;
    logger.warn(
      `${message}. The module retries; until then only this process knows it (further ones are not logged)`,
    );
  }

  #remainingMs(expiresAt: Date): number {
    return Math.max(0, expiresAt.getTime() - this.#options.clock.now());
  }
}

export interface CheckedStoreOptions {
  /** What a call may take, in milliseconds. */
  timeoutMs: number;
  /** Removed from errors of the store. */
  secrets: readonly string[];
  clock: Clock;
}

/**
 * The store of the application, whose answers are checked. Every method rejects with a {@link LimeError} `STORE_UNAVAILABLE` when the store
 * throws, does not answer in time, or answers with anything but a boolean where the guards need one.
 */
export class CheckedStore implements LimeSiteStore {
  constructor(
    private readonly store: LimeSiteStore,
    private readonly options: CheckedStoreOptions,
  ) {}

  async remember(kind: LimeStoreKind, id: string, expiresAt: Date): Promise<void> {
    await this.#call('remember', () => this.store.remember(kind, id, withGrace(expiresAt)));
  }

  async knows(kind: LimeStoreKind, id: string): Promise<boolean> {
    return toBoolean('knows', await this.#call('knows', () => this.store.knows(kind, id)));
  }

  async claim(key: string, expiresAt: Date): Promise<boolean> {
    const answer = await this.#call('claim', () => this.store.claim(key, withGrace(expiresAt)));
    return toBoolean('claim', answer);
  }

  #call(method: string, call: () => unknown): Promise<unknown> {
    const { timeoutMs, secrets, clock } = this.options;
    return new Promise((resolve, reject) => {
      const cancelTimeout = clock.schedule(
        () => reject(unavailable(method, `did not answer within ${timeoutMs} ms (timeoutMs)`)),
        timeoutMs,
      );
      void Promise.resolve()
        .then(call)
        .then(resolve, (error: unknown) => {
          const reason = reasonOf(error, secrets);
          reject(unavailable(method, `failed: ${reason}`, copyError(error, secrets)));
        })
        .finally(cancelTimeout);
    });
  }
}

function withGrace(expiresAt: Date): Date {
  return new Date(expiresAt.getTime() + PASSPORT_GRACE_MS);
}

function toBoolean(method: string, answer: unknown): boolean {
  if (typeof answer === 'boolean') return answer;
  throw unavailable(method, `answered with ${typeof answer} instead of true or false`);
}

function unavailable(method: string, problem: string, cause?: Error): LimeError {
  const message = `${method}() of the store ${problem}`;
  return new LimeError('STORE_UNAVAILABLE', message, { ...(cause && { cause }) });
}
