import { randomBytes } from 'node:crypto';
import type { Clock } from '../common/clock.js';
import { type RequestRecord, RequestStore } from './request-store.js';

/** `COMPLETED`: the person connected an agent. `DECLINED`: the person refused to. */
export type BindingStatus = 'PENDING' | 'COMPLETED' | 'DECLINED' | 'EXPIRED';

/** A snapshot of a binding request. */
export interface SandboxBinding {
  readonly bindingId: string;
  readonly status: BindingStatus;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly redirectUri: string;
  /** The page on which a person connects an agent. */
  readonly connectUrl: string;
  /** Set once it is completed. */
  readonly agentId?: string;
  /** Set once the site has exchanged the code; on `2026-07` once the binding is completed. */
  readonly passport?: string;
}

/** A single-use binding code. */
export interface BindingCode {
  readonly code: string;
  readonly expiresAt: number;
  used: boolean;
  /** Signs the passport that the code stands for. */
  readonly signPassport: () => Promise<string>;
}

interface BindingDetails {
  readonly redirectUri: string;
  readonly connectUrl: string;
  agentId?: string;
  code?: BindingCode;
  passport?: string;
}

/** The live record; only {@link Bindings} and the platform change it. */
export type BindingRecord = RequestRecord<'COMPLETED' | 'DECLINED', BindingDetails>;

/** The reason for refusing an exchange. The console shows it; the answer does not. */
export type BindingCodeFault = 'unknown' | 'used' | 'expired';

/** As long as a binding passport is valid. LIME's own lifetime of codes is not public. */
const CODE_TTL_MS = 60_000;

/** The binding requests of the site, and the codes for their passports. */
export class Bindings extends RequestStore<'COMPLETED' | 'DECLINED', BindingDetails> {
  private readonly byCode = new Map<string, BindingRecord & { code: BindingCode }>();

  constructor(ttlMs: number, clock: Clock, onExpired: (record: BindingRecord) => void) {
    const kind = {
      name: 'binding request',
      notFound: 'BINDING_NOT_FOUND',
      closed: 'BINDING_CLOSED',
    } as const;
    super(kind, ttlMs, clock, onExpired);
  }

  /** Issues the code of a completed binding. */
  issueCode(record: BindingRecord, signPassport: () => Promise<string>): string {
    const code = randomBytes(32).toString('base64url');
    const expiresAt = this.clock.now() + CODE_TTL_MS;
    const issued = Object.assign(record, {
      code: { code, expiresAt, used: false, signPassport },
    });
    this.byCode.set(code, issued);
    return code;
  }

  /** Uses a code. Gives its binding, or the reason for refusing it. */
  redeem(code: string): (BindingRecord & { code: BindingCode }) | BindingCodeFault {
    const record = this.byCode.get(code);
    if (record === undefined) return 'unknown';
    if (record.code.used) return 'used';
    if (record.code.expiresAt <= this.clock.now()) return 'expired';
    record.code.used = true;
    return record;
  }
}

export function bindingSnapshot({ id, code: _code, ...record }: BindingRecord): SandboxBinding {
  return {
    ...record,
    bindingId: id,
    createdAt: new Date(record.createdAt),
    expiresAt: new Date(record.expiresAt),
  };
}
