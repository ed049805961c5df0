import type { ExecutionContext } from '@nestjs/common';
import type { CommonPassportClaims, PassportVerificationResult } from '../passport/index.js';

type Verified = PassportVerificationResult<CommonPassportClaims>;

/** Where a guard leaves the verified passport. Not enumerable, so that logging a request does not show it. */
const VERIFIED_PASSPORT = Symbol('lime-sites.verified-passport');

/** The object of this execution context that guards and decorators share. */
export function requestOf(context: ExecutionContext): object {
  return context.switchToHttp().getRequest<object>();
}

export function attachPassport(request: object, verified: Verified): void {
  Object.defineProperty(request, VERIFIED_PASSPORT, { value: verified, configurable: true });
}

export function attachedPassport(request: object): Verified | undefined {
  return Reflect.get(request, VERIFIED_PASSPORT) as Verified | undefined;
}
