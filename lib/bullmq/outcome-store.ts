import type { LoginOutcome } from '../interfaces/cluster.interface.js';
import type { LimeSiteStore, LimeStoreKind } from '../interfaces/store.interface.js';
import type { RedisClient } from './redis-clients.js';
import type { RedisKeys } from './redis-keys.js';

/** A passport that LIME issued at the last moment lives for two more minutes. */
const GRACE_MS = 3 * 60_000;
/** An outcome is remembered at least this long after the login could have had another one. */
const OUTCOME_GRACE_MS = 5 * 60_000;
/** Outcomes read at once. */
const BATCH = 500;

/** The current time of Redis in milliseconds since the epoch, for the scripts: clocks of replicas differ. */
const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/**
 * Decides on the outcome of a login: the first one from LIME wins, and an approval overrules a local expiry. The progress of a login
 * is \`approved\`, \`expired\` (LIME reported it) or \`expired-locally\`, with \`:done\` or \`:idle\` (a handler failed) once its handlers
 * do not run any more.
 * KEYS: progress, pending. ARGV: outcome, request id, TTL, grace.
 * Returns \`mine\`; \`done\` if the handlers of this outcome are done; \`other\` if another outcome won; \`later\` if the handlers of a
 * local expiry are running, which must not undo the effect of those of the approval.
 */
const CLAIM = `
${NOW}
local earlier = redis.call('GET', KEYS[1])
local expires = redis.call('ZSCORE', KEYS[2], ARGV[2])
redis.call('ZREM', KEYS[2], ARGV[2])
local ttl = tonumber(ARGV[3])
if expires then ttl = math.max(ttl, math.floor(expires - now + ARGV[4])) end
if earlier then
  local outcome, phase = string.match(earlier, '^([%a-]+)(.*)$')
  if outcome == ARGV[1] or (outcome ~= 'approved' and ARGV[1] ~= 'approved') then
    if phase == ':done' then return 'done' end
  else
    if outcome ~= 'expired-locally' then return 'other' end
    if phase == '' then return 'later' end
  end
  ttl = math.max(ttl, redis.call('PTTL', KEYS[1]))
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ttl)
return 'mine'
`;

/**
 * Keeps the outcome and publishes it to all replicas, if it still is the outcome. KEYS: progress, outcome. ARGV: outcome, its JSON,
 * channel. Returns the error if Redis refuses to publish: replicas that wait then read what is kept.
 */
const PUBLISH = `
local progress = redis.call('GET', KEYS[1])
if not progress or string.match(progress, '^[%a-]+') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[2], 'PX', math.max(redis.call('PTTL', KEYS[1]), 1))
local published = redis.pcall('PUBLISH', ARGV[3], ARGV[2])
if type(published) == 'table' and published.err then return published.err end
return 1
`;

/** The handlers of an outcome do not run any more. KEYS: progress. ARGV: outcome, phase. */
const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1] .. ARGV[2], 'KEEPTTL')
return 1
`;

/** Adds a login to those without an outcome, unless it has one. KEYS: progress, pending. ARGV: request id, when it expires. */
const EXPECT = `
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
return 1
`;

/** The logins that are overdue by the clock of Redis, at most 200. KEYS: pending. ARGV: grace. Returns the time, then their ids. */
const OVERDUE = `
${NOW}
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[1], 'LIMIT', 0, 200)
table.insert(ids, 1, string.format('%d', now))
return ids
`;

type Claim = 'mine' | 'done' | 'other' | 'later';

export interface OverdueLogins {
  /** The time of Redis in milliseconds since the epoch. */
  readonly now: number;
  readonly requestIds: readonly string[];
}

/** The outcomes, the known logins and bindings, and the used passports of a site, the same on all replicas. */
export class OutcomeStore implements LimeSiteStore {
  constructor(
    private readonly client: RedisClient,
    private readonly keys: RedisKeys,
    private readonly rememberMs: number,
    /** Called when Redis refuses a command for good, and the work goes on without it. */
    private readonly onRefused: (error: unknown) => void,
  ) {}

  /**
   * Decides whether the handlers of this outcome are to run. If a replica dies in between, the next one gets the same answer.
   * @returns `done` when the handlers are done, `other` when another outcome won, `later` when the handlers of a local expiry that it
   * overrules are running.
   */
  async claimOutcome(outcome: LoginOutcome): Promise<Claim> {
    const { requestId } = outcome;
    const keys = [this.keys.progress(requestId), this.keys.pending];
    const values = [progressOf(outcome), requestId, this.rememberMs, OUTCOME_GRACE_MS];
    return (await this.#run(CLAIM, keys, values)) as Claim;
  }

  /** Publishes an outcome to all replicas, without the passport. */
  async publish(outcome: LoginOutcome): Promise<void> {
    const { requestId } = outcome;
    const keys = [this.keys.progress(requestId), this.keys.outcome(requestId)];
    const json = JSON.stringify(withoutPassport(outcome));
    const result = await this.#run(PUBLISH, keys, [progressOf(outcome), json, this.keys.channel]);
    if (typeof result === 'string') this.onRefused(new Error(result));
  }

  /** @param phase `done`, or `idle` if a handler failed and the login may be claimed again. */
  async release(outcome: LoginOutcome, phase: 'done' | 'idle'): Promise<void> {
    const keys = [this.keys.progress(outcome.requestId)];
    await this.#run(RELEASE, keys, [progressOf(outcome), `:${phase}`]);
  }

  /** @param graceMs how long after `expiresAt` a login becomes overdue. */
  async overdue(graceMs: number): Promise<OverdueLogins> {
    const reply = (await this.#run(OVERDUE, [this.keys.pending], [graceMs])) as string[];
    const [now, ...requestIds] = reply;
    return { now: Number(now), requestIds };
  }

  /** The outcomes of these logins, of those that have one. */
  async outcomesOf(requestIds: readonly string[]): Promise<LoginOutcome[]> {
    const outcomes: LoginOutcome[] = [];
    for (let index = 0; index < requestIds.length; index += BATCH) {
      const keys = requestIds.slice(index, index + BATCH).map((id) => this.keys.outcome(id));
      for (const json of await this.client.mget(keys)) {
        if (json !== null) outcomes.push(JSON.parse(json) as LoginOutcome);
      }
    }
    return outcomes;
  }

  async remember(kind: LimeStoreKind, id: string, expiresAt: Date): Promise<void> {
    const endsAt = expiresAt.getTime() + GRACE_MS;
    const known = this.client.set(this.keys.known(kind, id), '1', 'PXAT', endsAt);
    await Promise.all([known, kind === 'login' ? this.#expect(id, expiresAt) : undefined]);
  }

  async knows(kind: LimeStoreKind, id: string): Promise<boolean> {
    const keys = [this.keys.known(kind, id), ...(kind === 'login' ? [this.keys.progress(id)] : [])];
    return (await this.client.exists(keys)) > 0;
  }

  async claim(key: string, expiresAt: Date): Promise<boolean> {
    const endsAt = expiresAt.getTime() + GRACE_MS;
    return (await this.client.set(this.keys.used(key), '1', 'PXAT', endsAt, 'NX')) === 'OK';
  }

  async #expect(requestId: string, expiresAt: Date): Promise<void> {
    const keys = [this.keys.progress(requestId), this.keys.pending];
    await this.#run(EXPECT, keys, [requestId, expiresAt.getTime()]);
  }

  #run(script: string, keys: string[], values: (string | number)[]): Promise<unknown> {
    return this.client.eval(script, keys.length, ...keys, ...values);
  }
}

/** A passport is a credential, so it is not kept longer than its handlers need it. */
export function withoutPassport(outcome: LoginOutcome): LoginOutcome {
  if (outcome.type === 'expired') return outcome;
  const { passport: _, ...rest } = outcome;
  return rest;
}

function progressOf(outcome: LoginOutcome): string {
  if (outcome.type === 'approved') return 'approved';
  return outcome.origin === 'local' ? 'expired-locally' : 'expired';
}
