import { SetMetadata } from '@nestjs/common';
import { LIME_PASSPORT_POLICY } from './lime-sites.constants.js';

/** What a route asks of a passport beyond being valid. */
export interface PassportPolicyOptions {
  /**
   * Accepts passports of any login, also of those that this process did not start or hear of. Default `false`.
   *
   * **Mind what this opens:** no claim names the site a passport was made for, so every other site can present here
   * the passports that its own visitors gave it. Set it only where you check `request_id` yourself.
   */
  anyRequest?: boolean;
  /** The name of the site whose keys and logins count, if the application has several. */
  site?: string;
}

/** Sets what `PassportGuard` and `BindingPassportGuard` ask for, on a class or a method; both are merged, the method wins. */
export function PassportPolicy(policy: PassportPolicyOptions): ClassDecorator & MethodDecorator {
  return SetMetadata(LIME_PASSPORT_POLICY, policy);
}
