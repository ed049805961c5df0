import { type ExecutionContext, Injectable } from '@nestjs/common';
import type { BindingPassportClaims, CommonPassportClaims } from '../passport/index.js';
import { BasePassportGuard, foreign } from './base-passport.guard.js';
import { fromQuery, type PassportExtractor } from './passport-extractors.js';
import type { SiteRuntime } from './site-runtime.js';

const FROM_BINDING_CODE = fromQuery('binding_code');

/**
 * For the callback of a binding: exchanges the one-time code (`?binding_code=…`) and lets the request in if the passport that comes
 * back is valid and of a binding that this site started. `@Passport('binding_id')` must then be the id that you kept for **this**
 * user; with `@PassportPolicy({ requestId })` the guard compares it. A callback without a code is 401 `missing_token`: the person
 * declined.
 *
 * Platforms before September 2026 send the passport itself: `@PassportPolicy({ from: fromQuery('passport') })`.
 */
@Injectable()
export class BindingPassportGuard extends BasePassportGuard {
  protected defaultExtractor(): PassportExtractor {
    return FROM_BINDING_CODE;
  }

  protected async verify(
    token: string,
    expectedId: string | undefined,
    site: SiteRuntime,
    context: ExecutionContext,
  ): Promise<BindingPassportClaims> {
    const { from, allowForeignLogins } = this.getPolicy(context);
    if (from) return site.passports.verifyBinding(token, expectedId);
    // A code for a binding that this site never started costs LIME no call.
    if (
      expectedId !== undefined &&
      !allowForeignLogins &&
      !(await this.isKnown(expectedId, site))
    ) {
      throw foreign(expectedId);
    }
    return site.exchangeBindingCode(token, expectedId);
  }

  protected idOf(claims: CommonPassportClaims): string {
    return (claims as BindingPassportClaims).binding_id;
  }

  protected isKnown(bindingId: string, { memory }: SiteRuntime): boolean | Promise<boolean> {
    return memory.knows('binding', bindingId);
  }
}
