import type { Observable } from 'rxjs';
import type { PassportClaims } from '../passport/index.js';
import { type Clock, type LimeLogger, type Random, sleep } from '../ports/index.js';
import { ApprovalCheck } from './approval-check.js';
import { HandlerRegistry } from './handler-registry.js';
import { InHand } from './in-hand.js';
import { LocalExpiry } from './local-expiry.js';
import { LoginDelivery } from './login-delivery.js';
import type { LimeLoginEvent, LimeLoginRejection } from './login-event.js';
import { LoginIntake } from './login-intake.js';
import { LoginLedger } from './login-ledger.js';
import { emptyStats, type LimeStats } from './login-stats.js';
import { MissedLogins } from './missed-logins.js';

export interface LoginDeskOptions {
  concurrency: number;
  handlerTimeoutMs: number;
  shutdownTimeoutMs: number;
  /** Verifies a login passport against the request it came for. */
  verify: (passport: string, requestId: string) => Promise<PassportClaims>;
  /** The status of a request on the platform now. */
  statusOf: (requestId: string) => Promise<string>;
  clock: Clock;
  random: Random;
  logger: LimeLogger;
}

/** The way of a login through this process, from the frame to the last handler. */
export class LoginDesk {
  readonly handlers = new HandlerRegistry();
  readonly stats: LimeStats = emptyStats();
  readonly #options: LoginDeskOptions;
  readonly #inHand = new InHand();
  readonly #ledger: LoginLedger;
  readonly #check: ApprovalCheck;
  readonly #delivery: LoginDelivery;
  readonly #intake: LoginIntake;
  readonly #expiry: LocalExpiry;
  readonly #missed: MissedLogins;

  constructor(options: LoginDeskOptions) {
    const { clock } = options;
    const shared = { ...options, handlers: this.handlers, stats: this.stats, inHand: this.#inHand };
    this.#options = options;
    const ledger = new LoginLedger(clock);
    this.#ledger = ledger;
    this.#check = new ApprovalCheck(options);
    this.#delivery = new LoginDelivery(shared);
    this.#intake = new LoginIntake({
      ...shared,
      ledger,
      check: this.#check,
      delivery: this.#delivery,
    });
    this.#missed = new MissedLogins({ ...shared, ledger, intake: this.#intake });
    this.#expiry = new LocalExpiry({
      ledger,
      clock,
      onOverdue: (id) => this.#intake.expire(id, 'local'),
    });
  }

  /** What this process heard, as it hears it. */
  get events$(): Observable<LimeLoginEvent> {
    return this.#intake.events$;
  }

  get rejections$(): Observable<LimeLoginRejection> {
    return this.#intake.rejections$;
  }

  /** Whether a handler or a subscriber is there to see a login. */
  get attended(): boolean {
    return this.handlers.size > 0 || this.#intake.observed;
  }

  /** One frame of the event stream. */
  accept(data: string): 'keepalive' | 'other' {
    return this.#intake.accept(data);
  }

  /** While too many logins are in hand: a promise that resolves when there is room again. */
  whenReady(): Promise<void> | undefined {
    return this.#inHand.whenRoom();
  }

  /** A request that this process created: it will be settled, whatever LIME does. */
  expect(requestId: string, expiresAt: Date): void {
    this.#ledger.track(requestId, expiresAt);
    this.#expiry.watch(expiresAt);
  }

  /** Whether this site started the login, or received its outcome. */
  knows(requestId: string): boolean {
    return this.#ledger.knows(requestId);
  }

  /** When a pending request of this process expires. */
  expiryOf(requestId: string): Date | undefined {
    const expiresAt = this.#ledger.pending.get(requestId);
    return expiresAt === undefined ? undefined : new Date(expiresAt);
  }

  outcomeOf(requestId: string): Observable<LimeLoginEvent> {
    return this.#ledger.outcomeOf(requestId);
  }

  /** The stream has been opened: asks for what was missed before. */
  streamOpened(): void {
    this.#missed.ask();
  }

  /** Call it when no frame can come any more. Waits for what is in hand, within `shutdownTimeoutMs`. */
  async close(): Promise<void> {
    const { clock, shutdownTimeoutMs, logger } = this.#options;
    this.#missed.stop();
    this.#expiry.stop();
    this.#check.stop();
    const done = new AbortController();
    const finished = this.#inHand.whenEmpty().then(() => done.abort());
    await Promise.race([finished, sleep(clock, shutdownTimeoutMs, done.signal)]);
    const { running, undelivered } = this.#delivery.giveUp();
    if (running.length > 0) {
      logger.warn(
        `Handlers did not finish within ${shutdownTimeoutMs} ms (shutdownTimeoutMs): ${running.join(', ')}`,
      );
    }
    if (undelivered.length > 0) {
      logger.error(`Logins that no handler has seen at shutdown: ${undelivered.join(', ')}`);
    }
    this.#intake.close();
  }
}
