import { types } from 'node:util';
import { type Observable, Subject } from 'rxjs';
import type { Clock, LimeLogger } from '../ports/index.js';
import type { ApprovalCheck } from './approval-check.js';
import type { InHand } from './in-hand.js';
import type { LoginDelivery } from './login-delivery.js';
import {
  approvedEvent,
  expiredEvent,
  type LimeLoginEvent,
  type LimeLoginRejection,
} from './login-event.js';
import { decodeLoginFrame, type LoginFrame } from './login-frame.js';
import type { LoginLedger } from './login-ledger.js';
import type { LimeStats } from './login-stats.js';

/** A platform that invents types could otherwise fill the memory with their names. */
const MAX_REMEMBERED_TYPES = 50;

export interface LoginIntakeOptions {
  ledger: LoginLedger;
  check: ApprovalCheck;
  delivery: LoginDelivery;
  inHand: InHand;
  stats: LimeStats;
  clock: Clock;
  logger: LimeLogger;
}

type Outcome = Extract<LoginFrame, { type: 'approved' | 'expired' }>;

/** From a frame to an event: decode, de-duplicate, verify, settle. Nothing that comes in can make it throw. */
export class LoginIntake {
  readonly #options: LoginIntakeOptions;
  readonly #events$ = new Subject<LimeLoginEvent>();
  readonly #rejections$ = new Subject<LimeLoginRejection>();
  /** Requests with a verification under way, and what came for them meanwhile: one request is worked on in order. */
  readonly #underWay = new Map<string, Outcome[]>();
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

  accept(data: string): 'keepalive' | 'other' {
    const frame = decodeLoginFrame(data);
    switch (frame.type) {
      case 'keepalive':
        return 'keepalive';
      case 'approved':
      case 'expired':
        this.#takeOutcome(frame);
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
    if (this.#options.ledger.isSettled(requestId, 'expired') || this.isUnderWay(requestId))
      return false;
    this.#options.inHand.enter();
    this.#settle(expiredEvent(requestId, origin, new Date(this.#options.clock.now())));
    return true;
  }

  /** Completes the observables: nothing will come any more. */
  close(): void {
    this.#events$.complete();
    this.#rejections$.complete();
    this.#options.ledger.close();
  }

  #takeOutcome(frame: Outcome): void {
    const { stats, inHand } = this.#options;
    stats.received++;
    inHand.enter();
    const ahead = this.#underWay.get(frame.requestId);
    if (ahead) ahead.push(frame);
    else if (frame.type === 'expired') this.#takeExpired(frame);
    else void this.#takeApproved(frame);
  }

  #takeExpired({ requestId }: Outcome): void {
    this.#settle(expiredEvent(requestId, 'platform', new Date(this.#options.clock.now())));
  }

  async #takeApproved(first: Outcome): Promise<void> {
    const waiting: Outcome[] = [];
    this.#underWay.set(first.requestId, waiting);
    for (let frame: Outcome | undefined = first; frame; frame = waiting.shift()) {
      if (frame.type === 'approved') await this.#verifyAndSettle(frame);
      else this.#takeExpired(frame);
    }
    this.#underWay.delete(first.requestId);
  }

  async #verifyAndSettle({
    requestId,
    passport,
  }: Extract<Outcome, { type: 'approved' }>): Promise<void> {
    const { ledger, check, inHand, clock } = this.#options;
    if (ledger.isSettled(requestId, 'approved')) return this.#dropRepeat();
    const receivedAt = new Date(clock.now());
    try {
      const claims = await check.claimsOf(passport, requestId, () => inHand.setAside());
      this.#settle(approvedEvent(requestId, passport, claims, receivedAt));
    } catch (error) {
      this.#reject(requestId, error);
    }
  }

  #settle(event: LimeLoginEvent): void {
    const { ledger, delivery, stats } = this.#options;
    if (!ledger.settle(event)) return this.#dropRepeat();
    stats.delivered++;
    // Handlers first: what one does before its first await is done when a waiting page hears of the login.
    delivery.deliver(event);
    ledger.announce(event);
    this.#events$.next(event);
  }

  #dropRepeat(): void {
    this.#options.stats.duplicates++;
    this.#options.inHand.leave();
  }

  #reject(requestId: string, thrown: unknown): void {
    const { stats, inHand, logger } = this.#options;
    const error = types.isNativeError(thrown) ? thrown : new Error(String(thrown));
    stats.rejected++;
    inHand.leave();
    logger.warn(
      `The approval of ${requestId} is not to be trusted and was dropped: ${error.message}`,
    );
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
