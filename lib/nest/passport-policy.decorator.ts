import { type ExecutionContext, SetMetadata } from '@nestjs/common';
import { LIME_PASSPORT_POLICY } from './lime-sites.constants.js';
import type { PassportExtractor } from './passport-extractors.js';

/** Where a route says which request its passport has to be for. */
export type PassportRequestIdSource =
  | { readonly param: string }
  | { readonly query: string }
  /** A field of the body, or of the message of a gateway or microservice. */
  | { readonly body: string }
  | ((context: ExecutionContext) => string | undefined);

/** What a route asks of a passport beyond being valid. */
export interface PassportPolicyOptions {
  /** The owner has to be known at least so well (`user_kyc_level`). Else 403 `kyc_level_too_low`. */
  minKycLevel?: number;
  /** The agent has to have at least this reputation (`agent_reputation`). Else 403 `reputation_too_low`. */
  minReputation?: number;
  /** The passport has to be for this request (for bindings: this binding). Else 401; 400 if the route does not say which. */
  requestId?: PassportRequestIdSource;
  /**
   * A login counts once here: a second presentation is 401. Checked last, so that what is refused for another reason is
   * not used up. Each process remembers for itself; with the option `cluster` one use counts for all replicas.
   */
  singleUse?: boolean;
  /**
   * Accepts passports of any login, also of those that this process (or its cluster) did not start or hear of. Default `false`.
   *
   * **Mind what this opens:** no claim names the site a passport was made for, so every other site can present here
   * the passports that its own visitors gave it. Set it only where you check `request_id` yourself.
   */
  anyRequest?: boolean;
  /** Where to look for the passport. Default: see the guard. Places that are not named are not looked at. */
  from?: PassportExtractor | readonly PassportExtractor[];
  /** The name of the site whose keys and logins count, if the application has several. */
  site?: string;
}

/** Sets what `PassportGuard` and `BindingPassportGuard` ask for, on a class or a method; both are merged, the method wins. */
export function PassportPolicy(policy: PassportPolicyOptions): ClassDecorator & MethodDecorator {
  return SetMetadata(LIME_PASSPORT_POLICY, policy);
}
