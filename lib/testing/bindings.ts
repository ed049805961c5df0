import { randomUUID } from 'node:crypto';
import type { Clock } from '../ports/index.js';
import { ExpiryTimers } from './expiry-timers.js';
import { SandboxError } from './sandbox-error.js';

/** `COMPLETED`: a person connected an agent. */
export type BindingStatus = 'PENDING' | 'COMPLETED' | 'EXPIRED';

/** A binding request as it stood when it was asked for. */
export interface SandboxBinding {
  readonly bindingId: string;
  readonly status: BindingStatus;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly redirectUri: string;
  /** The page on which a person connects the agent. */
  readonly connectUrl: string;
  /** Set once it is completed. */
  readonly agentId?: string;
  /** Set once it is completed. */
  readonly passport?: string;
}

/** The live record; only {@link Bindings} and the platform change it. */
export interface BindingRecord {
  readonly bindingId: string;
  readonly redirectUri: string;
  readonly connectUrl: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  status: BindingStatus;
  completion?: { readonly agentId: string; readonly passport: string };
}

/** The binding requests of the site, and the timers that end them. */
export class Bindings {
  private readonly records = new Map<string, BindingRecord>();
  private readonly timers: ExpiryTimers;

  constructor(
    private readonly ttlMs: number,
    private readonly clock: Clock,
    private readonly onExpired: (record: BindingRecord) => void,
  ) {
    this.timers = new ExpiryTimers(clock);
  }

  create(redirectUri: string, connectUrlOf: (bindingId: string) => string): BindingRecord {
    const bindingId = `bd_${randomUUID()}`;
    const createdAt = this.clock.now();
    const record: BindingRecord = {
      bindingId,
      redirectUri,
      connectUrl: connectUrlOf(bindingId),
      createdAt,
      expiresAt: createdAt + this.ttlMs,
      status: 'PENDING',
    };
    this.records.set(bindingId, record);
    this.timers.arm(bindingId, this.ttlMs, () => {
      record.status = 'EXPIRED';
      this.onExpired(record);
    });
    return record;
  }

  /** @throws SandboxError 404 `BINDING_NOT_FOUND`. */
  get(bindingId: string): BindingRecord {
    const record = this.records.get(bindingId);
    if (record !== undefined) return record;
    throw new SandboxError('BINDING_NOT_FOUND', `No binding request ${bindingId}.`, {
      httpStatus: 404,
    });
  }

  /** @throws SandboxError 404 as above, or 410 `BINDING_CLOSED` when it is completed or expired. */
  pending(bindingId: string): BindingRecord {
    const record = this.get(bindingId);
    if (record.status === 'PENDING') return record;
    throw new SandboxError(
      'BINDING_CLOSED',
      `Binding request ${bindingId} is ${record.status} and no longer pending.`,
      { httpStatus: 410 },
    );
  }

  complete(bindingId: string, completion: { agentId: string; passport: string }): BindingRecord {
    const record = this.pending(bindingId);
    this.timers.disarm(bindingId);
    record.status = 'COMPLETED';
    record.completion = completion;
    return record;
  }

  /** How many there ever were. */
  get total(): number {
    return this.records.size;
  }

  /** The last ones made, newest first. */
  newest(count: number): BindingRecord[] {
    return Array.from(this.records.values()).slice(-count).toReversed();
  }

  list(): SandboxBinding[] {
    return Array.from(this.records.values(), snapshotOf);
  }

  find(bindingId: string): SandboxBinding | undefined {
    const record = this.records.get(bindingId);
    return record && snapshotOf(record);
  }

  stop(): void {
    this.timers.clear();
  }
}

function snapshotOf({ completion, ...record }: BindingRecord): SandboxBinding {
  return {
    ...record,
    createdAt: new Date(record.createdAt),
    expiresAt: new Date(record.expiresAt),
    ...completion,
  };
}
