import { GUARDS_METADATA } from '@nestjs/common/constants.js';
import { type DiscoveryService, type MetadataScanner, Reflector } from '@nestjs/core';
import { loginDecorationsOf } from '../decorators/on-lime-login.decorator.js';
import { LimeError } from '../errors/index.js';
import { BindingPassportGuard } from '../guards/binding-passport.guard.js';
import { definitionsOf, policiesOf, routePolicyOf } from '../guards/passport-policy.js';
import { PassportGuard } from '../guards/passport.guard.js';
import { DEFAULT_SITE, LIME_PASSPORT_POLICY, LIME_SITES_NAME } from '../lime-sites.constants.js';
import { type InstanceWrapper, prototypeOf } from './login-handler.explorer.js';

type Class = Parameters<typeof routePolicyOf>[1];
type Method = Parameters<typeof routePolicyOf>[2];

interface MethodOfClass {
  readonly key: string;
  readonly method: Method;
  /** The method, and those of base classes that it overrides. */
  readonly definitions: readonly Method[];
}

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
  const classes = new Set([...providers, ...discovery.getControllers()].flatMap(classOf));
  const unknown = [...classes]
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
    for (const { method, definitions } of methodsOf(type, scanner))
      if ([type, ...definitions].some(hasPolicy)) routePolicyOf(reflector, type, method);
  }
}

function classOf(wrapper: InstanceWrapper): Class[] {
  const type: unknown = prototypeOf(wrapper)?.constructor;
  return typeof type === 'function' && type.prototype ? [type as Class] : [];
}

function methodsOf(type: Class, scanner: MetadataScanner): MethodOfClass[] {
  const prototype = type.prototype as object;
  return scanner.getAllMethodNames(prototype).map((key) => {
    const method = Reflect.get(prototype, key) as Method;
    return { key, method, definitions: definitionsOf(type, method) };
  });
}

/** Most methods of an application have none, and to merge the policies of each would take a fifth of this module's start. */
function hasPolicy(place: Class | Method): boolean {
  return Reflect.hasMetadata(LIME_PASSPORT_POLICY, place);
}

function sitesNamedBy(type: Class, scanner: MetadataScanner, reflector: Reflector): Use[] {
  const policySites = (places: (Class | Method)[]) =>
    policiesOf(reflector, places).flatMap(({ site }) => site ?? []);
  const ofClass = policySites([type]);
  const isClassGuarded = isGuarded(type);
  const ofMethods = methodsOf(type, scanner).flatMap(({ key, method, definitions }) => {
    const ofMethod = policySites(definitions.filter(hasPolicy));
    const decorations = loginDecorationsOf(type.prototype as object, key);
    const handled = decorations.map(({ site = DEFAULT_SITE }) => site);
    const isUndecided = ofClass.length + ofMethod.length === 0;
    const isDefault = isUndecided && (isClassGuarded || isGuarded(method));
    const guarded = isDefault ? [DEFAULT_SITE] : [];
    return [...handled, ...ofMethod, ...guarded].map((site): Use => [`${type.name}.${key}`, site]);
  });
  return [...ofClass.map((site): Use => [type.name, site]), ...ofMethods];
}

/** Whether a guard of this module stands here. A subclass of it may choose the site in its own way. */
function isGuarded(place: Class | Method): boolean {
  const guards = Reflect.getMetadata(GUARDS_METADATA, place) as unknown[] | undefined;
  return (
    guards?.some((guard) => guard === PassportGuard || guard === BindingPassportGuard) ?? false
  );
}
