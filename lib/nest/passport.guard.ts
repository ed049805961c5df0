import { type ExecutionContext, Injectable } from '@nestjs/common';
import { InvalidPassportError } from '../errors/index.js';
import type { PassportClaims } from '../passport/index.js';
import { BasePassportGuard } from './base-passport.guard.js';
import type { PassportPolicyOptions } from './passport-policy.decorator.js';

/** `Bearer`, in any case, and one token without white space (RFC 6750 section 2.1, RFC 9110 section 11.1). */
const BEARER = /^Bearer +([^\s]+)$/i;

/**
 * Lets a request in that carries a valid login passport (`Authorization: Bearer …`) of a login that this site started
 * or received. Otherwise 401; 503 when LIME's keys cannot be had. `@PassportPolicy()` changes what is asked.
 */
@Injectable()
export class PassportGuard extends BasePassportGuard {
  protected async verify(token: string, policy: PassportPolicyOptions): Promise<PassportClaims> {
    const { passports, desk } = this.getSite(policy);
    const claims = await passports.verifyLogin(token);
    if (policy.anyRequest || desk.knows(claims.request_id)) return claims;
    throw new InvalidPassportError(
      'PASSPORT_REQUEST_MISMATCH',
      'the passport belongs to a login that this site neither started nor received',
      { actual: claims.request_id },
    );
  }

  protected getToken(context: ExecutionContext): string | undefined {
    const { headers } = this.getRequest(context) as { headers?: Record<string, unknown> };
    const authorization = headers?.['authorization'];
    return typeof authorization === 'string' ? BEARER.exec(authorization)?.[1] : undefined;
  }
}
