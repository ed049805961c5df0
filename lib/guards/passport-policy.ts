import type { ExecutionContext } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import type {
  PassportPolicyOptions,
  PassportRequestIdSource,
  PassportRule,
} from '../decorators/passport-policy.decorator.js';
import { LimeError } from '../errors/index.js';
import type { CommonPassportClaims } from '../interfaces/passport-claims.interface.js';
import { LIME_PASSPORT_POLICY } from '../lime-sites.constants.js';
import { messageOf } from './execution.js';
import type { PassportExtractor } from './passport-extractors.js';
import { PassportException } from './passport.exception.js';

type Class = ReturnType<ExecutionContext['getClass']>;
type Method = ReturnType<ExecutionContext['getHandler']>;

/** All policies of one route, added up. */
export interface RoutePolicy {
  readonly requestIds: readonly PassportRequestIdSource[];
  readonly rules: readonly PassportRule[];
  readonly singleUse: boolean;
  readonly allowForeignLogins: boolean;
  readonly optional: boolean;
  /** `undefined`: the default of the guard. */
  readonly from: readonly PassportExtractor[] | undefined;
  /** `undefined`: the site without a name. */
  readonly site: string | undefined;
}

/**
 * Adds up the policies of a method, the methods that it overrides, its class and base classes.
 * @throws {LimeError} `CONFLICTING_POLICIES` for two sites.
 */
export function routePolicyOf(reflector: Reflector, type: Class, method: Method): RoutePolicy {
  const policies = policiesOf(reflector, [...definitionsOf(type, method), type]);
  const from = policies.flatMap((policy) => policy.from ?? []);
  const [site, ...others] = new Set(policies.flatMap((policy) => policy.site ?? []));
  if (others.length > 0) {
    throw new LimeError(
      'CONFLICTING_POLICIES',
      `The policies of ${type.name}.${method.name} name several sites: ${[site, ...others].join(', ')}. A passport belongs to ` +
        'one site: name it in one place',
    );
  }
  return {
    requestIds: policies.flatMap(({ requestId }) => requestId ?? []),
    rules: policies.flatMap(({ allow }) => allow ?? []),
    singleUse: policies.some(({ singleUse }) => singleUse === true),
    allowForeignLogins: areAllSet(policies.map(({ allowForeignLogins }) => allowForeignLogins)),
    optional: areAllSet(policies.map(({ optional }) => optional)),
    from: from.length > 0 ? from : undefined,
    site,
  };
}

/** A flag that opens a route counts if one policy sets it and none sets it to `false`. */
function areAllSet(flags: (boolean | undefined)[]): boolean {
  return flags.includes(true) && !flags.includes(false);
}

/**
 * Reads the id that the passport has to be for from the request, once for each policy that asks for it.
 * @throws {PassportException} `invalid_request` if the request does not name one.
 */
export function expectedIdsOf({ requestIds }: RoutePolicy, context: ExecutionContext): string[] {
  return requestIds.map((source) => {
    const expected = typeof source === 'function' ? source(context) : lookUp(source, context);
    if (typeof expected === 'string' && expected !== '') return expected;
    throw new PassportException('invalid_request');
  });
}

/** @throws {PassportException} `access_denied`, unless every rule of the site answers `true`. */
export async function assertAllowed(
  { rules }: RoutePolicy,
  claims: CommonPassportClaims,
  context: ExecutionContext,
): Promise<void> {
  for (const rule of rules) {
    const allowed: unknown = await rule(claims, context); // any value, without the compiler
    if (allowed !== true) throw new PassportException('access_denied');
  }
}

/** Reads the policies of several places: methods, and classes with their base classes. */
export function policiesOf(
  reflector: Reflector,
  places: (Class | Method)[],
): PassportPolicyOptions[] {
  return reflector.getAllAndMerge<PassportPolicyOptions[]>(LIME_PASSPORT_POLICY, places);
}

/** Finds a method and the methods of base classes that it overrides. */
export function definitionsOf(type: Class, method: Method): Method[] {
  const levels = levelsOf(type);
  const key = keyOf(levels, method);
  const overridden = levels.map((level) => ownValue(level, key));
  return [...new Set([method, ...overridden])].filter((value) => typeof value === 'function');
}

/** The name of a method in its class: usually its own, unless another decorator wrapped the method. */
function keyOf(levels: readonly object[], method: Method): string {
  if (levels.some((level) => ownValue(level, method.name) === method)) return method.name;
  for (const level of levels) {
    const names = Object.getOwnPropertyNames(level);
    const key = names.find((name) => ownValue(level, name) === method);
    if (key !== undefined) return key;
  }
  return method.name;
}

/** The prototypes of a class and its base classes. */
function levelsOf(type: Class): object[] {
  const levels: object[] = [];
  let level: unknown = type.prototype;
  while (typeof level === 'object' && level !== null && level !== Object.prototype) {
    levels.push(level);
    level = Object.getPrototypeOf(level);
  }
  return levels;
}

function ownValue(level: object, key: string): Method | undefined {
  return Object.getOwnPropertyDescriptor(level, key)?.value as Method | undefined;
}

function lookUp(
  source: Exclude<PassportRequestIdSource, (context: ExecutionContext) => unknown>,
  context: ExecutionContext,
): unknown {
  if (context.getType() !== 'http') {
    return 'body' in source ? memberOf(messageOf(context), source.body) : undefined;
  }
  const { params, query, body } = context.switchToHttp().getRequest<Record<string, unknown>>();
  if ('param' in source) return memberOf(params, source.param);
  return 'query' in source ? memberOf(query, source.query) : memberOf(body, source.body);
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return Reflect.get(value, name);
}
