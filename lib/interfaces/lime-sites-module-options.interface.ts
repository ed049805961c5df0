import type { Dispatcher } from 'undici';
import type { LimeCluster } from './cluster.interface.js';

/** Anything that application events can be emitted on, such as an `EventEmitter2`. */
export interface LimeEventEmitter {
  /**
   * Called with `lime.login.approved` and the like, and what happened.
   * @param context comes with the events of a site that was registered under a name.
   */
  emit(event: string, payload: unknown, context?: LimeEventContext): unknown;
}

/** The second argument of application events, for telling the sites of one application apart. */
export interface LimeEventContext {
  /** The name of the site. */
  readonly site: string;
}

/** What `LimeSitesModule.forRoot()` takes. Every field has a default; times are in milliseconds. */
export interface LimeSitesModuleOptions {
  /** The site's secret (`st_…`). Default: the environment variable `LIME_SITE_TOKEN`. Without one the application does not start. */
  siteToken?: string | undefined;
  /**
   * Root of the LIME API, absolute; an origin alone gets `/api/v1`. Default: the environment variable `LIME_API_BASE`, else `https://lime.pics/api/v1`.
   * Plain `http:` is for loopback only, because the site token travels with every call.
   */
  baseUrl?: string | undefined;
  /**
   * What the `iss` of a passport must be: an origin such as `https://lime.pics`, a list of them, or `false` for platforms that send
   * none (LIME before September 2026). Default: the origin of `baseUrl`.
   */
  issuer?: string | readonly string[] | false | undefined;
  /** Allows plain `http:` to other hosts than loopback. Default `false`. Anybody on the way can read the site token then. */
  allowInsecureHttp?: boolean | undefined;
  /** How long one HTTP request may take. Default 30 000. */
  timeoutMs?: number | undefined;
  /**
   * Retries of one call: after 408, 429 and 503; where a repeat harms nothing, also after other 5xx and transport faults. Default 3;
   * 0 for none. `Retry-After` is honoured, up to 30 s.
   */
  maxRetries?: number | undefined;
  /** How long an expired passport is still good for, because clocks differ. Default 5 000, at most 60 000. */
  clockToleranceMs?: number | undefined;
  /** First delay before the event stream is opened again. Default 500. */
  sseBackoffBaseMs?: number | undefined;
  /** Longest such delay. Default 8 000. (After a refusal, such as a bad token, it is 30 s to 5 min.) */
  sseBackoffMaxMs?: number | undefined;
  /**
   * How long `createLoginRequest()` waits for an open event stream before it fails with `STREAM_UNAVAILABLE`.
   * Default 5 000. With 0 it neither waits nor fails, and an outcome that comes before the stream is open is lost.
   */
  streamWaitMs?: number | undefined;
  /** Silence after which the event stream is taken for dead. Default 310 000: LIME may stay silent for 300 s. */
  sseReadTimeoutMs?: number | undefined;
  /** A longer frame, or line, drops the stream (which is then opened again). In bytes. Default 1 MiB. */
  maxFrameBytes?: number | undefined;
  /** How many logins may be with their handlers at once. Default 16; 1 settles them strictly in their order. */
  concurrency?: number | undefined;
  /** After so long a handler's `signal` aborts and its slot is freed. Default 30 000. */
  handlerTimeoutMs?: number | undefined;
  /** How long `app.close()` waits for handlers in flight. Default 10 000. */
  shutdownTimeoutMs?: number | undefined;
  /** `false` verifies only and opens no event stream: for a second service beside the one that listens. Default `true`. */
  dispatcher?: boolean | undefined;
  /**
   * An undici `Dispatcher` for all HTTP to LIME, the stream included (pooling, proxy, mTLS, tests). It is never closed here.
   * Default: an agent of this module's own that honours `HTTPS_PROXY` and `NO_PROXY`.
   */
  httpClient?: Dispatcher | undefined;
  /** Where `lime.*` application events go. Default: the application's `EventEmitter2` if it has exactly one; `false` for nowhere. */
  eventEmitter?: LimeEventEmitter | false | undefined;
  /**
   * What the replicas of the site share. With `bullMqCluster()` from `nestjs-lime-sites/bullmq` each login is handled once
   * for all of them, by another one if the first dies. Default: each process for itself.
   */
  cluster?: LimeCluster | undefined;
}

/** Implemented by the class given as `useClass` or `useExisting`. */
export interface LimeSitesOptionsFactory {
  /** Called once, when the module starts. */
  createLimeSitesOptions(): LimeSitesModuleOptions | Promise<LimeSitesModuleOptions>;
}
