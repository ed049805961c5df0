import { GUARDS_METADATA } from '@nestjs/common/constants.js';
import { type DiscoveryService, type MetadataScanner, Reflector } from '@nestjs/core';
import { loginDecorationsOf } from '../decorators/on-lime-login.decorator.js';
import { LimeError } from '../errors/index.js';
import { BindingPassportGuard } from '../guards/binding-passport.guard.js';
import { definitionsOf, policiesOf, routePolicyOf } from '../guards/passport-policy.js';
import { PassportGuard } from '../guards/passport.guard.js';
import { DEFAULT_SITE, LIME_SITES_NAME } from '../lime-sites.constants.js';
import { type InstanceWrapper, prototypeOf } from './login-handler.explorer.js';

type Class = Parameters<typeof routePolicyOf>[1];
type Method = Parameters<typeof routePolicyOf>[2];

/** A class or method, and a site that its decorators name. */
type Use = readonly [place: string, site: string];

/**
 * Checks the sites that decorators name: a handler of an unknown site would get no logins, and a guard would refuse every
 * request.
 * @throws {LimeError} `UNKNOWN_SITE` for a site that is not registered, `CONFLICTING_POLICIES` for a route with two sites.
 */
export function assertSitesExist(discovery: DiscoveryService, scanner: MetadataScanner): void {
  const reflector = new Reflector();
  const providers = discovery.getProviders();
  const registered = new Set<unknown>(
    providers.filter(({ token }) => token === LIME_SITES_NAME).map(({ instance }) => instance),
  );
  const classes = [...providers, ...discovery.getControllers()].flatMap(classOf);
  const unknown = classes
    .flatMap((type) => sitesNamedBy(type, scanner, reflector))
    .filter(([, site]) => !registered.has(site))
    .map(([place, site]) => `${place} is for the site "${site}"`);
  if (unknown.length > 0) {
    const faults = [...new Set(unknown)];
    throw new LimeError(
      'UNKNOWN_SITE',
      `${faults.join('; ')}; but the sites of this application are: ${[...registered].join(', ')}. Correct the name, or ` +
        'register the site with LimeSitesModule.forRoot({ name })',
      { detail: { faults } },
    );
  }
  for (const type of classes) {
    for (const [, method] of methodsOf(type, scanner)) routePolicyOf(reflector, type, method);
  }
}

function classOf(wrapper: InstanceWrapper): Class[] {
  const type: unknown = prototypeOf(wrapper)?.constructor;
  return typeof type === 'function' && type.prototype ? [type as Class] : [];
}

function methodsOf(type: Class, scanner: MetadataScanner): [key: string, method: Method][] {
  const prototype = type.prototype as object;
  return scanner
    .getAllMethodNames(prototype)
    .map((key) => [key, Reflect.get(prototype, key) as Method]);
}

function sitesNamedBy(type: Class, scanner: MetadataScanner, reflector: Reflector): Use[] {
  const policySites = (places: (Class | Method)[]) =>
    policiesOf(reflector, places).flatMap(({ site }) => site ?? []);
  const ofClass = policySites([type]);
  const ofMethods = methodsOf(type, scanner).flatMap(([key, method]) => {
    const ofMethod = policySites(definitionsOf(type, method));
    const decorations = loginDecorationsOf(type.prototype as object, key);
    const handled = decorations.map(({ site = DEFAULT_SITE }) => site);
    const isUndecided = ofClass.length + ofMethod.length === 0;
    const guarded = isUndecided && isGuarded(type, method) ? [DEFAULT_SITE] : [];
    return [...handled, ...ofMethod, ...guarded].map((site): Use => [`${type.name}.${key}`, site]);
  });
  return [...ofClass.map((site): Use => [type.name, site]), ...ofMethods];
}

/** Whether a guard of this module stands on the class or method. A subclass of it may choose the site in its own way. */
function isGuarded(type: Class, method: Method): boolean {
  const guards = new Set<unknown>(
    [type, method].flatMap(
      (place) => (Reflect.getMetadata(GUARDS_METADATA, place) ?? []) as unknown[],
    ),
  );
  return guards.has(PassportGuard) || guards.has(BindingPassportGuard);
}
