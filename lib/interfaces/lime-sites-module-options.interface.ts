import type { ExecutionContext } from '@nestjs/common';
import type { Dispatcher } from 'undici';
import type { LimeCluster } from './cluster.interface.js';
import type {
  CommonPassportClaims,
  PassportVerificationResult,
} from './passport-claims.interface.js';

/** Any object that the module can emit application events on, such as an `EventEmitter2`. */
export interface LimeEventEmitter {
  /**
   * Called with the name of the event, such as `lime.login.approved`, and its payload.
   * @param context only with the events of a named site.
   */
  emit(event: string, payload: unknown, context?: LimeEventContext): unknown;
}

/** The second argument of application events, which keeps the sites of one application apart. */
export interface LimeEventContext {
  /** The name of the site. */
  readonly site: string;
}

/** Makes the user of a request from its verified passport. */
export type LimeToUser = (
  passport: PassportVerificationResult<CommonPassportClaims>,
  context: ExecutionContext,
) => unknown;

/** Options of `LimeSitesModule.forRoot()`. Each has a default; times are in milliseconds. */
export interface LimeSitesModuleOptions {
  /**
   * The site's secret (`st_…`). Without one the application does not start.
   * @default the environment variable `LIME_SITE_TOKEN`
   */
  siteToken?: string | undefined;
  /**
   * Root of the LIME API, absolute; an origin alone gets `/api/v1`. Plain `http:` is for loopback only, because the site
   * token travels with every call.
   * @default the environment variable `LIME_API_BASE`, else `https://lime.pics/api/v1`
   */
  baseUrl?: string | undefined;
  /**
   * What the `iss` of a passport must be: an origin such as `https://lime.pics`, a list of them, or `false` for platforms
   * that send none (LIME before September 2026).
   * @default the origin of `baseUrl`
   */
  issuer?: string | readonly string[] | false | undefined;
  /**
   * Allows plain `http:` to other hosts than loopback. **The network between can read the site token then.**
   * @default false
   */
  allowInsecureHttp?: boolean | undefined;
  /**
   * Timeout of one HTTP request.
   * @default 30_000
   */
  timeoutMs?: number | undefined;
  /**
   * Retries of one call: after 408, 429 and 503; of a call that can be repeated safely also after other 5xx and transport
   * errors. The module honours `Retry-After` up to 30 s.
   * @default 3
   */
  maxRetries?: number | undefined;
  /**
   * Tolerance for `exp`, because clocks differ; at most 60 000.
   * @default 5_000
   */
  clockToleranceMs?: number | undefined;
  /**
   * First delay before the event stream reconnects.
   * @default 500
   */
  sseBackoffBaseMs?: number | undefined;
  /**
   * Longest delay before the event stream reconnects. (After a refusal, such as a bad token, it is 30 s to 5 min.)
   * @default 8_000
   */
  sseBackoffMaxMs?: number | undefined;
  /**
   * How long `createLoginRequest()` waits for an open event stream before it fails with `STREAM_UNAVAILABLE`. With 0 it
   * neither waits nor fails, and an outcome that comes before the stream is open is lost.
   * @default 5_000
   */
  streamWaitMs?: number | undefined;
  /**
   * Longest idle timeout of the event stream. LIME may send nothing for 300 s.
   * @default 310_000
   */
  sseReadTimeoutMs?: number | undefined;
  /**
   * Longest frame or line, in bytes. A longer one drops the stream, which then reconnects.
   * @default 1_048_576
   */
  maxFrameBytes?: number | undefined;
  /**
   * How many logins the handlers work on at once; 1 keeps the strict order.
   * @default 16
   */
  concurrency?: number | undefined;
  /**
   * Time after which a handler's `signal` aborts and its slot is freed.
   * @default 30_000
   */
  handlerTimeoutMs?: number | undefined;
  /**
   * How long `app.close()` waits for handlers in flight.
   * @default 10_000
   */
  shutdownTimeoutMs?: number | undefined;
  /**
   * `false` verifies only and opens no event stream: for a second service beside the one that has the stream.
   * @default true
   */
  dispatcher?: boolean | undefined;
  /**
   * An undici `Dispatcher` for all HTTP to LIME, the stream included (pooling, proxy, mTLS, tests). The module never closes it.
   * @default an agent of the module's own that honours `HTTPS_PROXY` and `NO_PROXY`
   */
  httpClient?: Dispatcher | undefined;
  /**
   * Where the module emits `lime.*` application events; `false` emits none.
   * @default the application's `EventEmitter2`, if it has exactly one
   */
  eventEmitter?: LimeEventEmitter | false | undefined;
  /**
   * Shared state of the site's replicas. With `bullMqCluster()` from `nestjs-lime-sites/bullmq` one replica handles each
   * login, and another takes over if it dies.
   * @default each process on its own
   */
  cluster?: LimeCluster | undefined;
  /**
   * Makes `request.user` of a verified passport, where role guards and CASL look: on HTTP, and for GraphQL queries and mutations.
   * Called after every check but single use; a promise is awaited, and what it gives becomes the user, also `undefined`. An error
   * is a 500 with that error. Messages of gateways and microservices, and subscriptions, have no request of their own: use
   * `@Passport()` there.
   * @default none, `request.user` stays as it is
   */
  toUser?: LimeToUser | undefined;
  /**
   * Parameters that a refusal of the guards adds to `WWW-Authenticate`, for example `resource_metadata` (RFC 9728). Names are
   * tokens, values printable ASCII; the guards escape them (RFC 9110 section 11.2).
   * @default none
   */
  challenge?: Readonly<Record<string, string>> | undefined;
}

/** Implemented by the class given as `useClass` or `useExisting`. */
export interface LimeSitesOptionsFactory {
  /** Called once, when the module starts. */
  createLimeSitesOptions(): LimeSitesModuleOptions | Promise<LimeSitesModuleOptions>;
}
