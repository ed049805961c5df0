import type { ExecutionContext } from '@nestjs/common';
import type { CommonPassportClaims } from '../passport/index.js';
import { messageOf } from './handshake.js';
import type {
  PassportPolicyOptions,
  PassportRequestIdSource,
} from './passport-policy.decorator.js';
import { PassportRefusal, type PassportRefusalCode } from './passport-refusal.js';

/**
 * The id that the route wants the passport to be for; `undefined` if it does not care.
 * @throws {PassportRefusal} `invalid_request` if the route cares, but the request does not say.
 */
export function expectedIdOf(
  { requestId: source }: PassportPolicyOptions,
  context: ExecutionContext,
): string | undefined {
  if (source === undefined) return undefined;
  const expected = typeof source === 'function' ? source(context) : lookUp(source, context);
  if (typeof expected === 'string' && expected !== '') return expected;
  throw new PassportRefusal('invalid_request');
}

/** @throws {PassportRefusal} `kyc_level_too_low`, `reputation_too_low` */
export function assertPolicy(
  { minKycLevel, minReputation }: PassportPolicyOptions,
  claims: CommonPassportClaims,
): void {
  assertAtLeast(minKycLevel, claims.user_kyc_level, 'kyc_level_too_low');
  assertAtLeast(minReputation, claims['agent_reputation'], 'reputation_too_low');
}

/** What is no number is too low: a policy must not be met by a claim that is missing or odd. */
function assertAtLeast(
  least: number | undefined,
  actual: unknown,
  code: PassportRefusalCode,
): void {
  if (least === undefined) return;
  if (typeof actual !== 'number' || !(actual >= least)) throw new PassportRefusal(code);
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
