import { redact } from '../errors/index.js';
import { readBaseUrl } from './base-url-rule.js';
import { LIME_API_BASE, LIME_SITE_TOKEN, type LimeSitesEnvOptions } from './environment.js';
import { cut } from './fault-text.js';
import { readSiteToken, WHERE_TOKENS_ARE } from './site-token-rule.js';

export interface EnvironmentFault {
  readonly variable: string;
  /** What is wrong with it, without its name. Never shows the site token. */
  readonly predicate: string;
}

/** What is wrong with the variables that this module reads; the rules are those of the options. */
export function faultsOfEnvironment(
  env: Readonly<Record<string, unknown>>,
  { allowInsecureHttp = false }: LimeSitesEnvOptions,
): EnvironmentFault[] {
  const faults: EnvironmentFault[] = [];
  const complainAbout = (variable: string) => (predicate: string) =>
    void faults.push({ variable, predicate });

  const token = readSiteToken(env[LIME_SITE_TOKEN] ?? '', complainAbout(LIME_SITE_TOKEN));
  if (token === '') complainAbout(LIME_SITE_TOKEN)(`is missing; ${WHERE_TOKENS_ARE}`);
  readBaseUrl(env[LIME_API_BASE], allowInsecureHttp, complainAbout(LIME_API_BASE));

  const secrets = token ? [token] : [];
  return faults.map(({ variable, predicate }) => ({
    variable,
    predicate: cut(redact(predicate, secrets)),
  }));
}
