import { types } from 'node:util';
import { type Observable, Subject } from 'rxjs';
import type { Clock } from '../common/clock.js';
import type { LimeLogger } from '../common/logger.js';
import { type LoginTrace, traceLogin } from '../diagnostics/login-trace.js';
import type { ApprovalCheck } from './approval-check.js';
import { ApprovedEvent } from './approved-event.js';
import type { InHand } from './in-hand.js';
import type { LoginDelivery } from './login-delivery.js';
import {
  expiredEvent,
  type LimeLoginEvent,
  type LimeLoginRejection,
} from '../interfaces/login-events.interface.js';
import { decodeLoginFrame, type LoginFrame } from './login-frame.js';
import type { LoginLedger } from './login-ledger.js';
import type { LimeStats } from '../interfaces/stats.interface.js';

/** A platform that invents types could otherwise fill the memory with their names. */
const MAX_REMEMBERED_TYPES = 50;

export interface LoginIntakeOptions {
  /** The name of the site. */
  site: string;
  ledger: LoginLedger;
  check: ApprovalCheck;
  delivery: LoginDelivery;
  inHand: InHand;
  /** Whether other replicas have a say in how a login ends: their common verdict comes through {@link LoginIntake.adopt}. */
  shared: boolean;
  stats: LimeStats;
  clock: Clock;
  logger: LimeLogger;
}

type Outcome = Extract<LoginFrame, { type: 'approved' | 'expired' }>;
type Approved = Extract<Outcome, { type: 'approved' }>;

/** What is being checked for one request. */
interface Checks {
  running: number;
  expiredBehind: { receivedAt: number; trace: LoginTrace }[];
}

/** From a frame to an event: decode, de-duplicate, verify, settle. Nothing that comes in can make it throw. */
export class LoginIntake {
  readonly #options: LoginIntakeOptions;
  readonly #events$ = new Subject<LimeLoginEvent>();
  readonly #rejections$ = new Subject<LimeLoginRejection>();
  /** Requests with approvals that are being checked, and the expiries that came meanwhile: those wait for the verdict. */
  readonly #underWay = new Map<string, Checks>();
  readonly #unknownTypes = new Set<string>();

  constructor(options: LoginIntakeOptions) {
    this.#options = options;
  }

  get events$(): Observable<LimeLoginEvent> {
    return this.#events$.asObservable();
  }

  get rejections$(): Observable<LimeLoginRejection> {
    return this.#rejections$.asObservable();
  }

  /** Whether somebody listens to the events. */
  get observed(): boolean {
    return this.#events$.observed;
  }

  accept(data: string, receivedAt: number): 'keepalive' | 'other' {
    const frame = decodeLoginFrame(data);
    switch (frame.type) {
      case 'keepalive':
        return 'keepalive';
      case 'approved':
      case 'expired':
        this.#takeOutcome(frame, receivedAt);
        break;
      case 'error':
        this.#options.logger.warn(
          `LIME reports trouble with its events: ${frame.code} ${frame.message}`,
        );
        break;
      case 'unreadable':
        this.#options.logger.warn(`Skipped a frame of the event stream: ${frame.reason}`);
        break;
      case 'unknown':
        this.#noteUnknown(frame.name);
        break;
    }
    return 'other';
  }

  whenReady(): Promise<void> | undefined {
    return this.#options.inHand.whenRoom();
  }

  /** Whether an approval of this request is being verified, or waits for that. */
  isUnderWay(requestId: string): boolean {
    return this.#underWay.has(requestId);
  }

  /** Settles a request that the platform will say nothing more about. @returns `false` if it is settled already. */
  expire(requestId: string, origin: 'platform' | 'local'): boolean {
    const { site, ledger, inHand, shared, delivery, clock } = this.#options;
    if (ledger.isSettled(requestId, 'expired') || this.isUnderWay(requestId)) return false;
    const event = expiredEvent(requestId, origin, new Date(clock.now()));
    inHand.enter();
    const trace = traceLogin(site, requestId, 'expired', 'local');
    // Nobody heard this. Another replica may have heard better, so it counts once all of them say so.
    trace.run(() => (shared ? delivery.deliver(event, trace) : this.#settle(event, trace)));
    return true;
  }

  /** Takes over the verdict of all replicas. */
  adopt(event: LimeLoginEvent): void {
    const wasPending = this.#options.ledger.adopt(event);
    // What was heard was told when it was heard; what nobody heard is told where the login was started.
    if (wasPending && event.type === 'expired' && event.origin === 'local')
      this.#events$.next(event);
  }

  /** Completes the observables: nothing will come any more. */
  close(): void {
    this.#events$.complete();
    this.#rejections$.complete();
    this.#options.ledger.close();
  }

  #takeOutcome(frame: Outcome, receivedAt: number): void {
    const { site, stats, inHand } = this.#options;
    const { requestId, type } = frame;
    stats.received++;
    inHand.enter();
    const trace = traceLogin(site, requestId, type, 'stream');
    if (type === 'approved')
      return void trace.run(() => this.#takeApproved(frame, receivedAt, trace));
    const checks = this.#underWay.get(requestId);
    if (checks) checks.expiredBehind.push({ receivedAt, trace });
    else this.#takeExpired(requestId, receivedAt, trace);
  }

  #takeExpired(requestId: string, receivedAt: number, trace: LoginTrace): void {
    const event = expiredEvent(requestId, 'platform', new Date(receivedAt));
    trace.run(() => this.#settle(event, trace));
  }

  /** Each approval is checked at once: a bad one that waits for a key must not keep the good one behind it waiting. */
  async #takeApproved(frame: Approved, receivedAt: number, trace: LoginTrace): Promise<void> {
    const { requestId } = frame;
    const checks: Checks = this.#underWay.get(requestId) ?? { running: 0, expiredBehind: [] };
    this.#underWay.set(requestId, checks);
    checks.running++;
    await this.#verifyAndSettle(frame, receivedAt, trace);
    checks.running--;
    if (checks.running > 0) return;
    this.#underWay.delete(requestId);
    for (const behind of checks.expiredBehind) {
      this.#takeExpired(requestId, behind.receivedAt, behind.trace);
    }
  }

  async #verifyAndSettle(
    { requestId, passport }: Approved,
    receivedAt: number,
    trace: LoginTrace,
  ): Promise<void> {
    const { ledger, check, inHand } = this.#options;
    const setAside = () => inHand.setAside();
    const isWanted = () => !ledger.isSettled(requestId, 'approved');
    try {
      const claims = await check.claimsOf(passport, requestId, setAside, isWanted);
      if (!claims) return this.#dropRepeat(trace);
      this.#settle(new ApprovedEvent(requestId, passport, claims, new Date(receivedAt)), trace);
    } catch (error) {
      this.#reject(requestId, error, trace);
    }
  }

  #settle(event: LimeLoginEvent, trace: LoginTrace): void {
    const { ledger, delivery, stats, shared } = this.#options;
    if (!ledger.settle(event)) return this.#dropRepeat(trace);
    stats.delivered++;
    // Handlers first: what one does before its first await is done when a waiting page hears of the login.
    delivery.deliver(event, trace);
    if (!shared) ledger.announce(event);
    this.#events$.next(event);
  }

  #dropRepeat(trace: LoginTrace): void {
    this.#options.stats.duplicates++;
    this.#options.inHand.leave();
    trace.end('duplicate');
  }

  #reject(requestId: string, thrown: unknown, trace: LoginTrace): void {
    const { stats, inHand, logger } = this.#options;
    const error = types.isNativeError(thrown) ? thrown : new Error(String(thrown));
    stats.rejected++;
    inHand.leave();
    logger.warn(
      `The approval of ${requestId} is not to be trusted and was dropped: ${error.message}`,
    );
    trace.end('rejected', error);
    this.#rejections$.next({ requestId, error });
  }

  #noteUnknown(name: string): void {
    const start = name.slice(0, 100);
    if (this.#unknownTypes.has(start) || this.#unknownTypes.size >= MAX_REMEMBERED_TYPES) return;
    this.#unknownTypes.add(start);
    this.#options.logger.warn(
      `Skipped a frame of the event stream: its type ${name} is not known here (said once)`,
    );
  }
}
