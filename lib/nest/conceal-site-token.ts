import type { FactoryProvider, Provider, ValueProvider } from '@nestjs/common';
import { SiteToken } from '../api/site-token.js';
import { LIME_SITES_OPTIONS } from '../lime-sites.constants.js';

/**
 * The provider of the options with the site token wrapped up, so that nobody who looks at the module, at its providers or at
 * the options gets to see it. Other providers are returned as they are.
 */
export function concealSiteToken(provider: Provider): Provider {
  if (typeof provider === 'function' || provider.provide !== LIME_SITES_OPTIONS) return provider;
  if ('useValue' in provider) return concealValue(provider);
  return 'useFactory' in provider ? concealResult(provider) : provider;
}

function concealValue(provider: ValueProvider): ValueProvider {
  return { ...provider, useValue: conceal(provider.useValue) };
}

function concealResult(provider: FactoryProvider): FactoryProvider {
  const make: (...dependencies: unknown[]) => unknown = provider.useFactory;
  return {
    ...provider,
    useFactory: async (...dependencies: unknown[]) => conceal(await make(...dependencies)),
  };
}

/** A copy, of the same class. What is no text is left for the check of the options to complain about. */
function conceal(options: unknown): unknown {
  if (typeof options !== 'object' || options === null) return options;
  const siteToken: unknown = Reflect.get(options, 'siteToken');
  if (typeof siteToken !== 'string') return options;
  return Object.create(Object.getPrototypeOf(options) as object | null, {
    ...Object.getOwnPropertyDescriptors(options),
    siteToken: { value: new SiteToken(siteToken), enumerable: true },
  });
}
