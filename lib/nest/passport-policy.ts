import type { ExecutionContext } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import { LimeError } from '../errors/index.js';
import type { CommonPassportClaims } from '../passport/index.js';
import { messageOf } from './handshake.js';
import { LIME_PASSPORT_POLICY } from './lime-sites.constants.js';
import type { PassportExtractor } from './passport-extractors.js';
import type {
  PassportPolicyOptions,
  PassportRequestIdSource,
  PassportRule,
} from './passport-policy.decorator.js';
import { PassportRefusal } from './passport-refusal.js';

type Class = ReturnType<ExecutionContext['getClass']>;
type Method = ReturnType<ExecutionContext['getHandler']>;

/** All policies of one route, added up. */
export interface RoutePolicy {
  readonly requestIds: readonly PassportRequestIdSource[];
  readonly rules: readonly PassportRule[];
  readonly singleUse: boolean;
  readonly allowForeignLogins: boolean;
  /** `undefined`: where the guard looks by default. */
  readonly from: readonly PassportExtractor[] | undefined;
  readonly site: string | undefined;
}

/**
 * Adds up the policies of a method, the methods that it overrides, its class and base classes.
 * @throws {LimeError} `CONFLICTING_POLICIES` for two sites.
 */
export function routePolicyOf(reflector: Reflector, context: ExecutionContext): RoutePolicy {
  const [type, method] = [context.getClass(), context.getHandler()];
  const places = [...definitionsOf(type, method), type];
  return addUp(
    reflector.getAllAndMerge<PassportPolicyOptions[]>(LIME_PASSPORT_POLICY, places),
    type,
  );
}

/**
 * The ids that the route wants the passport to be for; empty if it accepts any.
 * @throws {PassportRefusal} `invalid_request` if the request does not say which.
 */
export function expectedIdsOf({ requestIds }: RoutePolicy, context: ExecutionContext): string[] {
  return requestIds.map((source) => {
    const expected = typeof source === 'function' ? source(context) : lookUp(source, context);
    if (typeof expected === 'string' && expected !== '') return expected;
    throw new PassportRefusal('invalid_request');
  });
}

/** @throws {PassportRefusal} `access_denied`, unless every rule of the site answers `true`. */
export async function assertAllowed(
  { rules }: RoutePolicy,
  claims: CommonPassportClaims,
  context: ExecutionContext,
): Promise<void> {
  for (const rule of rules) {
    const answer: unknown = await rule(claims, context); // of any type, whatever its declaration says
    if (answer !== true) throw new PassportRefusal('access_denied');
  }
}

function addUp(policies: readonly PassportPolicyOptions[], { name }: Class): RoutePolicy {
  const from = policies.flatMap((policy) => policy.from ?? []);
  const foreign = policies.flatMap(({ allowForeignLogins }) => allowForeignLogins ?? []);
  const [site, ...others] = new Set(policies.flatMap((policy) => policy.site ?? []));
  if (others.length > 0) {
    throw new LimeError(
      'CONFLICTING_POLICIES',
      `The policies of ${name} name several sites for one route: ${[site, ...others].join(', ')}`,
    );
  }
  return {
    requestIds: policies.flatMap(({ requestId }) => requestId ?? []),
    rules: policies.flatMap(({ allow }) => allow ?? []),
    singleUse: policies.some(({ singleUse }) => singleUse === true),
    allowForeignLogins: foreign.length > 0 && foreign.every(Boolean),
    from: from.length > 0 ? from : undefined,
    site,
  };
}

/** A method, and the methods of base classes that it overrides. */
export function definitionsOf(type: Class, method: Method): Method[] {
  const key = keyOf(type, method);
  const overridden = levelsOf(type).map((level) => ownValue(level, key));
  return [...new Set([method, ...overridden])].filter((value) => typeof value === 'function');
}

/** Under which name a class has a method: usually its own, but another decorator may have wrapped it. */
function keyOf(type: Class, method: Method): string {
  const own = method.name;
  if (Reflect.get(type.prototype as object, own) === method) return own;
  for (const level of levelsOf(type)) {
    const names = Object.getOwnPropertyNames(level);
    const key = names.find((name) => ownValue(level, name) === method);
    if (key !== undefined) return key;
  }
  return own;
}

/** The prototypes of a class and its base classes. */
function levelsOf(type: Class): object[] {
  const levels: object[] = [];
  let level: unknown = type.prototype;
  while (typeof level === 'object' && level !== null) {
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
