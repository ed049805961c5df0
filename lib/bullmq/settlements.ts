import type { LoginRecord } from '../interfaces/login-record.interface.js';
import type { RedisClient } from './redis-clients.js';
import type { RedisKeys } from './redis-keys.js';
import { ANNOUNCE, CLAIM, EXPECT, RELEASE } from './scripts.js';

type Claim = 'mine' | 'done' | 'other' | 'later';

/** How the logins of a site were settled, on whichever replica. */
export class Settlements {
  constructor(
    private readonly client: RedisClient,
    private readonly keys: RedisKeys,
    private readonly rememberMs: number,
  ) {}

  /**
   * Makes this outcome the verdict on its login. Asked by whoever is about to run the handlers, so that a replica that dies in
   * between leaves nothing half settled: the next one gets the same answer.
   * @returns `done` when its handlers are through already, `other` when another outcome won, `later` when the handlers of a
   * local expiry that it overrules are not through yet.
   */
  async claim(record: LoginRecord): Promise<Claim> {
    const { requestId } = record;
    const keys = [this.keys.settled(requestId), this.keys.pending];
    const values = [outcomeOf(record), requestId, this.rememberMs];
    return (await this.#run(CLAIM, keys, values)) as Claim;
  }

  /** Tells all replicas, and those that ask later. Without the passport. */
  async announce(record: LoginRecord): Promise<void> {
    const keys = [this.keys.settled(record.requestId), this.keys.outcome(record.requestId)];
    const text = JSON.stringify(withoutPassport(record));
    await this.#run(ANNOUNCE, keys, [outcomeOf(record), text, this.rememberMs, this.keys.verdicts]);
  }

  /** The handlers are not at work any more: `done`, or `idle` if some failed and the login may be claimed again. */
  async release(record: LoginRecord, phase: 'done' | 'idle'): Promise<void> {
    const keys = [this.keys.settled(record.requestId)];
    await this.#run(RELEASE, keys, [outcomeOf(record), `:${phase}`, this.rememberMs]);
  }

  /** A login that was started: whoever notices that it stays without an outcome expires it. */
  async expect(requestId: string, expiresAt: Date): Promise<void> {
    const keys = [this.keys.settled(requestId), this.keys.pending];
    await this.#run(EXPECT, keys, [requestId, expiresAt.getTime()]);
  }

  /** Logins that should have had an outcome at that moment, in milliseconds since the epoch; at most 200. */
  overdueAt(moment: number): Promise<string[]> {
    return this.client.zrangebyscore(this.keys.pending, '-inf', moment, 'LIMIT', 0, 200);
  }

  /** The verdict on a login, if there is one. */
  async verdictOn(requestId: string): Promise<LoginRecord | undefined> {
    const text = await this.client.get(this.keys.outcome(requestId));
    return text === null ? undefined : (JSON.parse(text) as LoginRecord);
  }

  #run(script: string, keys: string[], values: (string | number)[]): Promise<unknown> {
    return this.client.eval(script, keys.length, ...keys, ...values);
  }
}

/** Whoever holds a passport can use it, so it is not kept longer than its handlers need it. */
export function withoutPassport(record: LoginRecord): LoginRecord {
  if (record.type === 'expired') return record;
  const { passport: _, ...rest } = record;
  return rest;
}

function outcomeOf(record: LoginRecord): string {
  if (record.type === 'approved') return 'approved';
  return record.origin === 'local' ? 'expired-locally' : 'expired';
}
