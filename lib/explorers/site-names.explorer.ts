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

interface ClassMethod {
  readonly type: Class;
  readonly key: string;
  readonly method: Method;
}

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
  const methods = [...providers, ...discovery.getControllers()].flatMap((wrapper) =>
    methodsOf(wrapper, scanner),
  );
  const faults = new Set(
    methods
      .flatMap((method) => sitesNamedBy(method, reflector))
      .filter(([, site]) => !registered.has(site))
      .map(([place, site]) => `${place} is for the site "${site}"`),
  );
  if (faults.size > 0) {
    throw new LimeError(
      'UNKNOWN_SITE',
      `${[...faults].join('; ')}; but the sites of this application are: ${[...registered].join(', ')}. Correct the name, or ` +
        'register the site with LimeSitesModule.forRoot({ name })',
      { detail: { faults: [...faults] } },
    );
  }
  for (const { type, method } of methods) routePolicyOf(reflector, type, method);
}

function methodsOf(wrapper: InstanceWrapper, scanner: MetadataScanner): ClassMethod[] {
  const prototype = prototypeOf(wrapper);
  const type: unknown = prototype?.constructor;
  if (!prototype || typeof type !== 'function' || !type.prototype) return [];
  return scanner.getAllMethodNames(prototype).map((key) => ({
    type: type as Class,
    key,
    method: Reflect.get(prototype, key) as Method,
  }));
}

/** The class or method, and the site that its decorators name. */
function sitesNamedBy(
  { type, key, method }: ClassMethod,
  reflector: Reflector,
): [place: string, site: string][] {
  const policySites = (places: (Class | Method)[]) =>
    policiesOf(reflector, places).flatMap(({ site }) => site ?? []);
  const ofClass = policySites([type]);
  const ofMethod = policySites(definitionsOf(type, method));
  const handled = loginDecorationsOf(type.prototype as object, key).map(
    ({ site = DEFAULT_SITE }) => site,
  );
  const isUndecided = ofClass.length + ofMethod.length === 0;
  const guarded = isUndecided && isGuarded(type, method) ? [DEFAULT_SITE] : [];
  return [
    ...ofClass.map((site): [string, string] => [type.name, site]),
    ...[...handled, ...ofMethod, ...guarded].map((site): [string, string] => [
      `${type.name}.${key}`,
      site,
    ]),
  ];
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
