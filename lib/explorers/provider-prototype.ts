import type { DiscoveryService } from '@nestjs/core';

export type InstanceWrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** Where the methods of a provider or controller are; `undefined` for an alias, and for what has none. */
export function prototypeOf(wrapper: InstanceWrapper): object | undefined {
  if (wrapper.isAlias) return undefined;
  const instance: unknown = wrapper.instance;
  if (typeof instance === 'object' && instance !== null)
    return Object.getPrototypeOf(instance) as object;
  // One that is made per event by a factory: its token tells the class, if it is one.
  const { token } = wrapper;
  return typeof token === 'function' ? (token.prototype as object | undefined) : undefined;
}
