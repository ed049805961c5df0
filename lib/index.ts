export type { BindingRequestResult, LoginRequestResult } from './api/index.js';
export type {
  LimeCluster,
  LimeClusterHandling,
  LimeClusterMember,
  LimeClusterReplica,
  LimeClusterRun,
  LimeClusterSite,
  LimeClusterStatus,
  LimeSharedId,
  LoginRecord,
} from './cluster/index.js';
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
  LimeHandlerContext,
  LimeLoginEvent,
  LimeLoginEventType,
  LimeLoginFailure,
  LimeLoginHandler,
  LimeLoginRejection,
  LimeStats,
} from './login/index.js';
export { BindingPassportGuard } from './nest/binding-passport.guard.js';
export {
  type LimeSitesEnvIssue,
  limeSitesEnvSchema,
  type LimeSitesEnvSchema,
} from './nest/env-schema.js';
export type { LimeSitesEnv, LimeSitesEnvOptions } from './nest/environment.js';
export { LimeSiteService } from './nest/lime-site.service.js';
export { getLimeSiteServiceToken, InjectLimeSite } from './nest/lime-site.tokens.js';
export { LIME_SITES_CLOCK, LIME_SITES_OPTIONS } from './nest/lime-sites.constants.js';
export { LimeSitesModule } from './nest/lime-sites.module.js';
export type {
  LimeSitesModuleAsyncOptions,
  LimeSitesModuleExtras,
} from './nest/lime-sites.module-definition.js';
export type {
  LimeEventContext,
  LimeEventEmitter,
  LimeSitesModuleOptions,
  LimeSitesOptionsFactory,
} from './nest/lime-sites-module-options.js';
export { OnLimeLogin, type OnLimeLoginOptions } from './nest/on-lime-login.decorator.js';
export { PassportGuard } from './nest/passport.guard.js';
export { Passport } from './nest/passport.decorator.js';
export {
  fromBearer,
  fromCookie,
  fromHandshakeAuth,
  fromHeader,
  fromMessage,
  fromQuery,
  type PassportExtractor,
} from './nest/passport-extractors.js';
export {
  PassportPolicy,
  type PassportPolicyOptions,
  type PassportRequestIdSource,
  type PassportRule,
} from './nest/passport-policy.decorator.js';
export { PassportRefusal, type PassportRefusalCode } from './nest/passport-refusal.js';
export { validateLimeSitesEnv } from './nest/validate-env.js';
export type {
  BindingPassportClaims,
  CommonPassportClaims,
  PassportClaims,
  PassportVerificationResult,
} from './passport/index.js';
export type { Clock, LimeLogger } from './ports/index.js';
export type { LimeConnection, LimeConnectionState } from './stream/index.js';
export {
  LIME_CHANNELS,
  type LimeConnectionMessage,
  type LimeHandlerMessage,
  type LimeHttpMessage,
  type LimeLoginMessage,
  type LimeLoginOutcome,
  type LimeTraceMessage,
  type LimeVerifyMessage,
} from './tracing/index.js';
