import { Observable, type Subscriber } from 'rxjs';
import type { Clock } from '../common/clock.js';
import { expiredEvent, type LimeLoginEvent } from '../interfaces/login-events.interface.js';
import { RecentApprovals } from './recent-approvals.js';
import { type Settlement, SettlementMemory } from './settlement-memory.js';

/** How many settled requests are remembered, so that a repeat is known as one, and an expiry is told to who asks late. */
const REMEMBERED_SETTLEMENTS = 100_000;
/** How many approvals are kept whole, and for how long, for whoever asks late. */
const KEPT_APPROVALS = 10_000;
const KEPT_APPROVAL_MS = 10 * 60_000;

/** What this process knows about logins: which are pending, which are settled, and how. */
export class LoginLedger {
  /** Request id to `expiresAt` in milliseconds since the epoch. */
  readonly #pending = new Map<string, number>();
  readonly #settled = new SettlementMemory(REMEMBERED_SETTLEMENTS);
  readonly #approvals: RecentApprovals;
  readonly #waiting = new Map<string, Set<Subscriber<LimeLoginEvent>>>();
  readonly #onAwaited: (requestId: string) => void;
  #closed = false;

  /** @param onAwaited called when somebody begins to wait for an outcome that is not known here. */
  constructor(clock: Clock, onAwaited: (requestId: string) => void = () => undefined) {
    this.#onAwaited = onAwaited;
    this.#approvals = new RecentApprovals(clock, KEPT_APPROVALS, KEPT_APPROVAL_MS);
  }

  /** Requests created here that have no outcome yet, with their `expiresAt` in milliseconds since the epoch. */
  get pending(): ReadonlyMap<string, number> {
    return this.#pending;
  }

  /** Requests whose outcome somebody waits for. */
  get awaited(): string[] {
    return [...this.#waiting.keys()];
  }

  /** Notes a request that this process created, unless its outcome has already come. */
  track(requestId: string, expiresAt: Date): void {
    if (!this.#settled.get(requestId)) this.#pending.set(requestId, expiresAt.getTime());
  }

  /** Whether this site started the login, or received its outcome. */
  knows(requestId: string): boolean {
    return this.#pending.has(requestId) || this.#settled.get(requestId) !== undefined;
  }

  /** Whether a further outcome of this request would be a repeat: the first one from the platform wins. */
  isSettled(requestId: string, outcome: LimeLoginEvent['type']): boolean {
    const earlier = this.#settled.get(requestId);
    return earlier !== undefined && !(earlier === 'expired locally' && outcome === 'approved');
  }

  /** @returns `false` for a repeat, which changes nothing. */
  settle(event: LimeLoginEvent): boolean {
    if (this.isSettled(event.requestId, event.type)) return false;
    this.#settled.set(event.requestId, settlementOf(event));
    this.#pending.delete(event.requestId);
    return true;
  }

  /** Takes over the verdict of all replicas, whatever was settled here. @returns whether the request was pending here. */
  adopt(event: LimeLoginEvent): boolean {
    const { requestId } = event;
    // Two verdicts can overtake each other on their way: an approval is never overruled.
    if (event.type === 'expired' && this.#approvals.get(requestId)) return false;
    const wasPending = this.#pending.delete(requestId);
    this.announce(event);
    return wasPending;
  }

  /** Tells those who wait for this outcome, and those who ask later. */
  announce(event: LimeLoginEvent): void {
    const { requestId, receivedAt } = event;
    this.#settled.set(requestId, settlementOf(event), receivedAt.getTime());
    if (event.type === 'approved') this.#approvals.add(event);
    const waiting = this.#waiting.get(requestId);
    if (!waiting) return;
    this.#waiting.delete(requestId);
    for (const subscriber of waiting) {
      subscriber.next(event);
      subscriber.complete();
    }
  }

  /** Emits the outcome once and completes, also when it came before the subscription. */
  outcomeOf(requestId: string): Observable<LimeLoginEvent> {
    return new Observable((subscriber) => {
      const known = this.#outcome(requestId);
      if (known) subscriber.next(known);
      if (known || this.#closed) return subscriber.complete();
      return this.#wait(requestId, subscriber);
    });
  }

  /** Nothing will be announced any more. */
  close(): void {
    this.#closed = true;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const subscribers of waiting) {
      for (const subscriber of subscribers) subscriber.complete();
    }
  }

  /** What is to be told of a settled request; of an expiry all of it can be said without having kept it. */
  #outcome(requestId: string): LimeLoginEvent | undefined {
    const approval = this.#approvals.get(requestId);
    if (approval) return approval;
    const [settlement, receivedAt] = [
      this.#settled.get(requestId),
      this.#settled.receivedAt(requestId),
    ];
    if (!settlement || settlement === 'approved' || receivedAt === undefined) return undefined;
    const origin = settlement === 'expired' ? 'platform' : 'local';
    return expiredEvent(requestId, origin, new Date(receivedAt));
  }

  /** @returns the function that stops waiting. */
  #wait(requestId: string, subscriber: Subscriber<LimeLoginEvent>): () => void {
    const waiting = this.#waiting.get(requestId) ?? new Set();
    this.#waiting.set(requestId, waiting.add(subscriber));
    if (waiting.size === 1) this.#onAwaited(requestId);
    return () => {
      waiting.delete(subscriber);
      if (waiting.size === 0 && this.#waiting.get(requestId) === waiting) {
        this.#waiting.delete(requestId);
      }
    };
  }
}

function settlementOf(event: LimeLoginEvent): Settlement {
  if (event.type === 'approved') return 'approved';
  return event.origin === 'local' ? 'expired locally' : 'expired';
}
