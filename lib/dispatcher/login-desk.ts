import { Subject, type Observable } from 'rxjs';
import type { LimeClusterMember } from '../interfaces/cluster.interface.js';
import type { PassportClaims } from '../interfaces/passport-claims.interface.js';
import { type Clock, sleep } from '../common/clock.js';
import type { LimeLogger } from '../common/logger.js';
import type { Random } from '../common/backoff.js';
import { ApprovalCheck } from './approval-check.js';
import { ClusterDelivery } from './cluster-delivery.js';
import { HandlerRegistry } from './handler-registry.js';
import { HandlerRunner } from './handler-runner.js';
import { InHand } from './in-hand.js';
import { LocalExpiry } from './local-expiry.js';
import { eventOf } from './login-conversion.js';
import { LocalDelivery, type LoginDelivery } from './login-delivery.js';
import type {
  LimeLoginEvent,
  LimeLoginFailure,
  LimeLoginRejection,
} from '../interfaces/login-events.interface.js';
import { LoginIntake } from './login-intake.js';
import { LoginLedger } from './login-ledger.js';
import { emptyStats, type LimeStats } from '../interfaces/stats.interface.js';
import { MissedLogins } from './missed-logins.js';

export interface LoginDeskOptions {
  /** The name of the site. */
  site: string;
  concurrency: number;
  handlerTimeoutMs: number;
  shutdownTimeoutMs: number;
  /** Verifies a login passport against the request it came for. */
  verify: (passport: string, requestId: string) => Promise<PassportClaims>;
  /** The status of a request on the platform now. */
  statusOf: (requestId: string) => Promise<string>;
  /** Makes what a handler threw fit for a log. */
  reasonOf: (error: unknown) => string;
  /** This replica's part in the cluster, if the site has one. */
  member?: LimeClusterMember | undefined;
  clock: Clock;
  random: Random;
  logger: LimeLogger;
}

/** The way of a login through this process, from the frame to the last handler. */
export class LoginDesk {
  readonly handlers = new HandlerRegistry();
  readonly stats: LimeStats = emptyStats();
  readonly #options: LoginDeskOptions;
  readonly #failures$ = new Subject<LimeLoginFailure>();
  readonly #inHand = new InHand();
  readonly #ledger: LoginLedger;
  readonly #check: ApprovalCheck;
  readonly #clusterDelivery: ClusterDelivery | undefined;
  readonly #delivery: LoginDelivery;
  readonly #intake: LoginIntake;
  readonly #expiry: LocalExpiry;
  readonly #missed: MissedLogins;

  constructor(options: LoginDeskOptions) {
    const { clock, member } = options;
    const shared = { ...options, handlers: this.handlers, stats: this.stats, inHand: this.#inHand };
    const runner = new HandlerRunner(shared);
    const ledger = new LoginLedger(clock, (requestId) => this.#askCluster(requestId));
    this.#options = options;
    this.#ledger = ledger;
    this.#check = new ApprovalCheck(options);
    this.#clusterDelivery = member && new ClusterDelivery({ ...shared, member, runner });
    this.#delivery =
      this.#clusterDelivery ??
      new LocalDelivery({
        ...shared,
        runner,
        onFailed: (event, failures) => {
          const failed = failures.map(({ handler, error }) => ({
            handler,
            reason: options.reasonOf(error),
          }));
          this.#fail({ requestId: event.requestId, type: event.type, failed, attempts: 1 });
        },
      });
    this.#intake = new LoginIntake({
      ...shared,
      ledger,
      check: this.#check,
      delivery: this.#delivery,
      shared: member !== undefined,
    });
    this.#missed = new MissedLogins({ ...shared, ledger, intake: this.#intake });
    this.#expiry = new LocalExpiry({
      ledger,
      clock,
      onOverdue: (requestId) => {
        if (member) this.#askCluster(requestId, () => this.#intake.expire(requestId, 'local'));
        else this.#intake.expire(requestId, 'local');
      },
    });
  }

  /** What this process heard, as it hears it. */
  get events$(): Observable<LimeLoginEvent> {
    return this.#intake.events$;
  }

  get rejections$(): Observable<LimeLoginRejection> {
    return this.#intake.rejections$;
  }

  get failures$(): Observable<LimeLoginFailure> {
    return this.#failures$.asObservable();
  }

  /** Whether a handler or a subscriber is there to see a login. */
  get attended(): boolean {
    return this.handlers.size > 0 || this.#intake.observed;
  }

  /** One frame of the event stream, received at this moment in milliseconds since the epoch. */
  accept(data: string, receivedAt: number): 'keepalive' | 'other' {
    return this.#intake.accept(data, receivedAt);
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

  /** Whether this site started the login, or received its outcome, as far as this process knows. */
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

  /** Begins to take part in the cluster, if there is one. @param works whether this replica handles logins. */
  joinIn(works: boolean): void {
    const delivery = this.#clusterDelivery;
    if (!delivery) return;
    this.#options.member?.start({
      works,
      handle: (record, run) => delivery.handle(record, run),
      settled: (record) => this.#intake.adopt(eventOf(record)),
      gaveUp: ({ requestId, type }, failed, attempts) =>
        this.#fail({ requestId, type, failed, attempts }),
      awaited: () => this.#ledger.awaited,
    });
  }

  /** Call it when no frame can come any more. Waits for what is in hand, within `shutdownTimeoutMs`. */
  async close(): Promise<void> {
    const { clock, shutdownTimeoutMs, logger } = this.#options;
    this.#missed.stop();
    this.#expiry.stop();
    this.#check.stop();
    const deadline = new AbortController();
    const done = new AbortController();
    const finished = this.#finish(deadline.signal).then(() => done.abort());
    await Promise.race([finished, sleep(clock, shutdownTimeoutMs, done.signal)]);
    deadline.abort();
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
    this.#failures$.complete();
  }

  /** First what came is handed on, then what is being handled is waited for. */
  async #finish(deadline: AbortSignal): Promise<void> {
    await Promise.race([this.#inHand.whenEmpty(), aborted(deadline)]);
    await this.#delivery.drain(deadline).catch((error: unknown) => {
      this.#options.logger.error('The cluster could not be left in good order', error);
    });
  }

  #fail(failure: LimeLoginFailure): void {
    this.stats.failed++;
    this.#failures$.next(failure);
  }

  /** An outcome is wanted that this process does not know: another replica may have settled the login. */
  #askCluster(requestId: string, otherwise: () => void = () => undefined): void {
    this.#options.member?.outcomeOf(requestId).then(
      (record) => (record ? this.#intake.adopt(eventOf(record)) : otherwise()),
      () => undefined, // it is away, and what is still wanted when it is back is asked for again
    );
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
