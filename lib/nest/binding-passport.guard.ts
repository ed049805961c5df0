import { type ExecutionContext, Injectable } from '@nestjs/common';
import { InvalidPassportError } from '../errors/index.js';
import type { BindingPassportClaims } from '../passport/index.js';
import { BasePassportGuard } from './base-passport.guard.js';
import type { PassportPolicyOptions } from './passport-policy.decorator.js';

/**
 * For the callback of a binding: lets a request in that carries a valid binding passport (`?passport=…`) of a binding
 * that this site started. Which of your users it belongs to you find by `binding_id`.
 */
@Injectable()
export class BindingPassportGuard extends BasePassportGuard {
  protected async verify(
    token: string,
    policy: PassportPolicyOptions,
  ): Promise<BindingPassportClaims> {
    const { passports, bindings } = this.getSite(policy);
    const claims = await passports.verifyBinding(token);
    if (policy.anyRequest || bindings.has(claims.binding_id)) return claims;
    throw new InvalidPassportError(
      'PASSPORT_REQUEST_MISMATCH',
      'the passport belongs to a binding that this site did not start',
      { actual: claims.binding_id },
    );
  }

  protected getToken(context: ExecutionContext): string | undefined {
    const { query } = this.getRequest(context) as { query?: Record<string, unknown> };
    const passport = query?.['passport'];
    return typeof passport === 'string' && passport !== '' ? passport : undefined;
  }
}
