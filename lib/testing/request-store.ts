import { randomUUID } from 'node:crypto';
import type { Clock } from '../common/clock.js';
import { type SandboxRefusal, refusal } from './refusals.js';

/** A login request or a binding request: the fields of both, and its own `Details`. */
export type RequestRecord<Status extends string, Details extends object> = Details & {
  readonly id: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  status: Status | 'PENDING' | 'EXPIRED';
};

/** The name and the refusal codes of a {@link RequestStore}. */
export interface RequestKind {
  readonly name: string;
  readonly notFound: SandboxRefusal;
  readonly closed: SandboxRefusal;
}

/**
 * The requests of one kind and the timers that expire them. Keeps every request until the sandbox stops. Node keeps
 * timers of equal duration in one list, so a hundred thousand of them cost memory but no time.
 */
export class RequestStore<Status extends string, Details extends object> {
  private readonly records = new Map<string, RequestRecord<Status, Details>>();
  /** Cancels the timer of each pending request. */
  private readonly timers = new Map<string, () => void>();

  constructor(
    private readonly kind: RequestKind,
    private readonly ttlMs: number,
    protected readonly clock: Clock,
    private readonly onExpired: (record: RequestRecord<Status, Details>) => void,
  ) {}

  /** Adds a pending request. */
  add(detailsOf: (id: string) => Details): RequestRecord<Status, Details> {
    const id = randomUUID();
    const createdAt = this.clock.now();
    const record: RequestRecord<Status, Details> = {
      ...detailsOf(id),
      id,
      createdAt,
      expiresAt: createdAt + this.ttlMs,
      status: 'PENDING',
    };
    this.records.set(id, record);
    this.timers.set(
      id,
      this.clock.schedule(() => this.onExpired(this.close(id, 'EXPIRED')), this.ttlMs),
    );
    return record;
  }

  find(id: string): RequestRecord<Status, Details> | undefined {
    return this.records.get(id);
  }

  /** @throws SandboxError 404 for an unknown id. */
  get(id: string): RequestRecord<Status, Details> {
    const record = this.records.get(id);
    if (record !== undefined) return record;
    throw refusal(this.kind.notFound, `The sandbox has no ${this.kind.name} ${id}.`);
  }

  /** @throws SandboxError as {@link get}, and 409 or 410 if the request is no longer pending. */
  pending(id: string): RequestRecord<Status, Details> {
    const record = this.get(id);
    if (record.status === 'PENDING') return record;
    const { name, closed } = this.kind;
    throw refusal(closed, `The ${name} ${id} is ${record.status} and no longer pending.`);
  }

  /**
   * Gives a pending request its outcome.
   * @throws SandboxError as {@link pending}.
   */
  close(id: string, status: Status | 'EXPIRED'): RequestRecord<Status, Details> {
    const record = this.pending(id);
    this.timers.get(id)?.();
    this.timers.delete(id);
    record.status = status;
    return record;
  }

  /** The number of all requests since the start. */
  get total(): number {
    return this.records.size;
  }

  get pendingCount(): number {
    return this.timers.size;
  }

  /** All requests, oldest first. */
  list(): RequestRecord<Status, Details>[] {
    return Array.from(this.records.values());
  }

  /** The last requests, newest first. */
  newest(count: number): RequestRecord<Status, Details>[] {
    return this.list().slice(-count).toReversed();
  }

  stop(): void {
    for (const cancel of this.timers.values()) cancel();
    this.timers.clear();
  }
}
