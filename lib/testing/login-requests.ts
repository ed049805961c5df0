import { randomUUID } from 'node:crypto';
import type { Clock } from '../ports/index.js';
import { ExpiryTimers } from './expiry-timers.js';
import { SandboxError } from './sandbox-error.js';

/** `DELIVERED`: approved, and an open event stream took the passport. */
export type LoginRequestStatus = 'PENDING' | 'APPROVED' | 'DELIVERED' | 'EXPIRED';

/** A login request as it stood when it was asked for. */
export interface SandboxLoginRequest {
  readonly requestId: string;
  readonly status: LoginRequestStatus;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  /** Set once it is approved. */
  readonly approvedAgentId?: string;
  /** Set once it is approved. */
  readonly passport?: string;
}

/** The live record; only {@link LoginRequests} and the platform change it. */
export interface LoginRequestRecord {
  readonly requestId: string;
  readonly challenge: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  status: LoginRequestStatus;
  approval?: { readonly agentId: string; readonly passport: string };
}

/** The login requests of the site, and the timers that end them. Keeps them all until the sandbox stops. */
export class LoginRequests {
  private readonly records = new Map<string, LoginRequestRecord>();
  private readonly timers: ExpiryTimers;

  constructor(
    private readonly ttlMs: number,
    private readonly clock: Clock,
    private readonly onExpired: (record: LoginRequestRecord) => void,
  ) {
    this.timers = new ExpiryTimers(clock);
  }

  create(): LoginRequestRecord {
    const createdAt = this.clock.now();
    const record: LoginRequestRecord = {
      requestId: `lr_${randomUUID()}`,
      challenge: randomUUID(),
      createdAt,
      expiresAt: createdAt + this.ttlMs,
      status: 'PENDING',
    };
    this.records.set(record.requestId, record);
    this.timers.arm(record.requestId, this.ttlMs, () => {
      record.status = 'EXPIRED';
      this.onExpired(record);
    });
    return record;
  }

  /** @throws SandboxError 404 `SITE_LOGIN_REQUEST_NOT_FOUND`. */
  get(requestId: string): LoginRequestRecord {
    const record = this.records.get(requestId);
    if (record !== undefined) return record;
    throw new SandboxError('SITE_LOGIN_REQUEST_NOT_FOUND', `No login request ${requestId}.`, {
      httpStatus: 404,
    });
  }

  /** @throws SandboxError 404 as above, or 409 `SITE_LOGIN_CONFLICT` when it is settled already. */
  pending(requestId: string): LoginRequestRecord {
    const record = this.get(requestId);
    if (record.status === 'PENDING') return record;
    throw new SandboxError(
      'SITE_LOGIN_CONFLICT',
      `Login request ${requestId} is ${record.status} and no longer pending.`,
      { httpStatus: 409 },
    );
  }

  /** Ends the wait of a pending request. */
  settle(requestId: string, status: Exclude<LoginRequestStatus, 'PENDING'>): LoginRequestRecord {
    const record = this.pending(requestId);
    this.timers.disarm(requestId);
    record.status = status;
    return record;
  }

  /** How many there ever were. */
  get total(): number {
    return this.records.size;
  }

  get pendingCount(): number {
    return this.timers.count;
  }

  /** The last ones made, newest first. */
  newest(count: number): LoginRequestRecord[] {
    return Array.from(this.records.values()).slice(-count).toReversed();
  }

  list(): SandboxLoginRequest[] {
    return Array.from(this.records.values(), snapshotOf);
  }

  find(requestId: string): SandboxLoginRequest | undefined {
    const record = this.records.get(requestId);
    return record && snapshotOf(record);
  }

  stop(): void {
    this.timers.clear();
  }
}

function snapshotOf(record: LoginRequestRecord): SandboxLoginRequest {
  return {
    requestId: record.requestId,
    status: record.status,
    createdAt: new Date(record.createdAt),
    expiresAt: new Date(record.expiresAt),
    ...(record.approval && {
      approvedAgentId: record.approval.agentId,
      passport: record.approval.passport,
    }),
  };
}
