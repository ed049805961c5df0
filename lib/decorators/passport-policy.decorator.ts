import type { ExecutionContext } from '@nestjs/common';
import { show } from '../common/check-options.js';
import { LimeError } from '../errors/index.js';
import type { CommonPassportClaims } from '../interfaces/passport-claims.interface.js';
import { LIME_PASSPORT_POLICY } from '../lime-sites.constants.js';
import type { PassportExtractor } from '../guards/passport-extractors.js';

/** Where a request names the login, or the binding, that its passport has to be for. */
export type PassportRequestIdSource =
  | { readonly param: string }
  | { readonly query: string }
  /** A field of the body, or of the message of a gateway or microservice. */
  | { readonly body: string }
  | ((context: ExecutionContext) => string | undefined);

/** A rule of the site for the claims of a passport. Only `true` lets the request in. */
export type PassportRule = (
  claims: CommonPassportClaims,
  context: ExecutionContext,
) => boolean | Promise<boolean>;

/** What a route requires of a passport beyond being valid. */
export interface PassportPolicyOptions {
  /** The passport has to be for this login (for bindings: this binding). Else 401; 400 if the request does not name one. */
  requestId?: PassportRequestIdSource | undefined;
  /** The site's own rule. `false` is 403 `access_denied`; a rule that throws is a 500 with its error. */
  allow?: PassportRule | undefined;
  /**
   * Accepts a login once: a second presentation is 401. The guard checks this last, so that a request that it refuses for
   * another reason uses nothing up. Each process remembers its own uses; with the option `cluster` all replicas share them.
   * @default false
   */
  singleUse?: boolean | undefined;
  /**
   * Accepts passports of any login, also of those that this site neither started nor received.
   * @default false
   *
   * **Mind what this opens:** no claim names the site a passport was made for, so every other site can present here
   * the passports that its own visitors gave it. Set it only where you check `request_id` yourself.
   */
  allowForeignLogins?: boolean | undefined;
  /**
   * Lets a request without a passport in, with `@Passport()` undefined. A passport that is there is checked as ever.
   * @default false
   *
   * **An optional guard protects nothing by itself:** anyone reaches the handler by leaving the passport out. Set it only where
   * the handler, or another guard, decides what a request without a passport may do.
   */
  optional?: boolean | undefined;
  /**
   * Where to look for the passport. The guard looks at no other place.
   * @default the place that the guard names
   */
  from?: PassportExtractor | readonly PassportExtractor[] | undefined;
  /** The name of the site whose keys and logins count, if the application has several. */
  site?: string | undefined;
}

/** Checks the value of each option. @returns the wanted type, if the value does not have it. */
const FAULTS: Record<keyof PassportPolicyOptions, (value: unknown) => string | undefined> = {
  requestId: (value) =>
    typeof value === 'function' || isSource(value)
      ? undefined
      : 'a function, { param }, { query } or { body }',
  allow: (value) => (typeof value === 'function' ? undefined : 'a function'),
  singleUse: notBoolean,
  allowForeignLogins: notBoolean,
  optional: notBoolean,
  from: (value) => {
    const extractors: readonly unknown[] = Array.isArray(value) ? value : [value];
    const areFunctions = extractors.every((extractor) => typeof extractor === 'function');
    return areFunctions && extractors.length > 0 ? undefined : 'an extractor or a list of them';
  },
  site: (value) => (typeof value === 'string' && value !== '' ? undefined : 'the name of a site'),
};

/**
 * Sets the requirements of `PassportGuard` and `BindingPassportGuard` for a class or a method. Policies add up: every rule applies,
 * of the method, the methods it overrides, its class and base classes, and of several decorators on one place. One `false`
 * outweighs every `true` of `allowForeignLogins` and `optional`, and `undefined` changes nothing.
 * @throws {LimeError} `INVALID_OPTIONS` for an option of the wrong type or an unknown one, when the decorator is applied.
 */
export function PassportPolicy(policy: PassportPolicyOptions): ClassDecorator & MethodDecorator {
  const checked = checkPolicyOptions(policy);
  return (target: object, _key?: string | symbol, descriptor?: PropertyDescriptor): void => {
    const place = (descriptor ? descriptor.value : target) as object;
    const earlier = passportPoliciesOf(place); // of a class also those of its base classes
    Reflect.defineMetadata(LIME_PASSPORT_POLICY, [...earlier, checked], place);
  };
}

/** Reads the policies of a class, base classes included, or of a method. */
function passportPoliciesOf(place: object): readonly PassportPolicyOptions[] {
  return (Reflect.getMetadata(LIME_PASSPORT_POLICY, place) ?? []) as PassportPolicyOptions[];
}

/** @returns a copy, so that nothing can be changed after the check. */
function checkPolicyOptions(policy: PassportPolicyOptions): PassportPolicyOptions {
  if (typeof policy !== 'object' || policy === null) {
    throw invalid(`takes an object, got ${show(policy)}`);
  }
  const unknown = Object.keys(policy).find((name) => !Object.hasOwn(FAULTS, name));
  if (unknown !== undefined) {
    throw invalid(`does not have the option ${unknown}; it has ${Object.keys(FAULTS).join(', ')}`);
  }
  const checked: Record<string, unknown> = {};
  for (const [name, faultOf] of Object.entries(FAULTS)) {
    const value: unknown = Reflect.get(policy, name);
    if (value === undefined) continue;
    const wanted = faultOf(value);
    if (wanted !== undefined) throw invalid(`needs ${wanted} as ${name}, got ${show(value)}`);
    checked[name] = value;
  }
  return checked;
}

function invalid(predicate: string): LimeError {
  return new LimeError('INVALID_OPTIONS', `@PassportPolicy() ${predicate}`);
}

function notBoolean(value: unknown): string | undefined {
  return typeof value === 'boolean' ? undefined : 'true or false';
}

function isSource(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const [name, ...others] = Object.keys(value);
  if (others.length > 0 || name === undefined) return false;
  return ['param', 'query', 'body'].includes(name) && typeof Reflect.get(value, name) === 'string';
}
