import { randomUUID } from 'node:crypto';
import type { Clock } from '../common/clock.js';
import { type RequestRecord, RequestStore } from './request-store.js';

/** `DELIVERED`: approved, and an open event stream took the passport. */
export type LoginRequestStatus = 'PENDING' | 'APPROVED' | 'DELIVERED' | 'EXPIRED';

/** A snapshot of a login request. */
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

interface LoginDetails {
  /** Of the proof of work. */
  readonly challenge: string;
  approval?: { readonly agentId: string; readonly passport: string };
}

/** The live record; only the platform changes it. */
export type LoginRequestRecord = RequestRecord<'APPROVED' | 'DELIVERED', LoginDetails>;

/** The login requests of the site. */
export class LoginRequests extends RequestStore<'APPROVED' | 'DELIVERED', LoginDetails> {
  constructor(ttlMs: number, clock: Clock, onExpired: (record: LoginRequestRecord) => void) {
    const kind = {
      name: 'login request',
      notFound: 'SITE_LOGIN_REQUEST_NOT_FOUND',
      closed: 'SITE_LOGIN_CONFLICT',
    } as const;
    super(kind, ttlMs, clock, onExpired);
  }

  create(): LoginRequestRecord {
    return this.add(() => ({ challenge: randomUUID() }));
  }
}

export function loginRequestSnapshot(record: LoginRequestRecord): SandboxLoginRequest {
  return {
    requestId: record.id,
    status: record.status,
    createdAt: new Date(record.createdAt),
    expiresAt: new Date(record.expiresAt),
    ...(record.approval && {
      approvedAgentId: record.approval.agentId,
      passport: record.approval.passport,
    }),
  };
}
