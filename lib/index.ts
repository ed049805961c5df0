export type { BindingRequestResult, LoginRequestResult } from './interfaces/requests.interface.js';
export type {
  LimeCluster,
  LimeClusterAttempt,
  LimeClusterMember,
  LimeClusterReplica,
  LimeClusterResult,
  LimeClusterSite,
  LimeClusterStatus,
  LoginOutcome,
} from './interfaces/cluster.interface.js';
export type { LimeSiteStore, LimeStoreKind } from './interfaces/store.interface.js';
export {
  ApiError,
  AuthenticationError,
  InvalidPassportError,
  type InvalidPassportErrorOptions,
  LimeError,
  type LimeErrorOptions,
  type PassportErrorCode,
  RateLimitError,
  RequestExpiredError,
  SiteAuthUnavailableError,
} from './errors/index.js';
export type {
  LimeApprovedEvent,
  LimeExpiredEvent,
  LimeHandlerFailure,
  LimeLoginEvent,
  LimeLoginEventType,
  LimeLoginFailure,
  LimeLoginRejection,
} from './interfaces/login-events.interface.js';
export type { LimeHandlerContext, LimeLoginHandler } from './interfaces/login-events.interface.js';
export type { LimeStats } from './interfaces/stats.interface.js';
export { BindingPassportGuard } from './guards/binding-passport.guard.js';
export {
  type LimeSitesEnv,
  type LimeSitesEnvIssue,
  type LimeSitesEnvOptions,
  limeSitesEnvSchema,
  type LimeSitesEnvSchema,
  validateLimeSitesEnv,
} from './lime-sites.env.js';
export { LimeSiteService } from './lime-site.service.js';
export {
  getLimeSiteServiceToken,
  InjectLimeSite,
} from './decorators/inject-lime-site.decorator.js';
export { LIME_SITES_CLOCK, LIME_SITES_OPTIONS } from './lime-sites.constants.js';
export { LimeSitesModule } from './lime-sites.module.js';
export type {
  LimeSitesModuleAsyncOptions,
  LimeSitesModuleExtras,
} from './lime-sites.module-definition.js';
export type {
  LimeEventContext,
  LimeEventEmitter,
  LimeSitesModuleOptions,
  LimeSitesOptionsFactory,
  LimeToUser,
} from './interfaces/lime-sites-module-options.interface.js';
export { OnLimeLogin, type OnLimeLoginOptions } from './decorators/on-lime-login.decorator.js';
export { PassportGuard } from './guards/passport.guard.js';
export { Passport } from './decorators/passport.decorator.js';
export {
  fromBearer,
  fromCookie,
  fromHandshakeAuth,
  fromHeader,
  fromMessage,
  fromQuery,
  type PassportExtractor,
} from './guards/passport-extractors.js';
export {
  PassportPolicy,
  type PassportPolicyOptions,
  type PassportRequestIdSource,
  type PassportRule,
} from './decorators/passport-policy.decorator.js';
export {
  type ChallengeParameters,
  PassportException,
  type PassportExceptionCode,
} from './guards/passport.exception.js';
export type { RoutePolicy } from './guards/passport-policy.js';
export type {
  BindingPassportClaims,
  CommonPassportClaims,
  PassportClaims,
  PassportVerificationResult,
} from './interfaces/passport-claims.interface.js';
export type { Clock } from './common/clock.js';
export type { LimeLogger } from './common/logger.js';
export type { LimeConnection, LimeConnectionState } from './interfaces/connection.interface.js';
export { LIME_CHANNELS } from './diagnostics/channels.js';
export type {
  LimeConnectionMessage,
  LimeHandlerMessage,
  LimeHttpMessage,
  LimeLoginMessage,
  LimeLoginResult,
  LimeTraceMessage,
  LimeVerifyMessage,
} from './diagnostics/channels.js';
