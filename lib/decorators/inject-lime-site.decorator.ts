import { Inject, type InjectionToken } from '@nestjs/common';
import { DEFAULT_SITE, LIME_SITES_RUNTIME, LIME_SITES_SERVICE } from '../lime-sites.constants.js';
import { LimeSiteService } from '../lime-site.service.js';

/** Under which token the service of a site is provided: the class itself for the site without a name. */
export function getLimeSiteServiceToken(name?: string): InjectionToken<LimeSiteService> {
  return isDefaultSite(name) ? LimeSiteService : `${LIME_SITES_SERVICE}:${name}`;
}

/** Injects the {@link LimeSiteService} that was registered under this name. */
export function InjectLimeSite(name?: string): ParameterDecorator & PropertyDecorator {
  return Inject(getLimeSiteServiceToken(name));
}

/** Under which token the parts behind the service are found by the guards. */
export function getRuntimeToken(name?: string): string {
  return isDefaultSite(name) ? LIME_SITES_RUNTIME : `${LIME_SITES_RUNTIME}:${name}`;
}

function isDefaultSite(name: string | undefined): name is undefined | typeof DEFAULT_SITE {
  return name === undefined || name === DEFAULT_SITE;
}
