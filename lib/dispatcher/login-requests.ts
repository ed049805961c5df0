import { Observable, type Subscriber } from 'rxjs';
import type { Clock } from '../common/clock.js';
import { TtlMap } from '../common/ttl-map.js';
import type { LimeApprovedEvent, LimeLoginEvent } from '../interfaces/login-events.interface.js';
import { expiredEvent } from './login-event.js';

/** Outcomes are remembered at least this long, so that a duplicate is known as one and late subscribers get an expiry. */
const OUTCOME_TTL_MS = 10 * 60_000;
/** And as long as the request could still have had another outcome, plus this. */
const OUTCOME_GRACE_MS = 60_000;
const MAX_OUTCOMES = 100_000;
/** Approvals are kept with their claims for late subscribers. */
const APPROVAL_TTL_MS = 10 * 60_000;
const MAX_APPROVALS = 10_000;

interface Outcome {
  readonly type: 'approved' | 'expired' | 'expired-locally';
  /** In milliseconds since the epoch; `undefined` until the cluster has decided on the outcome. */
  readonly receivedAt: number | undefined;
}

/** The subscribers that wait for one outcome. */
interface Wait {
  readonly subscribers: Set<Subscriber<LimeLoginEvent>>;
  /** Called when the last one waits no more. */
  stop: () => void;
}

/** The login requests of a site in this process: which are pending, which have an outcome, and who waits for one. */
export class LoginRequests {
  readonly #clock: Clock;
  /** Request id to `expiresAt` in milliseconds since the epoch. */
  readonly #pending = new Map<string, number>();
  readonly #outcomes: TtlMap<Outcome>;
  /** The outcomes of one chunk have the same type and time more often than not, and share this object. */
  #lastOutcome: Outcome = { type: 'expired', receivedAt: undefined };
  readonly #approvals: TtlMap<LimeApprovedEvent>;
  /** By request id. */
  readonly #waiting = new Map<string, Wait>();
  readonly #onAwaited: (requestId: string) => () => void;
  #closed = false;

  /**
   * @param onAwaited called when the first subscriber waits for an outcome that this process does not know. The function that it
   * returns is called when the last one waits no more.
   */
  constructor(clock: Clock, onAwaited: (requestId: string) => () => void) {
    this.#clock = clock;
    this.#outcomes = new TtlMap(clock, MAX_OUTCOMES);
    this.#approvals = new TtlMap(clock, MAX_APPROVALS);
    this.#onAwaited = onAwaited;
  }

  /** Requests without an outcome, with their `expiresAt` in milliseconds since the epoch. */
  get pending(): ReadonlyMap<string, number> {
    return this.#pending;
  }

  /** Requests that are pending, or whose outcome a subscriber waits for. */
  get open(): string[] {
    return [...new Set([...this.#waiting.keys(), ...this.#pending.keys()])];
  }

  /** Adds a request that this site created, unless its outcome has already arrived. */
  add(requestId: string, expiresAt: Date): void {
    if (!this.#outcomes.has(requestId)) this.#pending.set(requestId, expiresAt.getTime());
  }

  /** Whether another outcome of this type would be a duplicate: the first one from the platform wins. */
  isDuplicate(requestId: string, type: LimeLoginEvent['type']): boolean {
    const earlier = this.#outcomes.get(requestId);
    return earlier !== undefined && !overrules({ type }, earlier);
  }

  /**
   * Records an outcome that this process received. LIME's `expired` makes a local expiry final.
   * @param isDecided whether subscribers may get it; in a cluster the one that it decides on is given to {@link adopt}.
   * @returns `false` for a duplicate.
   */
  record(event: LimeLoginEvent, isDecided: boolean): boolean {
    const { requestId, receivedAt } = event;
    const earlier = this.#outcomes.get(requestId);
    if (earlier && !overrules(event, earlier)) {
      if (earlier.type === 'expired-locally') this.#remember(event, earlier.receivedAt);
      return false;
    }
    this.#remember(event, isDecided ? receivedAt.getTime() : undefined);
    this.#pending.delete(requestId);
    return true;
  }

  /** Takes over the outcome that the cluster decided on. @returns whether the request was pending here. */
  adopt(event: LimeLoginEvent): boolean {
    const { requestId, receivedAt } = event;
    // Two messages of the cluster can overtake each other: an expiry never overrules an approval.
    if (event.type === 'expired' && this.#approvals.has(requestId)) return false;
    this.#remember(event, receivedAt.getTime());
    const wasPending = this.#pending.delete(requestId);
    this.publish(event);
    return wasPending;
  }

  /** Emits an outcome to those who wait for it. */
  publish(event: LimeLoginEvent): void {
    if (event.type === 'approved') this.#approvals.set(event.requestId, event, APPROVAL_TTL_MS);
    this.complete(event.requestId, event);
  }

  /** Ends the wait for an outcome. @param event emitted first. */
  complete(requestId: string, event?: LimeLoginEvent): void {
    const wait = this.#waiting.get(requestId);
    if (!wait) return;
    this.#waiting.delete(requestId);
    for (const subscriber of wait.subscribers) {
      if (event) subscriber.next(event);
      subscriber.complete();
    }
  }

  /** Emits the outcome once and completes, also when it arrived before the subscription. */
  outcomeOf(requestId: string): Observable<LimeLoginEvent> {
    return new Observable((subscriber) => {
      const known = this.#published(requestId);
      if (known) subscriber.next(known);
      if (known || this.#closed) return subscriber.complete();
      return this.#subscribe(requestId, subscriber);
    });
  }

  /** Completes every subscription. */
  close(): void {
    this.#closed = true;
    for (const requestId of this.#waiting.keys()) this.complete(requestId);
  }

  #remember(event: LimeLoginEvent, receivedAt: number | undefined): void {
    const { requestId } = event;
    const type = typeOf(event);
    const last = this.#lastOutcome;
    if (last.type !== type || last.receivedAt !== receivedAt)
      this.#lastOutcome = { type, receivedAt };
    this.#outcomes.set(requestId, this.#lastOutcome, this.#ttlMs(requestId));
  }

  #ttlMs(requestId: string): number {
    const expiresAt = this.#pending.get(requestId);
    if (expiresAt === undefined) return OUTCOME_TTL_MS;
    return Math.max(OUTCOME_TTL_MS, expiresAt - this.#clock.now() + OUTCOME_GRACE_MS);
  }

  #published(requestId: string): LimeLoginEvent | undefined {
    const approval = this.#approvals.get(requestId);
    if (approval) return approval;
    const { type, receivedAt } = this.#outcomes.get(requestId) ?? {};
    if (type === undefined || type === 'approved' || receivedAt === undefined) return undefined;
    return expiredEvent(requestId, type === 'expired' ? 'platform' : 'local', receivedAt);
  }

  /** @returns the function that unsubscribes. */
  #subscribe(requestId: string, subscriber: Subscriber<LimeLoginEvent>): () => void {
    let wait = this.#waiting.get(requestId);
    if (wait) wait.subscribers.add(subscriber);
    else {
      wait = { subscribers: new Set([subscriber]), stop: () => undefined };
      this.#waiting.set(requestId, wait);
      wait.stop = this.#onAwaited(requestId);
    }
    const { subscribers } = wait;
    return () => {
      subscribers.delete(subscriber);
      if (subscribers.size > 0) return;
      wait.stop();
      if (this.#waiting.get(requestId) === wait) this.#waiting.delete(requestId);
    };
  }
}

function typeOf(event: LimeLoginEvent): Outcome['type'] {
  return event.type === 'expired' && event.origin === 'local' ? 'expired-locally' : event.type;
}

/** The first outcome from the platform wins: only an approval overrules, and only a local expiry. */
function overrules({ type }: Pick<LimeLoginEvent, 'type'>, earlier: Outcome): boolean {
  return earlier.type === 'expired-locally' && type === 'approved';
}
