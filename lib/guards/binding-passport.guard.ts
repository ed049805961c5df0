import { type ExecutionContext, Injectable } from '@nestjs/common';
import type {
  BindingPassportClaims,
  CommonPassportClaims,
  PassportVerificationResult,
} from '../interfaces/passport-claims.interface.js';
import type { LimeSite } from '../lime-site.js';
import { BasePassportGuard, foreign } from './base-passport.guard.js';
import { httpRequestOf } from './execution.js';
import { fromQuery, type PassportExtractor } from './passport-extractors.js';
import type { RoutePolicy } from './passport-policy.js';

const FROM_BINDING_CODE = fromQuery('binding_code');

/**
 * Guards the callback of a binding: exchanges the one-time code (`?binding_code=…`), verifies the passport that comes back, and
 * lets the request in if this site started the binding. Compare `@Passport('binding_id')` with the id that you kept for **this**
 * user, or let the guard do it with `@PassportPolicy({ requestId })`. A callback without a code is 401 `missing_token`: the
 * person declined.
 *
 * The caller is the person's browser, so a user that is signed in stays `request.user`, also with the option `toUser`.
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
    site: LimeSite,
    { from, allowForeignLogins }: RoutePolicy,
  ): Promise<BindingPassportClaims> {
    if (from) return site.passports.verifyBinding(token, expectedId);
    // Checked before the exchange, so that a binding of another site costs no call to LIME.
    const mustBeKnown = expectedId !== undefined && !allowForeignLogins;
    if (mustBeKnown && !(await this.isKnown(expectedId, site))) throw foreign(expectedId);
    return site.exchangeBindingCode(token, expectedId);
  }

  /** The person who is signed in; the answer of the option `toUser` if nobody is. */
  protected override getUser(
    passport: PassportVerificationResult<CommonPassportClaims>,
    context: ExecutionContext,
    site: LimeSite,
  ): unknown {
    return httpRequestOf(context)?.['user'] ?? super.getUser(passport, context, site);
  }

  protected idOf(claims: CommonPassportClaims): string {
    return (claims as BindingPassportClaims).binding_id;
  }

  protected isKnown(bindingId: string, { store }: LimeSite): Promise<boolean> {
    return store.knows('binding', bindingId);
  }
}
