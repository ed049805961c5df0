import { type Observable, Subject } from 'rxjs';
import type { Random } from '../common/backoff.js';
import type { Clock } from '../common/clock.js';
import type { LimeLogger } from '../common/logger.js';
import type { RootContext } from '../common/root-context.js';
import { type LoginTrace, traceLogin } from '../diagnostics/operation.js';
import { copyError } from '../errors/index.js';
import type { LimeClusterMember } from '../interfaces/cluster.interface.js';
import type {
  LimeExpiredEvent,
  LimeHandlerFailure,
  LimeLoginEvent,
  LimeLoginFailure,
  LimeLoginRejection,
} from '../interfaces/login-events.interface.js';
import type { PassportClaims } from '../interfaces/passport-claims.interface.js';
import { emptyStats, type LimeStats } from '../interfaces/stats.interface.js';
import { ApprovalVerifier } from './approval-verifier.js';
import { ClusterDelivery } from './cluster-delivery.js';
import { Expiry } from './expiry.js';
import {
  type ApprovedFrame,
  decodeLoginFrame,
  type ExpiredFrame,
  FrameReporter,
} from './login-frame.js';
import { HandlerInvoker } from './handler-invoker.js';
import { HandlerRegistry } from './handler-registry.js';
import { InFlight, shutDown } from './in-flight.js';
import { LocalDelivery, type LoginDelivery } from './local-delivery.js';
import { ApprovedEvent, expiredEvent } from './login-event.js';
import { LoginRequests } from './login-requests.js';
import { OutcomeLookup } from './outcome-lookup.js';
import { Recovery } from './recovery.js';

export interface DispatcherOptions {
  /** The name of the site. */
  site: string;
  concurrency: number;
  handlerTimeoutMs: number;
  shutdownTimeoutMs: number;
  /** What must not appear in a log line or a failure. */
  secrets: readonly string[];
  /** Verifies a login passport against the request that it came for. */
  verify: (passport: string, requestId: string) => Promise<PassportClaims>;
  /** The status of a request on the platform. */
  statusOf: (requestId: string) => Promise<string>;
  /** Called for each approval that was verified. */
  onApproved: (requestId: string) => void;
  /** This replica in the cluster, if the site has one. */
  member?: LimeClusterMember | undefined;
  /** Where recovery and handlers run, whichever request started them. */
  root: RootContext;
  clock: Clock;
  random: Random;
  logger: LimeLogger;
}

/** Brings each outcome from its frame to the last handler: decode, deduplicate, verify, deliver. No frame can make it throw. */
export class Dispatcher {
  readonly handlers: HandlerRegistry;
  readonly stats: LimeStats = emptyStats();
  readonly requests: LoginRequests;
  readonly #options: DispatcherOptions;
  readonly #events$ = new Subject<LimeLoginEvent>();
  readonly #rejections$ = new Subject<LimeLoginRejection>();
  readonly #failures$ = new Subject<LimeLoginFailure>();
  readonly #inFlight = new InFlight();
  readonly #verifier: ApprovalVerifier;
  readonly #clusterDelivery: ClusterDelivery | undefined;
  readonly #delivery: LoginDelivery;
  readonly #expiry: Expiry;
  readonly #reporter: FrameReporter;
  readonly #recovery: Recovery;
  readonly #lookup: OutcomeLookup;
  /** Set until the application has started, when handlers can be invoked. */
  #starting: Promise<void> | undefined = new Promise(() => undefined);

  constructor(options: DispatcherOptions) {
    const { clock, member } = options;
    this.#options = options;
    this.handlers = new HandlerRegistry(member !== undefined);
    this.requests = new LoginRequests(clock, (requestId) => this.#onAwaited(requestId));
    const shared = {
      ...options,
      handlers: this.handlers,
      stats: this.stats,
      inFlight: this.#inFlight,
      requests: this.requests,
    };
    const invoker = new HandlerInvoker(shared);
    this.#reporter = new FrameReporter(shared);
    this.#verifier = new ApprovalVerifier(shared);
    const onFailed = (event: LimeLoginEvent, failures: readonly LimeHandlerFailure[]) =>
      this.#onFailed(event, failures, 1);
    this.#clusterDelivery =
      member &&
      new ClusterDelivery({
        ...shared,
        member,
        invoker,
        onExpired: (event) => this.#events$.next(event),
        onFailed: (outcome, failures, attempts) => this.#onFailed(outcome, failures, attempts),
      });
    this.#delivery = this.#clusterDelivery ?? new LocalDelivery({ ...shared, invoker, onFailed });
    const expire = (requestId: string, origin: LimeExpiredEvent['origin']) =>
      this.#expire(requestId, origin);
    this.#recovery = new Recovery({ ...shared, expire });
    const isExpected = async (requestId: string) =>
      member !== undefined && member.knows('login', requestId).catch(() => false);
    this.#lookup = new OutcomeLookup({ ...shared, isExpected });
    this.#expiry = new Expiry({
      ...shared,
      onOverdue: (requestId) => void this.#expire(requestId, 'local'),
    });
  }

  /** The outcomes that this process received. */
  get events$(): Observable<LimeLoginEvent> {
    return this.#events$.asObservable();
  }

  get rejections$(): Observable<LimeLoginRejection> {
    return this.#rejections$.asObservable();
  }

  get failures$(): Observable<LimeLoginFailure> {
    return this.#failures$.asObservable();
  }

  /** Whether a login has a handler or a subscriber. */
  get hasConsumers(): boolean {
    return this.handlers.size > 0 || this.#events$.observed;
  }

  /**
   * Takes one frame of the event stream.
   * @param receivedAt when it arrived, in milliseconds since the epoch.
   */
  accept(data: string, receivedAt: number): 'keepalive' | 'other' {
    const frame = decodeLoginFrame(data);
    if (frame.type === 'keepalive') return 'keepalive';
    if (frame.type === 'approved' || frame.type === 'expired') this.#onOutcome(frame, receivedAt);
    else this.#reporter.report(frame);
    return 'other';
  }

  /** Back-pressure: resolves when more frames can be taken; `undefined` if that is now. */
  whenReady(): Promise<void> | undefined {
    return this.#starting ?? this.#inFlight.whenReady();
  }

  /** Adds a request that this site created. It will have an outcome, even if LIME never reports one. */
  expect(requestId: string, expiresAt: Date): void {
    this.requests.add(requestId, expiresAt);
    this.#expiry.watch(expiresAt);
  }

  /**
   * Starts to take frames, and connects to the cluster, if the site has one.
   * @param handlesLogins whether this replica invokes handlers.
   * @param whenStarted resolves when the application has started; no login is delivered before.
   */
  start(handlesLogins: boolean, whenStarted: Promise<void>): void {
    this.#starting = whenStarted.then(() => {
      this.#starting = undefined;
      if (!this.#options.member) this.#expiry.start(); // a cluster expires by the clock of its Redis
    });
    this.#clusterDelivery?.start(handlesLogins, whenStarted);
  }

  /** The stream was opened: recovers the events that were missed before. */
  recoverMissed(): void {
    const start = () => this.#options.root.run(() => this.#recovery.start());
    if (this.#starting) void this.#starting.then(start);
    else start();
  }

  /** Call it when no frame can arrive any more. Waits for the logins in flight, within `shutdownTimeoutMs`. */
  async close(): Promise<void> {
    this.#recovery.stop();
    this.#expiry.stop();
    this.#lookup.stop();
    this.#verifier.stop();
    await shutDown(this.#delivery, this.#inFlight, this.#options);
    this.#events$.complete();
    this.#rejections$.complete();
    this.requests.close();
    this.#failures$.complete();
  }

  /** The first subscriber waits for an outcome. @returns the function to call when the last one waits no more. */
  #onAwaited(requestId: string): () => void {
    void this.#clusterDelivery?.catchUp(requestId); // another replica may have received it
    if (this.requests.pending.has(requestId)) return () => undefined;
    return this.#lookup.start(requestId);
  }

  #onOutcome(frame: ApprovedFrame | ExpiredFrame, receivedAt: number): void {
    const { requestId, type } = frame;
    this.stats.received++;
    this.#inFlight.add();
    const trace = traceLogin(this.#options.site, requestId, type, 'stream');
    if (frame.type === 'approved') {
      void trace.run(() =>
        this.#verifier.run(requestId, () => this.#verify(frame, receivedAt, trace)),
      );
      return;
    }
    const deliver = () =>
      trace.run(() => this.#deliver(expiredEvent(requestId, 'platform', receivedAt), trace));
    if (!this.#verifier.defer(requestId, deliver)) deliver();
  }

  async #verify(
    { requestId, passport }: ApprovedFrame,
    receivedAt: number,
    trace: LoginTrace,
  ): Promise<void> {
    const isWanted = () => !this.requests.isDuplicate(requestId, 'approved');
    let event: LimeLoginEvent;
    try {
      const claims = await this.#verifier.claimsOf(passport, requestId, isWanted);
      if (!claims) return this.#dropDuplicate(trace);
      event = new ApprovedEvent(requestId, passport, claims, new Date(receivedAt));
    } catch (error) {
      return this.#reject(requestId, copyError(error, this.#options.secrets), trace);
    }
    this.#options.onApproved(requestId);
    this.#deliver(event, trace);
  }

  #deliver(event: LimeLoginEvent, trace: LoginTrace): void {
    const isDecided = !this.#options.member;
    if (!this.requests.record(event, isDecided)) return this.#dropDuplicate(trace);
    this.stats.delivered++;
    // Handlers first: the synchronous part of one is done when a subscriber, such as a waiting page, gets the event.
    this.#delivery.deliver(event, trace);
    if (isDecided) this.requests.publish(event);
    this.#events$.next(event);
  }

  #dropDuplicate(trace: LoginTrace): void {
    this.stats.duplicates++;
    this.#inFlight.remove();
    trace.end('duplicate');
  }

  #reject(requestId: string, error: Error, trace: LoginTrace): void {
    this.stats.rejected++;
    this.#inFlight.remove();
    this.#options.logger.warn(`Rejected approval of ${requestId}: ${error.message}`);
    trace.end('rejected', error);
    this.#rejections$.next({ requestId, error });
  }

  /** Expires a request of which LIME will report nothing more. @returns `false` if it has an outcome. */
  #expire(requestId: string, origin: LimeExpiredEvent['origin']): boolean {
    const { site, member, clock } = this.#options;
    const hasOutcome = this.requests.isDuplicate(requestId, 'expired');
    if (hasOutcome || this.#starting || this.#verifier.isVerifying(requestId)) return false;
    const event = expiredEvent(requestId, origin, clock.now());
    this.#inFlight.add();
    const trace = traceLogin(site, requestId, 'expired', 'local');
    // No frame reported this. Another replica may have received one, so in a cluster it counts once the cluster says so.
    trace.run(() => (member ? this.#delivery.deliver(event, trace) : this.#deliver(event, trace)));
    return true;
  }

  #onFailed(
    { requestId, type }: Pick<LimeLoginEvent, 'requestId' | 'type'>,
    failures: readonly LimeHandlerFailure[],
    attempts: number,
  ): void {
    this.stats.failed++;
    const failed = failures.map(({ handler, reason }) => ({ handler, reason }));
    this.#failures$.next({ requestId, type, failed, attempts });
  }
}
