import type { LimeLogger } from '../common/logger.js';
import type { LoginRecord } from './login-record.interface.js';

/**
 * What the replicas of a site share, and how a login gets to one of them: the option `cluster`.
 * `bullMqCluster()` from `nestjs-lime-sites/bullmq` makes one.
 */
export interface LimeCluster {
  /**
   * Takes a replica in. Called once for each site while the application is put together, so it must not wait for a
   * server that may be out of reach.
   * @throws {LimeError} `MISSING_PACKAGE`
   */
  join(site: LimeClusterSite): Promise<LimeClusterMember>;
}

/** The site that a replica stands for. */
export interface LimeClusterSite {
  /** As given to `forRoot({ name })`; `default` without. */
  readonly name: string;
  /** The same for all replicas of a site, another one for every other site: a digest of its name, address and token. */
  readonly key: string;
  /** Logins whose handlers run at once in this replica. */
  readonly concurrency: number;
  readonly logger: LimeLogger;
}

/** How a replica stands with the others. */
export interface LimeClusterStatus {
  /** `connecting` until the shared store was reached for the first time. */
  readonly state: 'connecting' | 'up' | 'down' | 'closed';
  /** When this state began. */
  readonly since: Date;
  /** Why it is down, or was. */
  readonly lastError?: Error;
}

/** What is remembered for all replicas: the logins and bindings that the site started. */
export type LimeSharedId = 'login' | 'binding';

/** One replica's part in the cluster. Every method may reject while the shared store is out of reach. */
export interface LimeClusterMember {
  readonly status: LimeClusterStatus;

  /** Begins to take part: `replica` hears of outcomes from now on, and gets logins to handle if it works. */
  start(replica: LimeClusterReplica): void;

  /**
   * Resolves when the shared store can be reached.
   * @throws {LimeError} `CLUSTER_UNAVAILABLE` after `waitMs` milliseconds.
   */
  whenUp(waitMs: number): Promise<void>;

  /** Resolves when the outcome is stored safely, so that some replica will handle it. A repeat changes nothing. */
  submit(record: LoginRecord): Promise<void>;

  /** Lets all replicas know what this one started. A login that stays without an outcome expires for all of them. */
  remember(kind: LimeSharedId, id: string, expiresAt: Date): Promise<void>;

  /** Whether some replica started it, or received its outcome. */
  knows(kind: LimeSharedId, id: string): Promise<boolean>;

  /** Uses up what counts once. @returns whether nobody had, on any replica. */
  claim(use: string, expiresAt: Date): Promise<boolean>;

  /** How a login ended, if it did a short while ago. Without its passport. */
  outcomeOf(requestId: string): Promise<LoginRecord | undefined>;

  /**
   * Takes no more logins and waits for those in hand. When `deadline` aborts, those that are left are given up: another
   * replica takes them over.
   */
  drain(deadline: AbortSignal): Promise<void>;

  /** Lets go of the connections. */
  close(): Promise<void>;
}

/** What a member of the cluster tells its replica. */
export interface LimeClusterReplica {
  /** Whether it handles logins; `false` with `dispatcher: false`. */
  readonly works: boolean;

  /** Runs the handlers, the first of them at once. Never rejects. */
  handle(record: LoginRecord, run: LimeClusterRun): Promise<LimeClusterHandling>;

  /** The site's verdict on a login, whichever replica heard of it. May come more than once. */
  settled(record: LoginRecord): void;

  /** A login whose handlers failed for the last time. */
  gaveUp(record: LoginRecord, failed: LimeClusterHandling['failed'], attempts: number): void;

  /** The logins whose outcome somebody waits for here. */
  awaited(): readonly string[];
}

/** What goes with one run of the handlers. */
export interface LimeClusterRun {
  /** Handlers that were done in an earlier try. */
  readonly done: readonly string[];
  /** Aborts when the login is taken away from this replica. */
  readonly signal: AbortSignal;
}

/** What came of it. */
export interface LimeClusterHandling {
  /** Handlers that are done, those of earlier tries included. */
  readonly done: readonly string[];
  /** Handlers that failed, and why: fit for a log. */
  readonly failed: readonly { readonly handler: string; readonly reason: string }[];
}
