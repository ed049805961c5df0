import type { LimeStoreKind } from '../interfaces/store.interface.js';

/** The names of the keys of one site: all on one node of a Redis Cluster, because of the hash tag. */
export class RedisKeys {
  /** The beginning of BullMQ's own keys. */
  readonly base: string;

  constructor(
    prefix: string,
    readonly siteKey: string,
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

  /** Channel on which outcomes are published. */
  get channel(): string {
    return `${this.base}:outcomes`;
  }

  /** The type of the outcome of a login, and whether its handlers are done. */
  progress(requestId: string): string {
    return `${this.base}:progress:${requestId}`;
  }

  /** The outcome of a login. */
  outcome(requestId: string): string {
    return `${this.base}:outcome:${requestId}`;
  }

  known(kind: LimeStoreKind, id: string): string {
    return `${this.base}:known:${kind}:${id}`;
  }

  used(key: string): string {
    return `${this.base}:used:${key}`;
  }
}
