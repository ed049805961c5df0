import {
  type CanActivate,
  type ExecutionContext,
  type HttpException,
  Injectable,
  ServiceUnavailableException,
  UnauthorizedException,
} from '@nestjs/common';
import { HttpAdapterHost, ModuleRef, Reflector } from '@nestjs/core';
import { InvalidPassportError, LimeError } from '../errors/index.js';
import type { CommonPassportClaims } from '../passport/index.js';
import { getRuntimeToken } from './lime-site.tokens.js';
import { LIME_PASSPORT_POLICY } from './lime-sites.constants.js';
import type { PassportPolicyOptions } from './passport-policy.decorator.js';
import type { SiteRuntime } from './site-runtime.js';
import { attachPassport, requestOf } from './verified-passport.js';

/** What both passport guards do; every step can be overridden. */
@Injectable()
export abstract class BasePassportGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly moduleRef: ModuleRef,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const policy = this.getPolicy(context);
    const token = this.getToken(context);
    if (token === undefined) throw this.createException(context, undefined);
    try {
      const claims = await this.verify(token, policy);
      attachPassport(this.getRequest(context), { valid: true, claims });
      return true;
    } catch (error) {
      if (error instanceof LimeError) throw this.createException(context, error);
      throw error;
    }
  }

  /** Verifies the passport and that it belongs to this site. */
  protected abstract verify(
    token: string,
    policy: PassportPolicyOptions,
  ): Promise<CommonPassportClaims>;

  /** The passport that came with the request, if any. */
  protected abstract getToken(context: ExecutionContext): string | undefined;

  /** The object that `@Passport()` reads from. */
  protected getRequest(context: ExecutionContext): object {
    return requestOf(context);
  }

  /** What `@PassportPolicy()` says for this route. */
  protected getPolicy(context: ExecutionContext): PassportPolicyOptions {
    const targets = [context.getClass(), context.getHandler()];
    const [ofClass, ofMethod] = this.reflector.getAll<(PassportPolicyOptions | undefined)[]>(
      LIME_PASSPORT_POLICY,
      targets,
    );
    return { ...ofClass, ...ofMethod };
  }

  /**
   * What the client is told: 401 with a challenge (RFC 6750 section 3), or 503 when nobody can tell.
   * @param error why; `undefined` when there was no passport. It stays in `cause`, for logs: clients learn no reasons.
   */
  protected createException(
    context: ExecutionContext,
    error: LimeError | undefined,
  ): HttpException {
    if (error && !(error instanceof InvalidPassportError)) {
      const body = { statusCode: 503, error: 'Service Unavailable', code: 'keys_unavailable' };
      return new ServiceUnavailableException(
        { ...body, message: 'The passport cannot be verified at the moment; try again' },
        { cause: error },
      );
    }
    const code = error ? 'invalid_token' : 'missing_token';
    const message = error ? 'The passport is not valid here' : 'A passport is required';
    // No error code for a request without a token (RFC 6750 section 3.1).
    this.challenge(context, error ? `Bearer error="${code}"` : 'Bearer');
    return new UnauthorizedException(
      { statusCode: 401, error: 'Unauthorized', message, code },
      { cause: error },
    );
  }

  /** Sets `WWW-Authenticate` where there is an HTTP answer to set it on. */
  protected challenge(context: ExecutionContext, value: string): void {
    if (context.getType() !== 'http') return;
    const response = context.switchToHttp().getResponse<unknown>();
    this.adapterHost.httpAdapter.setHeader(response, 'WWW-Authenticate', value);
  }

  /** The site whose keys and logins count. */
  protected getSite({ site }: PassportPolicyOptions): SiteRuntime {
    return this.moduleRef.get<SiteRuntime>(getRuntimeToken(site), { strict: false });
  }
}
