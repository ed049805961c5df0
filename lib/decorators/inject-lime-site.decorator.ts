import { Inject, type InjectionToken } from '@nestjs/common';
import { LimeSiteService } from '../lime-site.service.js';
import { DEFAULT_SITE, LIME_SITES_SERVICE, LIME_SITES_SITE } from '../lime-sites.constants.js';

/** Injects the {@link LimeSiteService} that is registered under this name. */
export function InjectLimeSite(name?: string): ParameterDecorator & PropertyDecorator {
  return Inject(getLimeSiteServiceToken(name));
}

/** Gives the injection token of the service of a site: the class itself for the site without a name. */
export function getLimeSiteServiceToken(name?: string): InjectionToken<LimeSiteService> {
  return isDefaultSite(name) ? LimeSiteService : `${LIME_SITES_SERVICE}:${name}`;
}

/** Gives the injection token of the site behind the service. */
export function getLimeSiteToken(name?: string): string {
  return isDefaultSite(name) ? LIME_SITES_SITE : `${LIME_SITES_SITE}:${name}`;
}

function isDefaultSite(name: string | undefined): name is undefined | typeof DEFAULT_SITE {
  return name === undefined || name === DEFAULT_SITE;
}
