import { createHash } from 'node:crypto';
import type { LimeSharedId } from '../interfaces/cluster.interface.js';
import type { LoginRecord } from '../interfaces/login-record.interface.js';

/** Under which names the things of one site are in Redis: all on one node of a Redis Cluster, because of the hash tag. */
export class RedisKeys {
  /** What BullMQ's own keys begin with. */
  readonly base: string;

  constructor(
    prefix: string,
    private readonly siteKey: string,
  ) {
    this.base = `{${prefix}:${siteKey}}`;
  }

  /** Written by every replica, to see whether it can. */
  get alive(): string {
    return `${this.base}:alive`;
  }

  /** Sorted set of the logins without an outcome, by the moment at which they expire. */
  get pending(): string {
    return `${this.base}:pending`;
  }

  /** Channel on which verdicts are announced. */
  get verdicts(): string {
    return `${this.base}:verdicts`;
  }

  /** How a login was settled, and whether its handlers are through. */
  settled(requestId: string): string {
    return `${this.base}:settled:${requestId}`;
  }

  /** The verdict on a login. */
  outcome(requestId: string): string {
    return `${this.base}:outcome:${requestId}`;
  }

  known(kind: LimeSharedId, id: string): string {
    return `${this.base}:known:${kind}:${id}`;
  }

  used(use: string): string {
    return `${this.base}:used:${use}`;
  }

  /** The same on every replica, so that what all of them heard is one job. BullMQ allows no colon in it. */
  jobId({ type, requestId }: Pick<LoginRecord, 'type' | 'requestId'>): string {
    const digest = createHash('sha256').update(`${this.siteKey}\n${requestId}\n${type}`);
    return `${type}-${digest.digest('hex').slice(0, 32)}`;
  }
}
