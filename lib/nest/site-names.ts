import type { Type } from '@nestjs/common';
import type { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { LimeError } from '../errors/index.js';
import { DEFAULT_SITE, LIME_SITES_NAME } from './lime-sites.constants.js';
import { loginDecorationOf } from './login-decoration.js';
import { definitionsOf } from './passport-policy.js';
import { passportPoliciesOf } from './passport-policy.decorator.js';
import { prototypeOf } from './provider-prototype.js';

/**
 * Checks the sites that decorators name: one that is not registered would do nothing, or refuse every request, without a word.
 * @throws {LimeError} `UNKNOWN_SITE`, `CONFLICTING_POLICIES`, which say where.
 */
export function assertSitesExist(discovery: DiscoveryService, scanner: MetadataScanner): void {
  const providers = discovery.getProviders();
  const registered = new Set(
    providers
      .filter(({ token }) => token === LIME_SITES_NAME)
      .map(({ instance }) => instance as string),
  );
  const faults = new Set<string>();
  for (const wrapper of [...providers, ...discovery.getControllers()]) {
    const prototype = prototypeOf(wrapper);
    if (prototype) assertOneSite(prototype, scanner);
    for (const { place, site } of prototype ? sitesNamedBy(prototype, scanner) : []) {
      if (!registered.has(site)) faults.add(`${place} is for the site "${site}"`);
    }
  }
  if (faults.size === 0) return;
  throw new LimeError(
    'UNKNOWN_SITE',
    `${[...faults].join('; ')}; but the sites of this application are: ${[...registered].join(', ')}. Correct the name, ` +
      'or register the site with LimeSitesModule.forRoot({ name })',
    { detail: { faults: [...faults] } },
  );
}

/** A passport is of one site, so the policies of a class and of its method cannot name two. */
function assertOneSite(prototype: object, scanner: MetadataScanner): void {
  const ofClass = policySites(prototype.constructor);
  for (const key of scanner.getAllMethodNames(prototype)) {
    const sites = new Set([...ofClass, ...methodSites(prototype, key)]);
    if (sites.size < 2) continue;
    throw new LimeError(
      'CONFLICTING_POLICIES',
      `The policies of ${prototype.constructor.name}.${key} name several sites: ${[...sites].join(', ')}; a passport is of one`,
    );
  }
}

function sitesNamedBy(
  prototype: object,
  scanner: MetadataScanner,
): { place: string; site: string }[] {
  const className = prototype.constructor.name;
  const ofMethods = scanner.getAllMethodNames(prototype).flatMap((key) => {
    const place = `${className}.${key}`;
    const handlers = loginDecorationOf(prototype, key) ?? [];
    return [
      ...handlers.map(({ site = DEFAULT_SITE }) => ({ place, site })),
      ...methodSites(prototype, key).map((site) => ({ place, site })),
    ];
  });
  const ofClass = policySites(prototype.constructor).map((site) => ({ place: className, site }));
  return [...ofClass, ...ofMethods];
}

/** Of a method and of those that it overrides. */
function methodSites(prototype: object, key: string): string[] {
  const method: unknown = Reflect.get(prototype, key);
  if (typeof method !== 'function') return [];
  return definitionsOf(prototype.constructor as Type, method).flatMap(policySites);
}

function policySites(place: object): string[] {
  return passportPoliciesOf(place).flatMap(({ site }) => site ?? []);
}
