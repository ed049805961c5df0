import type { PassportClaims } from './passport-claims.interface.js';

/** A verified outcome as it travels between replicas: plain JSON. */
export type LoginRecord = ApprovedRecord | ExpiredRecord;

interface ApprovedRecord {
  readonly type: 'approved';
  readonly requestId: string;
  readonly claims: PassportClaims;
  /** Left out where a record is kept: whoever holds a passport can use it. */
  readonly passport?: string;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
}

interface ExpiredRecord {
  readonly type: 'expired';
  readonly requestId: string;
  readonly origin: 'platform' | 'local';
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
}
