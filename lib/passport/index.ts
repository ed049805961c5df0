export { issuerOf } from './issuer.js';
export { KnownIds } from './known-ids.js';
export type {
  BindingPassportClaims,
  CommonPassportClaims,
  PassportClaims,
  PassportVerificationResult,
} from './passport-claims.js';
export { Passports } from './passports.js';
export { unverifiedExpiry } from './unverified-expiry.js';
export { UsedPassports } from './used-passports.js';
