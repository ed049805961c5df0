import type { CommonPassportClaims, PassportVerificationResult } from '../passport/index.js';

type Verified = PassportVerificationResult<CommonPassportClaims>;

/** Where a guard leaves the verified passport. Not enumerable, so that logging a request does not show it. */
const VERIFIED_PASSPORT = Symbol('lime-sites.verified-passport');

export function attachPassport(target: object, verified: Verified): void {
  Object.defineProperty(target, VERIFIED_PASSPORT, { value: verified, configurable: true });
}

export function attachedPassport(target: object): Verified | undefined {
  return Reflect.get(target, VERIFIED_PASSPORT) as Verified | undefined;
}
