import type { LimeSitesEnv, LimeSitesEnvOptions } from './environment.js';
import { faultsOfEnvironment } from './environment-faults.js';

/** One variable that is wrong, as Standard Schema has it. */
export interface LimeSitesEnvIssue {
  readonly message: string;
  readonly path?: readonly string[];
}

/** A Standard Schema, version 1 (https://standardschema.dev), without a dependency on its types. */
export interface LimeSitesEnvSchema {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: 'nestjs-lime-sites';
    readonly validate: (
      value: unknown,
      options?: { readonly libraryOptions?: Record<string, unknown> | undefined },
    ) =>
      | { readonly value: LimeSitesEnv; readonly issues?: undefined }
      | { readonly issues: readonly LimeSitesEnvIssue[] };
    readonly types?: { readonly input: Record<string, unknown>; readonly output: LimeSitesEnv };
  };
}

/**
 * The environment variables of this module as a Standard Schema, for whatever validates with one. Names each variable
 * that is wrong, never shows the site token, and lets all other variables through as they are. `libraryOptions` may
 * have `allowInsecureHttp`.
 *
 * @example
 * ```ts
 * ConfigModule.forRoot({ validationSchema: limeSitesEnvSchema }) // @nestjs/config 12
 * ```
 */
export const limeSitesEnvSchema: LimeSitesEnvSchema = {
  '~standard': {
    version: 1,
    vendor: 'nestjs-lime-sites',
    validate(value, options) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        return { issues: [{ message: 'must be an object of environment variables' }] };
      }
      const env = value as Record<string, unknown>;
      const faults = faultsOfEnvironment(env, optionsOf(options?.libraryOptions));
      if (faults.length === 0) return { value: { ...env } as LimeSitesEnv };
      return {
        issues: faults.map(({ variable, predicate }) => ({ path: [variable], message: predicate })),
      };
    },
  },
};

function optionsOf(given: Record<string, unknown> = {}): LimeSitesEnvOptions {
  return { allowInsecureHttp: given['allowInsecureHttp'] === true };
}
