import type { LimeLogger } from '../common/logger.js';
import type { LimeHandlerFailure } from './login-events.interface.js';
import type { PassportClaims } from './passport-claims.interface.js';
import type { LimeSiteStore } from './store.interface.js';

/**
 * How the replicas of a site deliver each login once: the option `cluster`. `bullMqCluster()` from `nestjs-lime-sites/bullmq`
 * makes one.
 */
export interface LimeCluster {
  /**
   * Takes a replica in. Called once for each site while the application is put together, so it must not wait for a
   * server that may be out of reach.
   * @throws {LimeError} `MISSING_PACKAGE`, `UNSUPPORTED_VERSION`
   */
  join(site: LimeClusterSite): Promise<LimeClusterMember>;
}

/** The site that a replica belongs to. */
export interface LimeClusterSite {
  /** As given to `forRoot({ name })`; `default` without. */
  readonly name: string;
  /** The same for all replicas of a site, another one for every other site: a digest of its name, base URL and token. */
  readonly key: string;
  /** Logins whose handlers run at once in this replica. */
  readonly concurrency: number;
  readonly logger: LimeLogger;
}

/** The connection of this replica to the cluster. */
export interface LimeClusterStatus {
  /** `connecting` until Redis was reached for the first time. */
  readonly state: 'connecting' | 'up' | 'down' | 'closed';
  /** When this state began. */
  readonly since: Date;
  /** Why it is, or was, down. */
  readonly lastError?: Error;
}

/** A verified outcome as it travels between replicas: plain JSON. */
export type LoginOutcome = ApprovedOutcome | ExpiredOutcome;

interface ApprovedOutcome {
  readonly type: 'approved';
  readonly requestId: string;
  readonly claims: PassportClaims;
  /** Left out of what is kept: a passport is a credential. */
  readonly passport?: string;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
}

interface ExpiredOutcome {
  readonly type: 'expired';
  readonly requestId: string;
  readonly origin: 'platform' | 'local';
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
}

/**
 * One replica in the cluster, and the store of its site. The cluster expires a login that `remember()` was called for and that stays
 * without an outcome. Every method may reject while Redis is out of reach.
 */
export interface LimeClusterMember extends LimeSiteStore {
  readonly status: LimeClusterStatus;

  /** Connects. From now on `replica` receives outcomes, and logins to handle if `replica.handlesLogins`. */
  start(replica: LimeClusterReplica): void;

  /**
   * Resolves when Redis can be reached.
   * @throws {LimeError} `CLUSTER_UNAVAILABLE` after `waitMs` milliseconds.
   */
  whenUp(waitMs: number): Promise<void>;

  /** Resolves when the outcome is stored, so that some replica will handle it. A repeat changes nothing. */
  submit(outcome: LoginOutcome): Promise<void>;

  /** The outcome of a login, if it had one a short while ago. Without its passport. */
  outcomeOf(requestId: string): Promise<LoginOutcome | undefined>;

  /** Takes no more logins and waits for those in flight. When `deadline` aborts, other replicas take over the rest. */
  drain(deadline: AbortSignal): Promise<void>;

  /** Closes the connections. */
  close(): Promise<void>;
}

/** What a member of the cluster calls on its replica. */
export interface LimeClusterReplica {
  /** `false` with `dispatcher: false`. */
  readonly handlesLogins: boolean;

  /** Resolves when the application has started. No login may be handled before. */
  readonly whenStarted: Promise<void>;

  /** Invokes the handlers, the first of them at once. Never rejects. */
  handle(outcome: LoginOutcome, attempt: LimeClusterAttempt): Promise<LimeClusterResult>;

  /** The final outcome of a login, whichever replica received it. May be called more than once. */
  onOutcome(outcome: LoginOutcome): void;

  /** A login whose handlers failed for the last time. */
  onFailed(outcome: LoginOutcome, failed: readonly LimeHandlerFailure[], attempts: number): void;

  /** The logins whose outcome this replica waits for. */
  awaited(): readonly string[];
}

/** One attempt to handle a login. */
export interface LimeClusterAttempt {
  /** Handlers that succeeded in an earlier attempt. */
  readonly done: readonly string[];
  /** Aborts when another replica takes the login over. */
  readonly signal: AbortSignal;
}

/** The result of an attempt. */
export interface LimeClusterResult {
  /** Handlers that have succeeded, those of earlier attempts included. */
  readonly done: readonly string[];
  readonly failed: readonly LimeHandlerFailure[];
}
