import type { ExecutionContext } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import { LIME_PASSPORT_POLICY } from './lime-sites.constants.js';
import type { PassportPolicyOptions } from './passport-policy.decorator.js';

type Class = ReturnType<ExecutionContext['getClass']>;
type Method = ReturnType<ExecutionContext['getHandler']>;

/** What `@PassportPolicy()` says for each route. Metadata never change, so they are read at the first request only. */
export class RoutePolicies {
  readonly #reflector: Reflector;
  readonly #known = new WeakMap<Class, WeakMap<Method, Readonly<PassportPolicyOptions>>>();

  constructor(reflector: Reflector) {
    this.#reflector = reflector;
  }

  /** The policies of the class and of the method, merged; the method wins. */
  of(context: ExecutionContext): Readonly<PassportPolicyOptions> {
    const [type, method] = [context.getClass(), context.getHandler()];
    return this.#known.get(type)?.get(method) ?? this.#read(type, method);
  }

  #read(type: Class, method: Method): Readonly<PassportPolicyOptions> {
    const [ofClass, ofMethod] = this.#reflector.getAll<(PassportPolicyOptions | undefined)[]>(
      LIME_PASSPORT_POLICY,
      [type, method],
    );
    const policy = Object.freeze({ ...ofClass, ...ofMethod });
    const ofType = this.#known.get(type) ?? new WeakMap();
    this.#known.set(type, ofType.set(method, policy));
    return policy;
  }
}
